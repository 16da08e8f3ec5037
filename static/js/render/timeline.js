// Orders and groups messages and separates days, as messaging/page/timeline.py does.
import { dayLabel, sameDay } from "../lib/time.js";
import { seqOf } from "./message.js";
import { createdAt } from "./parts/meta.js";
import { setText, toggleClass } from "./slots.js";

const GROUP_GAP = 5 * 60_000;
const [PREVIOUS, NEXT] = ["previousElementSibling", "nextElementSibling"];

/** Looks at the children only, which is fast: each has some twenty descendants. */
export const messagesOf = (list) => [...list.children].filter((each) => each.matches(".message"));

/** Puts a message where its `seq` belongs, and regroups it and the one after it. */
export function insertMessage(list, item) {
  const next = followerOf(list, item);
  if (item.parentNode !== list || neighbour(item, NEXT) !== next) {
    if (item.parentNode === list) removeMessage(item);
    list.insertBefore(item, (next && isReadAlready(list, item) && separator(next, "unread")) || (next ?? list.lastElementChild));
  }
  regroup(item);
  if (next) regroup(next);
  else toggleClass(item, "is-continued", false);
}

/** Such a message, as one that is restored, belongs above the unread line. */
function isReadAlready(list, item) {
  return item.matches(".is-mine") || seqOf(item) <= Number(list.closest("message-list").dataset.lastReadSeq);
}

/** Removes a message, and its day separator if that has no other message. */
export function removeMessage(item) {
  const [previous, next] = [neighbour(item, PREVIOUS), neighbour(item, NEXT)];
  const day = separator(item, "day");
  item.remove();
  if (next) return regroup(next);
  day?.remove();
  if (previous) toggleClass(previous, "is-continued", false);
}

/** Updates whether a message continues the previous one, and whether a day begins with it. */
export function regroup(item) {
  const previous = separator(item, "skipped") ? null : neighbour(item, PREVIOUS);
  const isNewDay = !previous || !sameDay(createdAt(previous), createdAt(item));
  setDay(item, isNewDay);
  const isFollow = !isNewDay && !separator(item, "unread") && follows(item, previous);
  toggleClass(item, "is-continuation", isFollow);
  if (previous) toggleClass(previous, "is-continued", isFollow);
  if (separator(item, "skipped")) toggleClass(neighbour(item, PREVIOUS), "is-continued", false);
}

/** The first of the lines that belong to a message: its day, the unread line, or itself. */
export function firstLineOf(item) {
  let top = item;
  while (top.previousElementSibling?.matches(".day, .unread")) top = top.previousElementSibling;
  return top;
}

export const firstMessage = (list) => list.querySelector(":scope > .message");

/** The newest message that the server has. */
export const lastSent = (list) => lastSentUpTo(lastMessage(list));

/** That message, or the newest before it that the server has. */
export function lastSentUpTo(item) {
  let each = item;
  while (each && !each.dataset.seq) each = neighbour(each, PREVIOUS);
  return each;
}

export const unreadLine = (list) => list.querySelector(":scope > .unread");

/** Puts the unread line above a message; there is at most one. */
export function markUnread(list, item) {
  const line = unreadLine(list) ?? clone("unread-template");
  const next = neighbour(line, NEXT);
  item.before(line);
  regroup(item);
  if (next && next !== item) regroup(next);
}

/** Removes the unread line if no message from others is left below it; returns whether it did. */
export function clearUnread(list) {
  const line = unreadLine(list);
  const next = line && neighbour(line, NEXT);
  for (let each = next; each; each = neighbour(each, NEXT)) {
    if (!each.matches(".is-mine, .is-deleted")) return false;
  }
  line?.remove();
  if (next) regroup(next);
  return Boolean(line);
}

export function relabelDays(list) {
  for (const day of list.querySelectorAll(":scope > .day")) {
    const message = neighbour(day, NEXT);
    if (message) setText(day.firstElementChild, dayLabel(createdAt(message)));
  }
}

/** Searches from the end, where most messages belong. */
function followerOf(list, item) {
  let next = null;
  for (let each = lastMessage(list); each; each = neighbour(each, PREVIOUS)) {
    if (each === item) continue;
    if (isBefore(each, item)) break;
    next = each;
  }
  return next;
}

/** The last element is the typing indicator. */
const lastMessage = (list) => neighbour(list.lastElementChild, PREVIOUS);

/** The message before or after an element of the list, or null. */
export function neighbour(element, direction) {
  let each = element[direction];
  while (each && !each.matches(".message")) each = each[direction];
  return each;
}

function isBefore(one, other) {
  if (seqOf(one) !== seqOf(other)) return seqOf(one) < seqOf(other);
  return createdAt(one) <= createdAt(other);
}

function follows(item, previous) {
  return (
    previous.dataset.senderId === item.dataset.senderId &&
    !previous.matches(".is-system") &&
    !item.matches(".is-system") &&
    new Date(createdAt(item)) - new Date(createdAt(previous)) <= GROUP_GAP &&
    previous.dataset.state !== "failed" &&
    item.dataset.state !== "failed"
  );
}

function setDay(item, isNewDay) {
  const day = separator(item, "day");
  if (!isNewDay) return day?.remove();
  const shown = day ?? clone("day-template");
  setText(shown.firstElementChild, dayLabel(createdAt(item)));
  if (!day) (separator(item, "unread") ?? item).before(shown);
}

/** The day, the unread line or the gap directly above a message. */
export function separator(item, name) {
  let each = item.previousElementSibling;
  while (each?.matches(".day, .unread, .skipped")) {
    if (each.matches(`.${name}`)) return each;
    each = each.previousElementSibling;
  }
  return null;
}

function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}
