// Opens the emoji picker. Its markup, script, style sheet and data are loaded when it is first opened.
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const GAP = 8;
const popover = () => document.getElementById("emoji-popover");
const picker = () => popover().querySelector("emoji-picker");
const hasHover = matchMedia("(hover: hover)");
let isLoading = false;

/** Opens it beside an element; calls `choose(emoji)`, possibly several times, and `closed()` at the end. */
export async function openEmojiPicker(anchor, { choose, closed, once = false }) {
  if (isLoading || !(await isLoaded())) return;
  const box = popover();
  box.onkeydown = (event) => event.stopPropagation();
  box.addEventListener("pick", pick);
  box.addEventListener("beforetoggle", end);
  box.showPopover();
  picker().open();
  positionPopover(anchor.getBoundingClientRect());
  // There is no room for both it and a touch keyboard.
  if (hasHover.matches) picker().field.focus({ preventScroll: true });

  function pick({ detail: { emoji, stays } }) {
    if (once || !stays) box.hidePopover();
    choose(emoji);
  }

  function end({ newState }) {
    if (newState === "open") return;
    box.removeEventListener("pick", pick);
    box.removeEventListener("beforetoggle", end);
    if (box.contains(document.activeElement)) closed();
  }
}

async function isLoaded() {
  if (picker()) return true;
  isLoading = true;
  try {
    await htmx.ajax("GET", "/emoji", { source: "#emoji-popover", target: "#emoji-popover", swap: "innerHTML show:none" });
    if (picker()) await Promise.all([import(picker().dataset.script), sheetLoaded(popover().querySelector("link"))]);
  } catch {
    popover().replaceChildren();
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
  isLoading = false;
  return Boolean(picker());
}

/** Resolves once the style sheet is loaded. */
function sheetLoaded(link) {
  return link.sheet || new Promise((done, fail) => Object.assign(link, { onload: done, onerror: fail }));
}

/** Above the anchor, or else below it, towards the middle of the window; in narrow windows at the bottom edge (emoji-picker.css). */
function positionPopover({ top, bottom, right, left }) {
  const { width, height } = popover().getBoundingClientRect();
  const across = left + right < innerWidth ? left : right - width;
  const above = top - height - GAP;
  const down = above > GAP ? above : Math.min(bottom + GAP, innerHeight - height - GAP);
  popover().style.left = `${Math.max(GAP, Math.min(across, innerWidth - width - GAP))}px`;
  popover().style.top = `${Math.max(GAP, down)}px`;
}
