import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const TEXTS = '.bubble > [data-field="text"]';

/** A message as it was typed. */
export const sourceOf = (item) => item.querySelector(TEXTS).textContent;

/** What is copied of a message is its source, with the markers that are not shown. */
export function copySource(event) {
  const selection = getSelection();
  if (selection.isCollapsed) return copyFocused(event);
  const range = selection.getRangeAt(0);
  const [field, ...others] = [...document.querySelectorAll(TEXTS)].filter((each) => shownIn(partOf(range, each)));
  if (!field || others.length) return;
  event.clipboardData.setData("text/plain", withMarkers(partOf(range, field), field).toString());
  event.preventDefault();
}

/** Of the message that has the focus, all. */
function copyFocused(event) {
  const item = document.activeElement;
  const source = item?.matches(".message") && sourceOf(item);
  if (!source) return;
  event.clipboardData.setData("text/plain", source);
  event.preventDefault();
}

/** What of the range lies in that element. */
function partOf(range, element) {
  const part = document.createRange();
  part.selectNodeContents(element);
  if (!range.intersectsNode(element)) part.collapse();
  else {
    if (part.comparePoint(range.startContainer, range.startOffset) === 0) part.setStart(range.startContainer, range.startOffset);
    if (part.comparePoint(range.endContainer, range.endOffset) === 0) part.setEnd(range.endContainer, range.endOffset);
  }
  return part;
}

/** Who selects all that is shown means the markers around it, too. */
function withMarkers(part, field) {
  const before = document.createRange();
  before.setStart(field, 0);
  before.setEnd(part.startContainer, part.startOffset);
  if (!shownIn(before)) part.setStart(field, 0);
  const after = document.createRange();
  after.selectNodeContents(field);
  after.setStart(part.endContainer, part.endOffset);
  if (!shownIn(after)) part.setEnd(field, field.childNodes.length);
  return part;
}

function shownIn(range) {
  const copy = range.cloneContents();
  copy.querySelectorAll("[hidden]").forEach((marker) => marker.remove());
  return copy.textContent.trim();
}

/** Puts it on the clipboard, and says so in the words of that key. Whether it was done. */
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

/** Without https there is no such clipboard: the event of copying has one. */
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
