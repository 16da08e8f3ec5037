// The author of a message. In groups, others have a picture and a coloured name; in direct chats the name is for screen readers
// only.
import { personOf } from "../../stores/people.js";
import { setOrRemove, setText, slot } from "../slots.js";

const TONES = 6; // as in messaging/page/peers.py

export function fillAuthor(item, message, context) {
  const field = slot(item, "sender");
  const { author, name, tone } = nameIn(message, context);
  setText(field, name);
  setOrRemove(field, "data-tone", tone);
  const face = slot(item, "face");
  face.hidden = !author?.profilePic;
  setOrRemove(face, "src", author?.profilePic);
}

/** The name shown for a message's author; with `author` and `tone` if somebody else wrote it in a group. */
export function nameIn({ senderId, system }, { userId, userName, peerName, isGroup }) {
  const isMine = senderId === userId && !system;
  const author = isGroup && !isMine && !system ? (personOf(senderId) ?? {}) : null;
  const tone = author && String(parseInt(senderId.slice(-6), 16) % TONES);
  return { author, name: author?.fullName ?? (isMine ? userName : peerName), tone };
}

/** The author shown in a server-rendered message. */
export function authorIn(item) {
  const face = slot(item, "face");
  return face.hidden ? null : { fullName: slot(item, "sender").textContent, profilePic: face.getAttribute("src") };
}
