// Gives the service worker a copy of the current page, so that it can be opened without network.
import { on } from "../lib/bus.js";
import { shorten } from "../render/list-window.js";
import { messagesOf } from "../render/timeline.js";
import { cachePage, pruneCachedPictures, updateCachedPage } from "../stores/page-cache.js";
import { shownAddress } from "./navigation.js";
import { onMessageChange, pane, provisionalList, tidyPane } from "./panes.js";

const DELAY = 1000;
const MAX_MESSAGES = 200;
/** Parts that are not cached. */
const EXCLUDED = "#details, .composer";
/** The URLs of pictures given to the worker. */
const cachedPictures = new Set();
/** Pending changes of cached copies, by peer: `[change, messageId]`. Not for the open chat. */
const changes = new Map();
/** Deletions that are not in the copies yet; also for the open chat. */
const urgentChanges = new Map();
/** Whether there may be cached pictures that no copy shows any more. */
let mayPrunePictures = false;
let me = "";
let timer = 0;
let applying = Promise.resolve();

export function watchPageCache(userId) {
  me = userId;
  for (const name of ["conversation-opened", "history-loaded", "message", "message-deleted", "reaction", "pin", "read", "chat", "group", "group-left"]) on(name, scheduleCaching);
  document.addEventListener("htmx:afterSettle", scheduleCaching);
  document.addEventListener("load", ({ target }) => target.matches("img") && scheduleCaching(), { capture: true });
  navigator.serviceWorker?.addEventListener("controllerchange", scheduleCaching);
  on("conversation-leaving", cachePending);
  onMessageChange(queueChange);
  // Before a reload requests the page.
  addEventListener("beforeunload", cachePending);
  document.addEventListener("visibilitychange", () => document.hidden && cachePending());
  scheduleCaching();
}

/** Once for all changes within a short time. */
function scheduleCaching() {
  timer ||= setTimeout(cacheNow, DELAY);
}

function cachePending() {
  if (timer) cacheNow();
}

function cacheNow() {
  clearTimeout(timer);
  timer = 0;
  applyChanges(changes);
  if (!navigator.serviceWorker?.controller || provisionalList()) return;
  const page = copyOfPage();
  if (page.querySelector(".conversation")) cachePage(me, shownAddress(), markupOf(page));
  cachePage(me, ...listPageOf(page), newPictures());
  applying = applying.then(() => {
    if (mayPrunePictures) pruneCachedPictures(me);
    mayPrunePictures = false;
  });
}

/** Applies deletions at once, since the tab may be killed, and again later, since that page may be on its way to the worker. */
function queueChange(peerId, change, { messageId, isEdit }) {
  // The open chat is cached again as a whole; what its copy shows is unknown.
  const isOpen = peerId === pane()?.dataset.peerId;
  if (isOpen) mayPrunePictures = true;
  for (const all of [...(isOpen ? [] : [changes]), ...(isEdit ? [] : [urgentChanges])]) {
    if (!all.has(peerId)) all.set(peerId, []);
    all.get(peerId).push([change, messageId]);
  }
  if (!isEdit) applyChanges(urgentChanges);
  scheduleCaching();
}

/** One page at a time, including changes that arrive meanwhile. */
function applyChanges(all) {
  applying = applying.then(async () => {
    const due = [...all];
    all.clear();
    for (const [peerId, entries] of due) await updateCachedPage(me, `/chat/${peerId}`, (html) => changedMarkup(html, entries)).catch(() => {});
  });
}

function changedMarkup(html, entries) {
  const due = entries.filter(([, messageId]) => !messageId || html.includes(messageId));
  if (!due.length) return html;
  const { body, documentElement } = new DOMParser().parseFromString(html, "text/html");
  const before = addressesIn(body);
  due.forEach(([change]) => change(body.querySelector("#conversation")));
  const after = new Set(addressesIn(body));
  if (before.some((address) => !after.has(address))) mayPrunePictures = true;
  return markupOf(documentElement);
}

const addressesIn = (body) => [...body.querySelectorAll("img")].map((each) => each.getAttribute("src"));

/** Loaded pictures that the worker does not have yet, except those of disappearing messages. It gets them from the browser's cache. */
function newPictures() {
  const shown = [...document.querySelectorAll(".app img")].filter((each) => each.complete && each.naturalWidth && !each.closest(EXCLUDED));
  // Quotes and pinned messages show the same pictures.
  const disappearing = new Set(shown.filter((each) => each.closest(".is-disappearing .bubble, .reply[data-expires-at]")).flatMap(({ src, currentSrc }) => [src, currentSrc]));
  const isNew = (address) => address.startsWith(`${location.origin}/`) && !cachedPictures.has(address) && !disappearing.has(address);
  const addresses = shown.map(({ currentSrc }) => currentSrc).filter(isNew);
  addresses.forEach((address) => cachedPictures.add(address));
  return addresses;
}

const markupOf = (page) => `<!doctype html>${page.outerHTML}`;

/** The same page without an open chat: the list's URL and markup. */
function listPageOf(page) {
  const nothing = page.querySelector("#nothing-template").content.querySelector("section");
  page.querySelector("#conversation").replaceWith(nothing.cloneNode(true));
  page.querySelector("title").textContent = "Chatsite";
  return [page.querySelector(".segments [aria-current]").getAttribute("href"), markupOf(page)];
}

/** In a separate document, where custom elements do not start and pictures do not load. */
function copyOfPage() {
  const { documentElement: page } = document;
  const copy = document.implementation.createHTMLDocument().importNode(page, true);
  const find = (selector) => copy.querySelectorAll(selector);
  tidyPane(copy.querySelector("#conversation"));
  shortenList(copy.querySelector("message-list"));
  copy.querySelector("chat-list").dataset.kept = "";
  copy.querySelector("#filter").setAttribute("value", page.querySelector("#filter").value);
  copy.querySelector(".app").classList.remove("is-offline");
  removeFirstSteps(copy);
  // Style sheets added later: the worker serves a page only if it has cached everything in its head.
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
  if (!list || messagesOf(list).length <= MAX_MESSAGES) return;
  shorten(list, null, { peerId: log.closest(".conversation").dataset.peerId, readSeq: log.dataset.lastReadSeq });
}

/** First steps need the network. */
function removeFirstSteps(page) {
  const roots = [page, page.querySelector("#nothing-template").content];
  roots.forEach((root) => root.querySelectorAll(".steps").forEach((each) => each.remove()));
  delete page.querySelector("body").dataset.firstSteps;
}
