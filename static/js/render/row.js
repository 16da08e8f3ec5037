// Renders a chat's row in the side bar, as messaging/page/side_bar.py does.
import { kindOf as attachmentKindOf, summaryOf } from "../lib/attachments.js";
import { unmarked } from "../lib/markup.js";
import { isGroup } from "../lib/peers.js";
import { rowTime, showTime } from "../lib/time.js";
import { firstNameOf } from "../stores/people.js";
import { setText } from "./slots.js";

const PREVIEW_LENGTH = 200;
const MAX_UNREAD = 99;
const bases = new WeakMap();

export const badge = (count) => (count > MAX_UNREAD ? `${MAX_UNREAD}+` : String(count || ""));

const slot = (row, name) => row.querySelector(`[data-field="${name}"]`);

export const nameOf = (row) => row.querySelector("bdi").textContent;
export const happenedAt = (row) => slot(row, "time").dateTime;

/** Shows the time in the reader's zone. */
export function decorateRow(row) {
  baseOf(row);
  refreshTime(row);
}

/** The preview of the last message, saved while a status such as a draft takes its place. */
function baseOf(row) {
  if (!bases.has(row)) {
    const { hint, kind } = row.dataset;
    const author = slot(row, "author").textContent;
    bases.set(row, { hint, kind, author, text: unmarked(slot(row, "text").textContent), createdAt: happenedAt(row) });
  }
  return bases.get(row);
}

export function setLastMessage(row, message, userId) {
  const { senderId } = message;
  const isSaid = !message.deleted && !message.system;
  const hint = senderId === userId ? "you" : isGroup(row.dataset.peerId) ? "author" : "";
  bases.set(row, { ...previewOf(message), hint: isSaid ? hint : "", senderId });
  if (message.expiresAt) row.dataset.expiresAt = message.expiresAt;
  else delete row.dataset.expiresAt;
}

/** The preview of a message. */
export function previewOf(message) {
  const text = unmarked([...summaryOf(message)].slice(0, PREVIEW_LENGTH).join(""));
  return { hint: "you", kind: kindOf(message), text, createdAt: message.createdAt };
}

export const lastAt = (row) => baseOf(row).createdAt;

/** Shows `status`, `{hint, kind, text, typing, createdAt}`, or the last message if it is null. */
export function showPreview(row, status) {
  const base = baseOf(row);
  const { hint, kind = "", text = "", typing = "", createdAt = base.createdAt } = status ?? base;
  for (const [name, value] of Object.entries({ hint, kind })) {
    if (row.dataset[name] !== value) row.dataset[name] = value;
  }
  setText(slot(row, "text"), text);
  if (typing) setText(slot(row, "typing"), typing);
  if (hint === "author" && base.senderId) setText(slot(row, "author"), firstNameOf(base.senderId) || base.author || "…");
  if (createdAt) showTime(slot(row, "time"), createdAt, rowTime(createdAt));
}

/** Updates a group's name, picture, and whether the reader can post. */
export function setGroup(row, { fullName, profilePic, closed }) {
  setText(row.querySelector("bdi"), fullName);
  const image = row.querySelector("img");
  if (image.getAttribute("src") !== profilePic) image.src = profilePic;
  row.dataset.closed = closed;
}

/** Sets how many unread messages mention the reader. */
export function setMentions(row, count) {
  if (count) row.dataset.mentions = count;
  else delete row.dataset.mentions;
  slot(row, "mentions").hidden = !count;
}

export function setUnread(row, count) {
  row.dataset.unread = count;
  const field = slot(row, "unread");
  field.textContent = badge(count);
  field.parentElement.hidden = !isUnread(row);
}

export const isUnread = ({ dataset }) => Number(dataset.unread) > 0 || "markedUnread" in dataset;
export const isMuted = ({ dataset }) => dataset.mutedUntil > new Date().toISOString();

/** Applies the reader's settings for the chat; unset ones are missing. */
export function setSettings(row, { pinnedAt, archived, mutedUntil, markedUnread, blocked, request }) {
  if (!isGroup(row.dataset.peerId)) row.dataset.closed = closedBy({ blocked, request });
  const states = { pinnedAt, mutedUntil, archived: archived && "", markedUnread: markedUnread && "", request: request && "" };
  for (const [name, value] of Object.entries(states)) {
    if (value === undefined) delete row.dataset[name];
    else row.dataset[name] = value;
  }
  setUnread(row, Number(row.dataset.unread));
}

/** Why the reader cannot write to a person. */
export const closedBy = ({ blocked, request }) => (blocked ? "blocked" : request ? "request" : "");

export function setOnline(row, isOnline) {
  row.querySelector(".avatar").classList.toggle("is-online", isOnline);
  slot(row, "online").hidden = !isOnline;
}

export function refreshTime(row) {
  if (happenedAt(row)) showTime(slot(row, "time"), happenedAt(row), rowTime(happenedAt(row)));
}

function kindOf(message) {
  if (message.deleted) return message.expiresAt ? "" : "deleted"; // a disappeared message leaves no trace
  const kind = attachmentKindOf(message);
  if (kind === "picture" && summaryOf(message)) return "caption";
  return kind || (message.system ? "system" : "");
}
