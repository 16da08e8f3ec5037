import { on } from "../lib/bus.js";
import { moveFocus } from "./arrow-keys.js";
import { openChatSearch } from "./chat-search.js";
import { openDialog } from "./group-dialog.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const WITH_CONTROL = { k: openSwitcher, f: openChatSearch };
const FIELDS = "input, textarea, select";
const switcher = document.getElementById("switcher");

/** Keys that work wherever the focus is, unless something closer to it has taken them. */
export function watchShortcuts() {
  document.addEventListener("keydown", press);
  switcher.addEventListener("keydown", steer);
  on("conversation-leaving", () => switcher.close());
}

function press(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (runs(event)) event.preventDefault();
}

/** Whether the key was one of these. */
function runs(event) {
  const { key, altKey, shiftKey, target } = event;
  const hasControl = event.ctrlKey || event.metaKey;
  if (hasControl) return !altKey && !shiftKey && Boolean(WITH_CONTROL[key.toLowerCase()]?.());
  if (altKey) return !shiftKey && key in STEPS && openNeighbour(STEPS[key]);
  if (key === "Escape") return (!target.matches(FIELDS) || inComposer(target)) && leave();
  if (target.matches(FIELDS)) return false;
  if (key === "?") return openKeys();
  // The letter itself then goes where the focus is.
  if (key.length === 1 && key !== " ") document.querySelector("message-composer")?.focus();
  return false;
}

const inComposer = (target) => Boolean(target.closest("message-composer"));

function open(dialog) {
  dialog.showModal();
  return true;
}

function openKeys() {
  openDialog("/keys").then(() => {
    if (!/Mac|iP(?:hone|ad)/.test(navigator.platform)) return;
    document.querySelectorAll("#group-dialog [data-modifier]").forEach((key) => (key.textContent = "⌘"));
  });
  return true;
}

function openSwitcher() {
  const field = switcher.querySelector("input");
  field.value = "";
  switcher.querySelector(".rows").replaceChildren();
  htmx.trigger(field, "search");
  return open(switcher);
}

/** Return goes to the first one found, arrows lead through all of them. */
function steer(event) {
  const rows = [...switcher.querySelectorAll("a.row")];
  const isField = event.target.matches("input");
  // In such a field browsers take it to empty the field.
  if (event.key === "Escape") switcher.close();
  else if (isField && event.key === "Enter") rows[0]?.click();
  else if (!isField || event.key === "ArrowDown") moveFocus(event, rows);
}

function openNeighbour(step) {
  const rows = [...document.querySelectorAll("#chat-rows .row")].filter((row) => !row.parentElement.hidden);
  const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = here < 0 ? rows[0] : rows[here + step];
  next?.click();
  return Boolean(next);
}

function leave() {
  const back = document.querySelector(".is-selecting [data-selected=cancel]") ?? document.querySelector(".conversation__back");
  back?.click();
  return Boolean(back);
}
