// Notifications of what comes while nobody looks. Their script comes where they are on, and where they may be offered: once
// the person has written something, and so waits for an answer.
import { wordsOf } from "../lib/attachments.js";
import { emit, on } from "../lib/bus.js";
import { read, write } from "../lib/storage.js";
import { text } from "../lib/texts.js";
import { isMuted, nameOf } from "../render/row.js";
import { isHeard } from "./chime.js";
import { open } from "./navigation.js";

const PAGE = { emit, isHeard, isMuted, nameOf, on, open, read, text, wordsOf, write };

export function watchNotifications(userId) {
  const { permission } = globalThis.Notification ?? {};
  if (!navigator.serviceWorker || !permission || permission === "denied") return;
  if (permission === "granted") return loadNotifications(userId);
  if (read(`notify:${userId}`)) return;
  const end = on("message", ({ message, live }) => {
    if (!live || message.senderId !== userId) return;
    end();
    loadNotifications(userId);
  });
}

export async function loadNotifications(userId) {
  try {
    await import(document.body.dataset.notifications);
  } catch {
    return; // the next page tries again
  }
  document.createElement("push-notifications").start(userId, PAGE);
}
