// The details of the open conversation's person or group, and its shared media: a pane beside the conversation, or over it on
// small screens. It has its own URL, and the back button closes it. Its script is loaded with it.
import { deleteJSON, patchJSON, putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { isMuted } from "../render/row.js";
import { isOnline, online } from "../stores/presence.js";
import { openChatMenu, rowOf, updateChatSettings } from "./chat-menu.js";
import { openDialog } from "./group-dialog.js";
import { pane } from "./panes.js";

const HASH = "#about";
/** What the page shares with its script. */
const PAGE = { updateChatSettings, closeDetails, deleteJSON, emit, isMuted, isOnline, on, online, openChatMenu, patchJSON, putJSON, rowOf, showDetails };
let loading = Promise.resolve();
/** How often the details were closed: what was requested before the last time is not shown. */
let closings = 0;

const sheet = () => document.getElementById("details");
const openButton = () => document.querySelector("[data-details]");
const isAddressed = () => location.hash === HASH;

export const isDetailsOpen = () => Boolean(sheet());

export function watchDetails() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !sheet()?.contains(event.target)) return;
    event.preventDefault();
    closeDetails();
  });
  on("conversation-leaving", remove);
  on("conversation-opened", () => isAddressed() && openDetails());
  // Before the handler of navigation, which is for other conversations.
  addEventListener("popstate", onPopState, { capture: true });
  if (isAddressed()) openDetails();
}

function onClick(event) {
  const { target } = event;
  const dialog = target.closest("[data-dialog]");
  if (dialog) openDialog(dialog.dataset.dialog);
  else if (target.closest("[data-details]")) toggle();
  else if (target.closest("[data-show]")) showMessage(event);
  else if (sheet()?.contains(target) && target.closest("[data-close]")) closeDetails();
}

const toggle = () => (sheet() ? closeDetails() : openDetails());

async function openDetails() {
  if (!isAddressed()) {
    history.replaceState({ ...history.state, htmx: true }, "");
    history.pushState({ ...history.state, isAbout: true }, "", HASH);
  }
  const closingsBefore = closings;
  await showDetails();
  if (closings !== closingsBefore) return;
  if (sheet()) sheet().querySelector("h1").focus({ preventScroll: true });
  else leaveAddress();
}

/** Loads the current details, one request at a time. If they are open, their state is restored. */
export function showDetails() {
  const closingsBefore = closings;
  loading = loading.then(() => load(closingsBefore));
  return loading;
}

async function load(closingsBefore) {
  const old = sheet();
  const path = openButton()?.dataset.details;
  if (!path || closings !== closingsBefore) return;
  const target = old ?? document.querySelector(".app");
  const options = { source: target, target, swap: old ? "outerHTML show:none" : "beforeend show:none" };
  let hadFocus = false;
  const onBeforeSwap = () => {
    hadFocus = Boolean(old?.contains(document.activeElement));
    old?.saveViewState();
  };
  document.addEventListener("htmx:beforeSwap", onBeforeSwap, { once: true });
  await htmx.ajax("GET", path, options).catch(() => {});
  document.removeEventListener("htmx:beforeSwap", onBeforeSwap);
  if (closings !== closingsBefore) return sheet()?.remove();
  if (!sheet() || sheet() === old) return;
  try {
    await import(sheet().dataset.script);
    sheet()?.start(PAGE, old, hadFocus);
  } catch {
    closeDetails();
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}

export function closeDetails() {
  if (!sheet()) return;
  remove();
  leaveAddress();
}

function remove() {
  closings += 1;
  const hadFocus = sheet()?.contains(document.activeElement);
  sheet()?.remove();
  if (hadFocus) openButton()?.focus({ preventScroll: true });
}

function leaveAddress() {
  if (history.state?.isAbout) history.back();
  else if (isAddressed()) history.replaceState({ ...history.state, htmx: true }, "", location.pathname + location.search);
}

/** History navigation within the same conversation. */
function onPopState() {
  if (location.pathname !== `/chat/${pane().dataset.peerId}`) return;
  if (!isAddressed()) remove();
  else if (!sheet()) openDetails();
}

/** Goes to the message of a picture or link; its URL replaces the history entry of an open picture. */
function showMessage(event) {
  const { messageId, seq } = event.target.closest("[data-message-id]").dataset;
  event.preventDefault();
  const move = history.state?.isPicture ? "replaceState" : "pushState";
  history[move]({ htmx: true }, "", `#m-${messageId}`);
  if (getComputedStyle(pane()).visibility === "hidden") remove();
  emit("jump", { messageId, seq: Number(seq) });
}
