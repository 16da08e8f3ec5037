import { on } from "../lib/bus.js";
import { mentions, peerOf } from "../lib/peers.js";
import { playChime } from "../lib/sound.js";
import { isMuted } from "../render/row.js";
import { soundOn } from "../stores/settings.js";

/** Rings for a live message that the reader does not see arrive; where they have muted the chat, only if it mentions them. */
export function watchChime(userId) {
  on("message", ({ message, live }) => {
    if (live && message.senderId !== userId && !message.system && soundOn() && isHeard(message, userId)) playChime();
  });
}

export function isHeard(message, userId) {
  const peerId = peerOf(message, userId);
  const row = document.getElementById(`chats-${peerId}`);
  return !isSeen(peerId) && !(row && isMuted(row) && !mentions(message, userId));
}

function isSeen(peerId) {
  const open = document.querySelector(".conversation")?.dataset.peerId;
  return open === peerId && !document.hidden && document.hasFocus();
}
