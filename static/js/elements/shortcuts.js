import { on } from "../lib/bus.js";
import { moveFocus } from "./arrow-keys.js";
import { openChatSearch } from "./chat-search.js";
import { openDialog } from "./group-dialog.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const CONTROL_KEYS = { k: openSwitcher, f: openChatSearch };
const FIELDS = "input, textarea, select";
const switcher = document.getElementById("switcher");

/** Shortcuts that work wherever the focus is, unless a closer handler took the key. */
export function watchShortcuts() {
  document.addEventListener("keydown", onKeydown);
  switcher.addEventListener("keydown", onSwitcherKeydown);
  on("conversation-leaving", () => switcher.close());
}

function onKeydown(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (runShortcut(event)) event.preventDefault();
}

/** Returns whether the key was a shortcut. */
function runShortcut(event) {
  const { key, altKey, shiftKey, target } = event;
  const hasControl = event.ctrlKey || event.metaKey;
  if (hasControl) return !altKey && !shiftKey && Boolean(CONTROL_KEYS[key.toLowerCase()]?.());
  if (altKey) return !shiftKey && key in STEPS && openAdjacentChat(STEPS[key]);
  if (key === "Escape") return (!target.matches(FIELDS) || inComposer(target)) && goBack();
  if (target.matches(FIELDS)) return false;
  if (key === "?") return openKeyList();
  // The character then goes into the focused field.
  if (key.length === 1 && key !== " ") document.querySelector("message-composer")?.focus();
  return false;
}

const inComposer = (target) => Boolean(target.closest("message-composer"));

function open(dialog) {
  dialog.showModal();
  return true;
}

function openKeyList() {
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

/** Enter opens the first hit, arrow keys move through the list. */
function onSwitcherKeydown(event) {
  const rows = [...switcher.querySelectorAll("a.row")];
  const isField = event.target.matches("input");
  // In a search field, Escape would clear it instead.
  if (event.key === "Escape") switcher.close();
  else if (isField && event.key === "Enter") rows[0]?.click();
  else if (!isField || event.key === "ArrowDown") moveFocus(event, rows);
}

function openAdjacentChat(step) {
  const rows = [...document.querySelectorAll("#chat-rows .row")].filter((row) => !row.parentElement.hidden);
  const index = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = index < 0 ? rows[0] : rows[index + step];
  next?.click();
  return Boolean(next);
}

function goBack() {
  const back = document.querySelector(".is-selecting [data-selected=cancel]") ?? document.querySelector(".conversation__back");
  back?.click();
  return Boolean(back);
}
