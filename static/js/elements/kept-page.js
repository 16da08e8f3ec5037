// Hands what is being read to the service worker, as it would be rendered now, so that it can be opened again without network.
import { on } from "../lib/bus.js";
import { keepPage } from "../stores/kept-pages.js";
import { shownAddress } from "./navigation.js";
import { provisionalList, tidyPane } from "./panes.js";

const SOON = 1000;
let me = "";
let timer = 0;

export function watchPage(userId) {
  me = userId;
  for (const name of ["opened", "message", "message-deleted", "reaction", "pin", "read", "chat", "group", "group-left"]) on(name, later);
  document.addEventListener("htmx:afterSettle", later);
  navigator.serviceWorker?.addEventListener("controllerchange", later);
  on("leaving", atOnce);
  // Before a reload asks for the page.
  addEventListener("beforeunload", atOnce);
  document.addEventListener("visibilitychange", () => document.hidden && atOnce());
  later();
}

/** Once for all that happens within a moment. */
function later() {
  timer ||= setTimeout(keep, SOON);
}

function atOnce() {
  if (timer) keep();
}

function keep() {
  clearTimeout(timer);
  timer = 0;
  if (!navigator.serviceWorker?.controller || provisionalList()) return;
  const page = copyOfPage();
  keepPage(me, shownAddress(), markupOf(page));
  if (page.querySelector(".conversation")) keepPage(me, ...listOf(page));
}

const markupOf = (page) => `<!doctype html>${page.outerHTML}`;

/** The page that leads here, with nothing open. */
function listOf(page) {
  const nothing = page.querySelector("#nothing-template").content.querySelector("section");
  page.querySelector("#conversation").replaceWith(nothing.cloneNode(true));
  page.querySelector("title").textContent = "Chatsite";
  return [page.querySelector(".segments [aria-current]").getAttribute("href"), markupOf(page)];
}

/** In a document of its own, where neither elements nor pictures begin to work. */
function copyOfPage() {
  const { documentElement: page } = document;
  const copy = document.implementation.createHTMLDocument().importNode(page, true);
  const find = (selector) => copy.querySelectorAll(selector);
  tidyPane(copy.querySelector("#conversation"));
  copy.querySelector("#filter").setAttribute("value", page.querySelector("#filter").value);
  copy.querySelector(".app").classList.remove("is-offline");
  find("#details").forEach((each) => each.remove());
  find("#group-dialog, #emoji-popover").forEach((each) => each.replaceChildren());
  find(".menu, #reaction-row, #emoji-popover").forEach((each) => each.removeAttribute("style"));
  find("connection-banner, toast-list").forEach((each) => each.replaceChildren());
  find(".htmx-request").forEach((each) => each.classList.remove("htmx-request"));
  find("dialog[open]").forEach((each) => each.removeAttribute("open"));
  return copy;
}
