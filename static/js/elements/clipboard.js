import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const TEXTS = '.bubble > [data-field="text"]';

/** The text of a message as it was typed. */
export const sourceOf = (item) => item.querySelector(TEXTS).textContent;

/** Copies the source of the selected text of a message, including hidden markers. */
export function copySource(event) {
  const selection = getSelection();
  if (selection.isCollapsed) return copyFocused(event);
  const range = selection.getRangeAt(0);
  const [field, ...others] = [...document.querySelectorAll(TEXTS)].filter((each) => visibleTextIn(intersectionOf(range, each)));
  if (!field || others.length) return;
  event.clipboardData.setData("text/plain", withMarkers(intersectionOf(range, field), field).toString());
  event.preventDefault();
}

/** Without a selection, copies the focused message. */
function copyFocused(event) {
  const item = document.activeElement;
  const source = item?.matches(".message") && sourceOf(item);
  if (!source) return;
  event.clipboardData.setData("text/plain", source);
  event.preventDefault();
}

/** The part of the range within the element. */
function intersectionOf(range, element) {
  const part = document.createRange();
  part.selectNodeContents(element);
  if (!range.intersectsNode(element)) part.collapse();
  else {
    if (part.comparePoint(range.startContainer, range.startOffset) === 0) part.setStart(range.startContainer, range.startOffset);
    if (part.comparePoint(range.endContainer, range.endOffset) === 0) part.setEnd(range.endContainer, range.endOffset);
  }
  return part;
}

/** A selection of all visible text includes the markers around it. */
function withMarkers(part, field) {
  const before = document.createRange();
  before.setStart(field, 0);
  before.setEnd(part.startContainer, part.startOffset);
  if (!visibleTextIn(before)) part.setStart(field, 0);
  const after = document.createRange();
  after.selectNodeContents(field);
  after.setStart(part.endContainer, part.endOffset);
  if (!visibleTextIn(after)) part.setEnd(field, field.childNodes.length);
  return part;
}

function visibleTextIn(range) {
  const copy = range.cloneContents();
  copy.querySelectorAll("[hidden]").forEach((marker) => marker.remove());
  return copy.textContent.trim();
}

/** Copies a text and shows the notice with the key `done`. Returns whether it was copied. */
export async function copyText(words, done) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    if (!copyByEvent(words)) {
      emit("notice", { text: text("copy-failed"), kind: "error" });
      return false;
    }
  }
  emit("notice", { text: text(done), kind: "info" });
  return true;
}

/** Without https there is no clipboard API, but the copy event has one. */
function copyByEvent(words) {
  const fill = (event) => {
    event.clipboardData.setData("text/plain", words);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("copy", fill, { capture: true });
  const isDone = document.execCommand("copy");
  removeEventListener("copy", fill, { capture: true });
  return isDone;
}
