// How a chat reads in the side bar. messaging/rows.py says the same for what the server renders.
import { rowTime } from "../lib/time.js";

const PREVIEW_LENGTH = 200;
const MOST_UNREAD = 99;
const bases = new WeakMap();

export const badge = (count) => (count > MOST_UNREAD ? `${MOST_UNREAD}+` : String(count || ""));

const slot = (row, name) => row.querySelector(`[data-field="${name}"]`);

export const nameOf = (row) => row.querySelector("bdi").textContent;
export const happenedAt = (row) => slot(row, "time").dateTime;

/** Notes the preview that the server rendered; a hint such as a draft may cover it for a while. */
export function decorateRow(row) {
  const { hint, kind } = row.dataset;
  bases.set(row, { hint, kind, text: slot(row, "text").textContent });
  if (happenedAt(row)) fillTime(row, happenedAt(row));
}

export function setLastMessage(row, message, userId) {
  const hint = message.senderId === userId && !message.deleted ? "you" : "";
  const text = [...(message.text ?? "")].slice(0, PREVIEW_LENGTH).join("");
  bases.set(row, { hint, kind: kindOf(message), text });
  fillTime(row, message.createdAt);
}

/** Shows the last message, or what matters more: `cover` is `{hint, text}` or null. */
export function showPreview(row, cover) {
  const { hint, kind = "", text = "" } = cover ?? bases.get(row);
  Object.assign(row.dataset, { hint, kind });
  slot(row, "text").textContent = text;
}

export function setUnread(row, count) {
  row.dataset.unread = count;
  const field = slot(row, "unread");
  field.textContent = badge(count);
  field.parentElement.hidden = count === 0;
}

export function setOnline(row, isOnline) {
  row.querySelector(".avatar").classList.toggle("is-online", isOnline);
  slot(row, "online").hidden = !isOnline;
}

export function refreshTime(row) {
  if (happenedAt(row)) fillTime(row, happenedAt(row));
}

function kindOf({ deleted, image, text }) {
  if (deleted) return "deleted";
  if (image) return text ? "caption" : "picture";
  return "";
}

function fillTime(row, iso) {
  const time = slot(row, "time");
  time.dateTime = iso;
  time.textContent = rowTime(iso);
}
