// Hands what is being read to the service worker, as it would be rendered now, so that it can be opened again without network.
import { on } from "../lib/bus.js";
import { shorten } from "../render/list-window.js";
import { messagesOf } from "../render/timeline.js";
import { changePage, dropPictures, keepPage } from "../stores/page-cache.js";
import { shownAddress } from "./navigation.js";
import { followChanges, pane, provisionalList, tidyPane } from "./panes.js";

const SOON = 1000;
const MOST_MESSAGES = 200;
/** Not of the page that is kept. */
const APART = "#details, .composer";
/** Addresses of pictures. */
const handedOver = new Set();
/** Of chats that are not open, by peer: `[change, messageId]`, those that come within a moment. */
const changes = new Map();
/** What was taken back and is so in no copy yet, also of the one that is open. */
const takenBack = new Map();
/** Whether pictures may be kept of what is not there any more. */
let isLess = false;
let me = "";
let timer = 0;
let changed = Promise.resolve();

export function watchPage(userId) {
  me = userId;
  for (const name of ["conversation-opened", "history-loaded", "message", "message-deleted", "reaction", "pin", "read", "chat", "group", "group-left"]) on(name, later);
  document.addEventListener("htmx:afterSettle", later);
  document.addEventListener("load", ({ target }) => target.matches("img") && later(), { capture: true });
  navigator.serviceWorker?.addEventListener("controllerchange", later);
  on("conversation-leaving", atOnce);
  followChanges(changeSoon);
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
  changeKept(changes);
  if (!navigator.serviceWorker?.controller || provisionalList()) return;
  const page = copyOfPage();
  if (page.querySelector(".conversation")) keepPage(me, shownAddress(), markupOf(page));
  keepPage(me, ...listOf(page), newPictures());
  changed = changed.then(() => {
    if (isLess) dropPictures(me);
    isLess = false;
  });
}

/** At once where something was taken back, for the tab may be killed; and again in its turn, as that page may be on its way to the service worker. */
function changeSoon(peerId, change, { messageId, isEdit }) {
  // That one is handed over as it is; nobody knows what its copy shows.
  const isOpen = peerId === pane()?.dataset.peerId;
  if (isOpen) isLess = true;
  for (const all of [...(isOpen ? [] : [changes]), ...(isEdit ? [] : [takenBack])]) {
    if (!all.has(peerId)) all.set(peerId, []);
    all.get(peerId).push([change, messageId]);
  }
  if (!isEdit) changeKept(takenBack);
  later();
}

/** One page after the other; what comes until it is their turn goes along. */
function changeKept(all) {
  changed = changed.then(async () => {
    const due = [...all];
    all.clear();
    for (const [peerId, some] of due) await changePage(me, `/chat/${peerId}`, (html) => changeIn(html, some)).catch(() => {});
  });
}

function changeIn(html, some) {
  const due = some.filter(([, messageId]) => !messageId || html.includes(messageId));
  if (!due.length) return html;
  const { body, documentElement } = new DOMParser().parseFromString(html, "text/html");
  const before = addressesIn(body);
  due.forEach(([change]) => change(body.querySelector("#conversation")));
  const after = new Set(addressesIn(body));
  if (before.some((address) => !after.has(address))) isLess = true;
  return markupOf(documentElement);
}

const addressesIn = (body) => [...body.querySelectorAll("img")].map((each) => each.getAttribute("src"));

/** Of those that are shown, but of what disappears: what the browser has fetched is at hand for the service worker, too. */
function newPictures() {
  const shown = [...document.querySelectorAll(".app img")].filter((each) => each.complete && each.naturalWidth && !each.closest(APART));
  // A quote, as of what is pinned, has the same ones.
  const passing = new Set(shown.filter((each) => each.closest(".is-disappearing .bubble, .reply[data-expires-at]")).flatMap(({ src, currentSrc }) => [src, currentSrc]));
  const isNew = (address) => address.startsWith(`${location.origin}/`) && !handedOver.has(address) && !passing.has(address);
  const addresses = shown.map(({ currentSrc }) => currentSrc).filter(isNew);
  addresses.forEach((address) => handedOver.add(address));
  return addresses;
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
  shortenList(copy.querySelector("message-list"));
  copy.querySelector("chat-list").dataset.kept = "";
  copy.querySelector("#filter").setAttribute("value", page.querySelector("#filter").value);
  copy.querySelector(".app").classList.remove("is-offline");
  takeOutSteps(copy);
  // What scripts have brought, or first steps: the worker shows a page only if it has all that its head names.
  find('head link[rel="stylesheet"] ~ link[rel="stylesheet"]').forEach((each) => each.remove());
  find("#details").forEach((each) => each.remove());
  find("#group-dialog, #emoji-popover").forEach((each) => each.replaceChildren());
  find(".menu, #reaction-row, #emoji-popover").forEach((each) => each.removeAttribute("style"));
  find("connection-banner, toast-list").forEach((each) => each.replaceChildren());
  find(".htmx-request").forEach((each) => each.classList.remove("htmx-request"));
  find("dialog[open]").forEach((each) => each.removeAttribute("open"));
  return copy;
}

function shortenList(log) {
  const list = log?.querySelector("ol");
  if (!list || messagesOf(list).length <= MOST_MESSAGES) return;
  shorten(list, null, { peerId: log.closest(".conversation").dataset.peerId, readSeq: log.dataset.lastReadSeq });
}

/** First steps need the network. */
function takeOutSteps(page) {
  const roots = [page, page.querySelector("#nothing-template").content];
  roots.forEach((root) => root.querySelectorAll(".steps").forEach((each) => each.remove()));
  delete page.querySelector("body").dataset.firstSteps;
}
