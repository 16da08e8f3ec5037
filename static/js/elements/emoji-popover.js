// Where the emoji picker is shown. The server renders it, and its script, sheet and data come with it, when it is first opened.
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const GAP = 8;
const popover = () => document.getElementById("emoji-popover");
const picker = () => popover().querySelector("emoji-picker");
const isTyped = matchMedia("(hover: hover)");
let isLoading = false;

/** Beside that element; calls `choose(emoji)`, perhaps several times, and `closed()` when it is over. */
export async function openEmojiPicker(anchor, { choose, closed, once = false }) {
  if (isLoading || !(await isLoaded())) return;
  const box = popover();
  box.onkeydown = (event) => event.stopPropagation();
  box.addEventListener("pick", pick);
  box.addEventListener("beforetoggle", end);
  box.showPopover();
  picker().open();
  place(anchor.getBoundingClientRect());
  // On a touch keyboard there is no room for both.
  if (isTyped.matches) picker().field.focus({ preventScroll: true });

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
    if (picker()) await Promise.all([import(picker().dataset.script), styled(popover().querySelector("link"))]);
  } catch {
    popover().replaceChildren();
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
  isLoading = false;
  return Boolean(picker());
}

/** Once the sheet is there. */
function styled(link) {
  return link.sheet || new Promise((done, fail) => Object.assign(link, { onload: done, onerror: fail }));
}

/** Above the anchor or else below it, towards the middle of the window; a narrow one has it at its lower edge (emoji-picker.css). */
function place({ top, bottom, right, left }) {
  const { width, height } = popover().getBoundingClientRect();
  const across = left + right < innerWidth ? left : right - width;
  const above = top - height - GAP;
  const down = above > GAP ? above : Math.min(bottom + GAP, innerHeight - height - GAP);
  popover().style.left = `${Math.max(GAP, Math.min(across, innerWidth - width - GAP))}px`;
  popover().style.top = `${Math.max(GAP, down)}px`;
}
