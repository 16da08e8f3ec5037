// What is known of the person or group of the open conversation, and what is shared there: a second sheet beside it, or
// over it where there is no room. It has an address of its own, and the way back closes it. Its script comes with it.
import { deleteJSON, patchJSON, putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { isMuted } from "../render/row.js";
import { isOnline, online } from "../stores/presence.js";
import { changeChat, openChatMenu, rowOf } from "./chat-menu.js";
import { openDialog } from "./group-dialog.js";
import { pane } from "./panes.js";

const HASH = "#about";
/** What its script shares with the page. */
const PAGE = { changeChat, closeDetails, deleteJSON, emit, isMuted, isOnline, on, online, openChatMenu, patchJSON, putJSON, rowOf, showDetails };
let loading = Promise.resolve();
/** How often they were closed or left: what was asked for before that is not shown any more. */
let closings = 0;

const sheet = () => document.getElementById("details");
const opener = () => document.querySelector("[data-details]");
const isAddressed = () => location.hash === HASH;

export const isDetailsOpen = () => Boolean(sheet());

export function watchDetails() {
  document.addEventListener("click", press);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !sheet()?.contains(event.target)) return;
    event.preventDefault();
    closeDetails();
  });
  on("conversation-leaving", remove);
  on("conversation-opened", () => isAddressed() && openDetails());
  // Before navigation, which sees to other conversations alone.
  addEventListener("popstate", follow, { capture: true });
  if (isAddressed()) openDetails();
}

function press(event) {
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
  const before = closings;
  await showDetails();
  if (closings !== before) return;
  if (sheet()) sheet().querySelector("h1").focus({ preventScroll: true });
  else leaveAddress();
}

/** As they are now, one request after the other. Where they are open already, the place in them stays. */
export function showDetails() {
  const before = closings;
  loading = loading.then(() => load(before));
  return loading;
}

async function load(before) {
  const old = sheet();
  const path = opener()?.dataset.details;
  if (!path || closings !== before) return;
  const target = old ?? document.querySelector(".app");
  const how = { source: target, target, swap: old ? "outerHTML show:none" : "beforeend show:none" };
  let hadFocus = false;
  const notice = () => {
    hadFocus = Boolean(old?.contains(document.activeElement));
    old?.remember();
  };
  document.addEventListener("htmx:beforeSwap", notice, { once: true });
  await htmx.ajax("GET", path, how).catch(() => {});
  document.removeEventListener("htmx:beforeSwap", notice);
  if (closings !== before) return sheet()?.remove();
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
  if (hadFocus) opener()?.focus({ preventScroll: true });
}

function leaveAddress() {
  if (history.state?.isAbout) history.back();
  else if (isAddressed()) history.replaceState({ ...history.state, htmx: true }, "", location.pathname + location.search);
}

/** Back and forth within the same conversation. */
function follow() {
  if (location.pathname !== `/chat/${pane().dataset.peerId}`) return;
  if (!isAddressed()) remove();
  else if (!sheet()) openDetails();
}

/** The message of a picture or a link; from a picture that is shown large, its address takes the place of that. */
function showMessage(event) {
  const { messageId, seq } = event.target.closest("[data-message-id]").dataset;
  event.preventDefault();
  const move = history.state?.isPicture ? "replaceState" : "pushState";
  history[move]({ htmx: true }, "", `#m-${messageId}`);
  if (getComputedStyle(pane()).visibility === "hidden") remove();
  emit("jump", { messageId, seq: Number(seq) });
}
