// Keeps a few hundred messages of a long conversation in the page: those around the viewport, and the newest. A link at the top
// loads older ones, a line in between those left out there.
import { seqOf } from "./message.js";
import { firstLineOf, messagesOf, neighbour, regroup, removeMessage, separator } from "./timeline.js";

const MAX_ITEMS = 400;
const TAIL = 200;
const AROUND = 125;
const NEWEST = 50;
/** The page size, as in messaging/page/contexts.py. */
const PAGE = 50;
const [PREVIOUS, NEXT] = ["previousElementSibling", "nextElementSibling"];

export const isLong = (list) => list.childElementCount > MAX_ITEMS;

export const hasGap = (list) => linesOf(list, "skipped").length > 0;

/** Whether the message with this `seq` is among those left out in the middle. */
export function isSkipped(list, seq) {
  const isIn = (line) => seqOf(neighbour(line, PREVIOUS)) < seq && seq < seqOf(neighbour(line, NEXT));
  return linesOf(list, "skipped").some(isIn);
}

/**
 * Removes messages far from `seen`, or from the end if there is none; unsent ones stay. `linkParams` is for the links that load
 * them again: `{peerId, readSeq}`.
 */
export function shorten(list, seen, linkParams) {
  const sent = messagesOf(list).filter(({ dataset }) => dataset.seq);
  if (!seen) return dropBefore(list, sent[tailStart(list, sent)], linkParams);
  const here = sent.includes(seen) ? sent.indexOf(seen) : sent.length;
  dropBetween(list, sent[here + AROUND - 1], sent.at(-NEWEST), linkParams);
  dropBefore(list, sent[here - AROUND], linkParams);
}

/** The `before` parameter of the page that fills a gap from the side of the message `seen`, or from the end if there is none. */
export function beforeParam(line, seen) {
  const isAbove = !seen || line.compareDocumentPosition(seen) & Node.DOCUMENT_POSITION_FOLLOWING;
  return isAbove ? seqOf(neighbour(line, NEXT)) : seqOf(neighbour(line, PREVIOUS)) + PAGE + 1;
}

/** Whether that key would move the focus across a gap. */
export function isAtGap(item, key) {
  const below = { ArrowUp: item, ArrowDown: neighbour(item, NEXT) }[key];
  return Boolean(below && separator(below, "skipped"));
}

/** Fits a loaded page into the list; returns the messages that are new to it. */
export function insertPageItems(list, items, linkParams) {
  const [previous, next] = [neighbour(items[0], PREVIOUS), neighbour(items.at(-1), NEXT)];
  const isNew = (item) => (!previous || seqOf(item) > seqOf(previous)) && (!next || seqOf(item) < seqOf(next));
  const fresh = items.filter(isNew);
  items.filter((item) => !isNew(item)).forEach(removeMessage);
  linesOf(list, "older").filter((line) => neighbour(line, PREVIOUS)).forEach((line) => line.remove());
  linesOf(list, "unread").slice(1).forEach(removeLine);
  // A page that overlaps the list leaves no gap, even if `seq` does: the reader may have been out of the group meanwhile.
  const isWhole = previous && seqOf(items[0]) <= seqOf(previous);
  if (!isWhole) addGapIfMissing(previous, fresh[0] ?? next, linkParams);
  addGapIfMissing(fresh.at(-1), next, linkParams);
  return fresh;
}

/** The first message to keep at the end of the list, which has no gap below it. */
function tailStart(list, sent) {
  const gap = linesOf(list, "skipped").at(-1);
  const afterGap = gap ? sent.indexOf(neighbour(gap, NEXT)) : 0;
  return Math.max(afterGap, sent.length - TAIL);
}

function dropBefore(list, first, linkParams) {
  if (!first || first === messagesOf(list)[0]) return;
  const top = firstLineOf(first);
  while (list.firstElementChild !== top) list.firstElementChild.remove();
  regroup(first);
  if (seqOf(first) > 1) list.prepend(linkLine("older", seqOf(first), linkParams));
}

function dropBetween(list, last, next, linkParams) {
  if (!last || !next || seqOf(next) <= seqOf(last) || neighbour(last, NEXT) === next) return;
  const top = firstLineOf(next);
  while (last.nextElementSibling !== top) last.nextElementSibling.remove();
  addGap(last, next, linkParams);
}

/** Adds a line if messages are missing between two. */
function addGapIfMissing(last, next, linkParams) {
  if (last && next && seqOf(next) < Infinity && seqOf(next) - seqOf(last) > 1) addGap(last, next, linkParams);
}

function addGap(last, next, linkParams) {
  firstLineOf(next).before(linkLine("skipped", seqOf(last) + PAGE + 1, linkParams));
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
