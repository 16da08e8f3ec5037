// Who wrote a message. In a group others have a face and a name in a colour of their own; in direct chats the name is for
// screen readers alone.
import { personOf } from "../../stores/people.js";
import { setOrRemove, slot, write } from "../slots.js";

const TONES = 6; // messaging/page/peers.py has the same

export function fillAuthor(item, message, reading) {
  const field = slot(item, "sender");
  const { author, name, tone } = nameIn(message, reading);
  write(field, name);
  setOrRemove(field, "data-tone", tone);
  const face = slot(item, "face");
  face.hidden = !author?.profilePic;
  setOrRemove(face, "src", author?.profilePic);
}

/** Who wrote it, as the reader knows them: `author` and `tone` are of what somebody else wrote in a group. */
export function nameIn({ senderId, system }, { userId, userName, peerName, isGroup }) {
  const isMine = senderId === userId && !system;
  const author = isGroup && !isMine && !system ? (personOf(senderId) ?? {}) : null;
  const tone = author && String(parseInt(senderId.slice(-6), 16) % TONES);
  return { author, name: author?.fullName ?? (isMine ? userName : peerName), tone };
}

/** The person whom a message that the server rendered shows. */
export function authorIn(item) {
  const face = slot(item, "face");
  return face.hidden ? null : { fullName: slot(item, "sender").textContent, profilePic: face.getAttribute("src") };
}
