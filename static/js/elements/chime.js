import { on } from "../lib/bus.js";
import { mentions, peerOf } from "../lib/peers.js";
import { playChime } from "../lib/sound.js";
import { isMuted } from "../render/row.js";
import { soundOn } from "../stores/settings.js";

/** Plays a sound for a live message that the reader does not see arrive; in a muted chat, only if it mentions them. */
export function watchChime(userId) {
  on("message", ({ message, live }) => {
    if (live && message.senderId !== userId && !message.system && soundOn() && shouldAlert(message, userId)) playChime();
  });
}

export function shouldAlert(message, userId) {
  const peerId = peerOf(message, userId);
  const row = document.getElementById(`chats-${peerId}`);
  return !isInView(peerId) && !(row && isMuted(row) && !mentions(message, userId));
}

function isInView(peerId) {
  const open = document.querySelector(".conversation")?.dataset.peerId;
  return open === peerId && !document.hidden && document.hasFocus();
}
