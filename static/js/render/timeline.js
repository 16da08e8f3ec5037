// What belongs together and where a day begins. messaging/page/timeline.py says the same for what the server renders.
import { dayLabel, sameDay } from "../lib/time.js";
import { seqOf } from "./message.js";
import { createdAt } from "./parts/meta.js";
import { mark, write } from "./slots.js";

const GROUP_GAP = 5 * 60_000;
const [PREVIOUS, NEXT] = ["previousElementSibling", "nextElementSibling"];

/** Looks at the lines only: there are twenty elements in each. */
export const messagesOf = (list) => [...list.children].filter((each) => each.matches(".message"));

/** Puts a message where its `seq` belongs, and regroups it and the one after it. */
export function place(list, item) {
  const next = followerOf(list, item);
  if (item.parentNode !== list || neighbour(item, NEXT) !== next) {
    if (item.parentNode === list) takeOut(item);
    list.insertBefore(item, (next && isReadAlready(list, item) && separator(next, "unread")) || (next ?? list.lastElementChild));
  }
  regroup(item);
  if (next) regroup(next);
  else mark(item, "is-followed", false);
}

/** As of one that comes back: it belongs above the line of what is unread. */
function isReadAlready(list, item) {
  return item.matches(".is-mine") || seqOf(item) <= Number(list.closest("message-list").dataset.lastReadSeq);
}

/** Takes a message out, with the day that was its own. */
export function takeOut(item) {
  const [previous, next] = [neighbour(item, PREVIOUS), neighbour(item, NEXT)];
  const day = separator(item, "day");
  item.remove();
  if (next) return regroup(next);
  day?.remove();
  if (previous) mark(previous, "is-followed", false);
}

/** Whether it follows the one before it, which notes it too, and whether a day begins with it. */
export function regroup(item) {
  const previous = separator(item, "skipped") ? null : neighbour(item, PREVIOUS);
  const isNewDay = !previous || !sameDay(createdAt(previous), createdAt(item));
  setDay(item, isNewDay);
  const isFollow = !isNewDay && !separator(item, "unread") && follows(item, previous);
  mark(item, "is-follow", isFollow);
  if (previous) mark(previous, "is-followed", isFollow);
  if (separator(item, "skipped")) mark(neighbour(item, PREVIOUS), "is-followed", false);
}

/** The highest of the lines that belong to a message: its day, the unread line, itself. */
export function topOf(item) {
  let top = item;
  while (top.previousElementSibling?.matches(".day, .unread")) top = top.previousElementSibling;
  return top;
}

export const firstMessage = (list) => list.querySelector(":scope > .message");

/** The newest one that the server has. */
export const lastSent = (list) => lastSentUpTo(lastMessage(list));

/** That one, or the newest one before it that the server has. */
export function lastSentUpTo(item) {
  let each = item;
  while (each && !each.dataset.seq) each = neighbour(each, PREVIOUS);
  return each;
}

export const unreadLine = (list) => list.querySelector(":scope > .unread");

/** Draws the line above a message; there is one at most. */
export function markUnread(list, item) {
  const line = unreadLine(list) ?? clone("unread-template");
  const next = neighbour(line, NEXT);
  item.before(line);
  regroup(item);
  if (next && next !== item) regroup(next);
}

/** Takes the line away once nothing from anybody else is left under it; true when it did. */
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
    if (message) write(day.firstElementChild, dayLabel(createdAt(message)));
  }
}

/** Looked for from the end, where nearly all belong. */
function followerOf(list, item) {
  let next = null;
  for (let each = lastMessage(list); each; each = neighbour(each, PREVIOUS)) {
    if (each === item) continue;
    if (isBefore(each, item)) break;
    next = each;
  }
  return next;
}

/** The last line of all says that somebody is typing. */
const lastMessage = (list) => neighbour(list.lastElementChild, PREVIOUS);

/** The message before or after an element of the list; null at either end. */
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
  write(shown.firstElementChild, dayLabel(createdAt(item)));
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
