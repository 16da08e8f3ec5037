// Of a long conversation some hundreds of messages are in the page: those around what the reader sees, and the newest.
// A link above them leads to what is older, a line between them to what was left out there.
import { seqOf } from "./message.js";
import { messagesOf, neighbour, regroup, separator, takeOut, topOf } from "./timeline.js";

const MOST = 400;
const LEFT = 200;
const AROUND = 125;
const NEWEST = 50;
/** As many as messaging/page/contexts.py shows at a time. */
const PAGE = 50;
const [PREVIOUS, NEXT] = ["previousElementSibling", "nextElementSibling"];

export const isLong = (list) => list.childElementCount > MOST;

export const hasGap = (list) => linesOf(list, "skipped").length > 0;

/** Whether the message with this `seq` is one of those that were left out in the middle. */
export function isSkipped(list, seq) {
  const isIn = (line) => seqOf(neighbour(line, PREVIOUS)) < seq && seq < seqOf(neighbour(line, NEXT));
  return linesOf(list, "skipped").some(isIn);
}

/**
 * Leaves out what is far from the message `seen`, or from the end where there is none. `place` tells whose conversation it is
 * and what was read: `{peerId, readSeq}`. What is not sent yet stays.
 */
export function shorten(list, seen, place) {
  const sent = messagesOf(list).filter(({ dataset }) => dataset.seq);
  if (!seen) return dropBefore(list, sent[endOf(list, sent)], place);
  const here = sent.includes(seen) ? sent.indexOf(seen) : sent.length;
  dropBetween(list, sent[here + AROUND - 1], sent.at(-NEWEST), place);
  dropBefore(list, sent[here - AROUND], place);
}

/** `before` of the page that fills in what is left out next to the message `seen`, or next to the end where there is none. */
export function endOfPage(line, seen) {
  const isAbove = !seen || line.compareDocumentPosition(seen) & Node.DOCUMENT_POSITION_FOLLOWING;
  return isAbove ? seqOf(neighbour(line, NEXT)) : seqOf(neighbour(line, PREVIOUS)) + PAGE + 1;
}

/** Whether what that key leads to is not here: nobody is to walk past it unknowingly. */
export function isAtGap(item, key) {
  const below = { ArrowUp: item, ArrowDown: neighbour(item, NEXT) }[key];
  return Boolean(below && separator(below, "skipped"));
}

/** Fits in a page that came; returns those of its messages that were not here yet. */
export function join(list, items, place) {
  const [previous, next] = [neighbour(items[0], PREVIOUS), neighbour(items.at(-1), NEXT)];
  const isNew = (item) => (!previous || seqOf(item) > seqOf(previous)) && (!next || seqOf(item) < seqOf(next));
  const fresh = items.filter(isNew);
  items.filter((item) => !isNew(item)).forEach(takeOut);
  linesOf(list, "older").filter((line) => neighbour(line, PREVIOUS)).forEach((line) => line.remove());
  linesOf(list, "unread").slice(1).forEach(removeLine);
  // A page that reaches back to what is here leaves nothing out: in a group the reader may not have been there meanwhile.
  const isWhole = previous && seqOf(items[0]) <= seqOf(previous);
  if (!isWhole) mend(previous, fresh[0] ?? next, place);
  mend(fresh.at(-1), next, place);
  return fresh;
}

/** At the end nothing is left out but at the top. */
function endOf(list, sent) {
  const gap = linesOf(list, "skipped").at(-1);
  const afterGap = gap ? sent.indexOf(neighbour(gap, NEXT)) : 0;
  return Math.max(afterGap, sent.length - LEFT);
}

function dropBefore(list, first, place) {
  if (!first || first === messagesOf(list)[0]) return;
  const top = topOf(first);
  while (list.firstElementChild !== top) list.firstElementChild.remove();
  regroup(first);
  if (seqOf(first) > 1) list.prepend(linkLine("older", seqOf(first), place));
}

function dropBetween(list, last, next, place) {
  if (!last || !next || seqOf(next) <= seqOf(last) || neighbour(last, NEXT) === next) return;
  const top = topOf(next);
  while (last.nextElementSibling !== top) last.nextElementSibling.remove();
  part(last, next, place);
}

/** Where there is more between two messages, a line says so. */
function mend(last, next, place) {
  if (last && next && seqOf(next) < Infinity && seqOf(next) - seqOf(last) > 1) part(last, next, place);
}

function part(last, next, place) {
  topOf(next).before(linkLine("skipped", seqOf(last) + PAGE + 1, place));
  regroup(last);
  regroup(next);
}

function removeLine(line) {
  const next = neighbour(line, NEXT);
  line.remove();
  if (next) regroup(next);
}

function linkLine(name, before, { peerId, readSeq }) {
  const line = document.getElementById(`${name}-template`).content.firstElementChild.cloneNode(true);
  const link = line.firstElementChild;
  const query = `?before=${before}&read=${readSeq}`;
  link.href = `/chat/${peerId}${query}`;
  link.setAttribute("hx-get", `/chat/${peerId}/older${query}`);
  htmx.process(line);
  return line;
}

const linesOf = (list, name) => [...list.children].filter((each) => each.classList.contains(name));
