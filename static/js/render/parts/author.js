// Who wrote a message. In a group others have a face and a name in a colour of their own; in direct chats the name is for
// screen readers alone.
import { personOf } from "../../stores/people.js";
import { setOrRemove, slot, write } from "../slots.js";

const TONES = 6; // messaging/page/peers.py has the same

export function fillAuthor(item, message, reading) {
  const isOther = message.senderId !== reading.userId && !message.system;
  const author = reading.isGroup && isOther ? (personOf(message.senderId) ?? {}) : null;
  const name = slot(item, "sender");
  write(name, author?.fullName ?? (message.senderId === reading.userId && !message.system ? reading.userName : reading.peerName));
  setOrRemove(name, "data-tone", author && String(parseInt(message.senderId.slice(-6), 16) % TONES));
  const face = slot(item, "face");
  face.hidden = !author?.profilePic;
  setOrRemove(face, "src", author?.profilePic);
}

/** The person whom a message that the server rendered shows. */
export function authorIn(item) {
  const face = slot(item, "face");
  return face.hidden ? null : { fullName: slot(item, "sender").textContent, profilePic: face.getAttribute("src") };
}
