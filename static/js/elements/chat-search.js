// Opens the search bar of a chat, and loads its script.
import { getPage } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { pane } from "./panes.js";

const PAGE = { emit, getPage, on };

export function watchChatSearch() {
  document.addEventListener("click", ({ target }) => target.closest("[data-search]") && openChatSearch());
}

/** Returns whether the bar was opened or focused: with the focus in it already, the key is left to the browser. */
export function openChatSearch() {
  const header = pane().querySelector("conversation-header");
  const open = pane().querySelector("chat-search input");
  if (!header || open === document.activeElement) return false;
  if (open) open.select();
  else add(header);
  return true;
}

async function add(header) {
  const before = document.activeElement;
  const bar = document.getElementById("chat-search-template").content.firstElementChild.cloneNode(true);
  header.after(bar);
  bar.querySelector("input").focus();
  try {
    await import(bar.dataset.script);
    bar.start(PAGE, before);
  } catch {
    bar.remove();
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}
