// The people of a group and what can be done with it: a second sheet beside the conversation, or over it where there is no room.
import { deleteJSON, patchJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { isAgreed } from "../lib/dialog.js";
import { text } from "../lib/texts.js";
import { isOnline, online } from "../stores/presence.js";
import { openDialog } from "./group-dialog.js";

const CALLS = { PATCH: patchJSON, DELETE: (path) => deleteJSON(path) };
let loading = Promise.resolve();

const sheet = () => document.getElementById("details");
const opener = () => document.querySelector("[data-details]");

document.addEventListener("click", ({ target }) => press(target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !sheet()?.contains(event.target)) return;
  closeDetails();
});
on("leaving", closeDetails);
on("presence", showPresence);
document.addEventListener("htmx:load", ({ target }) => target.matches("#details, .member") && showPresence());

function press(target) {
  if (target.closest("[data-details]")) return sheet() ? closeDetails() : openDetails();
  if (!sheet()?.contains(target)) return;
  const call = target.closest("[data-call]");
  if (call) run(call);
  else if (target.closest("[data-close]")) closeDetails();
}

async function openDetails() {
  await showDetails();
  sheet()?.querySelector("h1").focus({ preventScroll: true });
}

/** As they are now, one request after the other. Where they are open already, the place in them and an open menu stay. */
export function showDetails() {
  loading = loading.then(load);
  return loading;
}

async function load() {
  const old = sheet();
  const path = opener()?.dataset.details;
  if (!path) return;
  const target = old ?? document.querySelector(".app");
  const how = { source: target, target, swap: old ? "outerHTML show:none" : "beforeend show:none" };
  const scrolled = old?.querySelector(".details__body").scrollTop;
  let hadFocus = false;
  const notice = () => (hadFocus = Boolean(old?.contains(document.activeElement)));
  document.addEventListener("htmx:beforeSwap", notice, { once: true });
  await htmx.ajax("GET", path, how).catch(() => {});
  document.removeEventListener("htmx:beforeSwap", notice);
  if (!sheet() || !old) return;
  sheet().querySelector(".details__body").scrollTop = scrolled;
  const open = old.querySelector(".member__menu[open]")?.dataset.person;
  const menu = open && sheet().querySelector(`[data-person="${open}"]`);
  if (menu) menu.open = true;
  if (hadFocus) (menu?.firstElementChild ?? sheet().querySelector("h1")).focus({ preventScroll: true });
}

export function closeDetails() {
  const hadFocus = sheet()?.contains(document.activeElement);
  sheet()?.remove();
  if (hadFocus) opener()?.focus({ preventScroll: true });
}

async function run(button) {
  const { dataset } = button;
  if (dataset.title && !(await isSure(dataset))) return;
  try {
    await CALLS[dataset.call](dataset.path, { role: dataset.role });
    button.closest("details")?.removeAttribute("open");
    if ("leaves" in dataset) closeDetails();
    else await showDetails();
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text("no-answer"), kind: "error" });
  }
}

function isSure({ title, words, verb }) {
  const dialog = document.getElementById("confirm-group");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = words;
  dialog.querySelector(".is-danger").textContent = verb;
  return isAgreed(dialog, "agree");
}

function showPresence() {
  if (!sheet() || !online().size) return;
  for (const avatar of sheet().querySelectorAll("[data-presence]")) {
    avatar.classList.toggle("is-online", isOnline(avatar.dataset.presence));
  }
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-dialog]");
  if (button) openDialog(button.dataset.dialog);
});
