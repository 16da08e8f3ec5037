// What belongs together and where a day begins. messaging/timeline.py says the same for what the server renders.
import { dayLabel, sameDay } from "../lib/time.js";
import { createdAt, mark, seqOf } from "./message.js";

const GROUP_GAP = 5 * 60_000;

export const messagesOf = (list) => [...list.querySelectorAll(":scope > .message")];

/** Puts a message where its `seq` belongs, and regroups it and the one after it. */
export function place(list, item) {
  const next = followerOf(list, item);
  if (item.parentNode !== list || neighbour(item, "nextElementSibling") !== next) {
    const left = item.parentNode === list ? neighbour(item, "nextElementSibling") : null;
    list.insertBefore(item, next ?? list.querySelector(":scope > .typist"));
    if (left) regroup(left);
  }
  regroup(item);
  if (next) regroup(next);
}

/** Takes a message out, with the day that was its own. */
export function takeOut(item) {
  const next = neighbour(item, "nextElementSibling");
  const day = separator(item, "day");
  item.remove();
  if (next) regroup(next);
  else day?.remove();
}

/** Whether it follows the one before it, and whether a day begins with it. */
export function regroup(item) {
  const previous = neighbour(item, "previousElementSibling");
  const isNewDay = !previous || !sameDay(createdAt(previous), createdAt(item));
  setDay(item, isNewDay);
  mark(item, "is-follow", !isNewDay && !separator(item, "unread") && follows(item, previous));
}

/** Draws the line above a message; there is one at most. */
export function markUnread(list, item) {
  const line = list.querySelector(":scope > .unread") ?? clone("unread-template");
  const next = neighbour(line, "nextElementSibling");
  item.before(line);
  regroup(item);
  if (next && next !== item) regroup(next);
}

export function relabelDays(list) {
  for (const day of list.querySelectorAll(":scope > .day")) {
    const message = neighbour(day, "nextElementSibling");
    if (message) day.textContent = dayLabel(createdAt(message));
  }
}

function followerOf(list, item) {
  const others = messagesOf(list).filter((each) => each !== item);
  const before = others.findLastIndex((each) => isBefore(each, item));
  return others[before + 1] ?? null;
}

function isBefore(one, other) {
  if (seqOf(one) !== seqOf(other)) return seqOf(one) < seqOf(other);
  return createdAt(one) <= createdAt(other);
}

function neighbour(element, direction) {
  let each = element[direction];
  while (each && !each.matches(".message")) each = each[direction];
  return each;
}

function follows(item, previous) {
  return (
    previous.dataset.senderId === item.dataset.senderId &&
    new Date(createdAt(item)) - new Date(createdAt(previous)) <= GROUP_GAP &&
    previous.dataset.state !== "failed" &&
    item.dataset.state !== "failed"
  );
}

function setDay(item, isNewDay) {
  const day = separator(item, "day");
  if (!isNewDay) return day?.remove();
  const shown = day ?? clone("day-template");
  shown.textContent = dayLabel(createdAt(item));
  if (!day) (separator(item, "unread") ?? item).before(shown);
}

/** The day or the unread line directly above a message. */
function separator(item, name) {
  let each = item.previousElementSibling;
  while (each?.matches(".day, .unread")) {
    if (each.matches(`.${name}`)) return each;
    each = each.previousElementSibling;
  }
  return null;
}

function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}
