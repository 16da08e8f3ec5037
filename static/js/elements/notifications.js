// Notifications. Their script is loaded if they are on, or when they may be offered: once the user has sent a message and so waits
// for a response.
import { summaryOf } from "../lib/attachments.js";
import { emit, on } from "../lib/bus.js";
import { read, write } from "../lib/storage.js";
import { text } from "../lib/texts.js";
import { isMuted, nameOf } from "../render/row.js";
import { shouldAlert } from "./chime.js";
import { openAddress } from "./navigation.js";

const PAGE = { emit, shouldAlert, isMuted, nameOf, on, openAddress, read, text, summaryOf, write };

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
    return; // the next page load retries
  }
  document.createElement("push-notifications").start(userId, PAGE);
}
