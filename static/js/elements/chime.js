import { on } from "../lib/bus.js";
import { peerOf } from "../lib/peers.js";
import { playChime } from "../lib/sound.js";
import { isMuted } from "../render/row.js";
import { soundOn } from "../stores/settings.js";

/** Rings for a live message that the reader does not see arrive. */
export function watchChime(userId) {
  on("message", ({ message, live }) => {
    if (live && message.senderId !== userId && !message.system && soundOn() && isHeard(peerOf(message, userId))) playChime();
  });
}

function isHeard(peerId) {
  const row = document.getElementById(`chats-${peerId}`);
  return !isSeen(peerId) && !(row && isMuted(row));
}

function isSeen(peerId) {
  const open = document.querySelector(".conversation")?.dataset.peerId;
  return open === peerId && !document.hidden && document.hasFocus();
}
