// Navigates between the lists and conversations. The pane and its URL change at once; the messages follow from the server. htmx swaps
// the side bar, and fetches pages that cannot be shown from local data.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { catchUp } from "../realtime/live.js";
import { cachedPage } from "../stores/page-cache.js";
import { hasPane, pane, provisionalList, showCachedPane, showNoPane, showPane } from "./panes.js";

const hasPointer = matchMedia("(hover: hover)");
const { userId } = document.body.dataset;
const RETRY_DELAY = 5000;
/** The URL of what the page shows; the location may already be ahead of it. */
let shown = "";
let lastPeerId = "";
let pendingRestore = null;
/** The list that is catching up by sync, after it was shown without network. */
let catchingUp = null;
/** The side bar of the other tab. */
let otherSidebar = null;

export function watchNavigation() {
  // A page of older messages only is for browsers without script.
  if (document.querySelector(".conversation:not([data-newest])")) return location.replace(location.pathname);
  shown = currentAddress();
  document.addEventListener("click", onClick);
  // Before htmx, which would fetch the whole page.
  addEventListener("popstate", onPopState, { capture: true });
  const listen = (name, handler) => document.addEventListener(`htmx:${name}`, handler);
  listen("configRequest", ({ detail }) => (detail.headers["X-Expected-User"] = userId));
  listen("beforeSwap", ({ target }) => target.id === "sidebar" && (otherSidebar = target.cloneNode(true)));
  listen("pushedIntoHistory", () => (shown = currentAddress()));
  listen("historyCacheMiss", ({ detail }) => onCacheMiss(detail.xhr));
  listen("historyRestore", onHistoryRestore);
  listen("historyCacheMissLoad", ({ detail }) => followRedirect(detail.xhr));
  listen("historyCacheMissLoadError", ({ detail }) => (detail.xhr.status === 404 ? location.reload() : restoreAddress()));
  listen("responseError", ({ detail }) => onResponseError(detail));
  listen("timeout", ({ detail }) => retryLater(detail.elt));
  listen("sendError", ({ detail }) => onSendError(detail.elt));
  on("connection", ({ state }) => ["live", "polling"].includes(state) && load());
  if (document.activeElement === document.body) focusPane();
  const { peerId } = parseAddress(shown);
  if (peerId && !pane().dataset.peerId) openFromList(peerId);
}

/** Without network, the service worker responds with the list for a chat that is not cached. */
function openFromList(peerId) {
  const row = rowOf(peerId) ?? (peerId === "saved" ? document.querySelector(".row.is-saved") : null);
  if (row?.dataset.peerId !== peerId) {
    shown = row ? row.getAttribute("href") : listAddress();
    history.replaceState({ htmx: true }, "", shown);
  }
  if (row) show(currentAddress());
  else notLoaded();
}

const listAddress = () => document.querySelector(".segments [aria-current]").getAttribute("href");

const currentAddress = () => location.pathname + location.search;

export const shownAddress = () => shown;

function parseAddress(address) {
  const { pathname, searchParams } = new URL(address, location);
  const isContacts = pathname === "/contacts" || searchParams.get("list") === "contacts";
  return { peerId: pathname.match(/^\/chat\/([^/]+)$/)?.[1] ?? "", tab: isContacts ? "contacts" : "chats" };
}

const isList = (address) => address !== undefined && !parseAddress(address).peerId;

function onClick(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a.row, a.hit, .conversation__back");
  if (!link) return;
  event.preventDefault();
  if (link.matches(".conversation__back")) goToList();
  else openAddress(link.getAttribute("href"), link.dataset);
}

/** With the key and `seq` of a message, jumps to it if its conversation is open. */
export function openAddress(address, { messageId, seq } = {}) {
  if (messageId && parseAddress(address).peerId === pane().dataset.peerId) {
    history.pushState({ htmx: true, from: shown }, "", address);
    return emit("jump", { messageId, seq: Number(seq) });
  }
  if (address === currentAddress() && !provisionalList()) return focusPane();
  if (address !== currentAddress()) {
    history.replaceState({ ...history.state, htmx: true }, "");
    history.pushState({ htmx: true, from: shown }, "", address);
  }
  show(currentAddress());
}

/** Goes back to the list, by history if that is the previous entry. */
function goToList() {
  if (isList(history.state?.from)) return history.back();
  history.replaceState({ htmx: true }, "", listAddress());
  show(currentAddress());
}

function onPopState(event) {
  const { peerId, tab } = parseAddress(currentAddress());
  const isHere = currentAddress() === shown;
  if (!isHere && tab !== tabOf(sidebar()) && tabOf(otherSidebar) !== tab) return;
  if (!isHere && peerId && !hasPane(peerId, rowOf(peerId))) return;
  event.stopImmediatePropagation();
  pendingRestore?.abort();
  if (!isHere) show(currentAddress());
}

function show(address) {
  const { peerId, tab } = parseAddress(address);
  htmx.trigger(provisionalList() ?? pane(), "htmx:abort");
  emit("conversation-leaving");
  shown = address;
  if (tabOf(sidebar()) !== tab) swapSidebars();
  if (!peerId) showNoPane();
  else if (peerId !== pane().dataset.peerId) showPane(peerId, rowOf(peerId));
  onOpened();
  load();
}

/** Loads the messages of the shown conversation; the composer stays. */
function load() {
  const list = provisionalList();
  if (!list || list.matches(".htmx-request")) return;
  if ("unreached" in list.dataset) return merge(list);
  if ("absent" in list.dataset) list.dataset.absent = "loading";
  const headers = { "HX-Target": "conversation" };
  const options = { source: list, target: list, select: "message-list", swap: "outerHTML show:none", headers };
  htmx.ajax("GET", shown, options).then(() => emit("history-loaded", {})).catch(() => {});
}

/** Merges changes into a list shown without network, so that nothing moves under the reader. */
async function merge(list) {
  if (list === catchingUp) return;
  catchingUp = list;
  const error = await catchUp(list.dataset.stale).catch((failure) => failure);
  if (list === catchingUp) catchingUp = null;
  if (error?.isTemporary) return retryLater(list);
  delete list.dataset.unreached;
  if (error) return load();
  delete list.dataset.stale;
  if (!list.isConnected) return;
  list.catchUp();
  emit("history-loaded", {});
}

const sidebar = () => document.getElementById("sidebar");
const tabOf = (bar) => bar && (bar.querySelector("#contact-rows") ? "contacts" : "chats");

/** Both side bars have the rows of the chats; those of the shown one are up to date, and move along. */
function swapSidebars() {
  const [old, next] = [sidebar(), otherSidebar];
  const chats = old.querySelector("#chat-rows");
  otherSidebar = old.cloneNode(true);
  next.querySelector("#chat-rows").replaceWith(chats);
  old.replaceWith(next);
  htmx.process(next);
}

/** Without network, shows the cached pane, or goes to the cached page of a list. */
async function onSendError(elt) {
  if (isList(elt.href) && (await cachedPage(userId, elt.href))) return location.assign(elt.href);
  if (elt.matches("[data-stale]")) elt.dataset.unreached = "";
  const html = elt.matches("message-list[data-absent]") ? await cachedPage(userId, shown) : "";
  if (!html) return retryLater(elt);
  if (!elt.isConnected) return;
  showCachedPane(html);
  onOpened();
}

function retryLater(elt) {
  if (!elt.matches("message-list")) return notLoaded();
  if ("absent" in elt.dataset) elt.dataset.absent = "failed";
  // Without network, the next connection triggers it.
  if (navigator.onLine) setTimeout(load, RETRY_DELAY);
}

const notLoaded = () => emit("notice", { text: text("load-failed"), kind: "info" });

/** Reloads from the service worker's cache, if the page is in it. */
async function reloadOrRestore() {
  if (await cachedPage(userId, currentAddress())) location.reload();
  else restoreAddress();
}

/** Resets the URL to that of the page still shown. */
function restoreAddress() {
  history.replaceState({ htmx: true }, "", shown);
  notLoaded();
}

/** After going back twice, only the second page matters, whichever response comes first. */
function onCacheMiss(xhr) {
  pendingRestore?.abort();
  pendingRestore = xhr;
  xhr.setRequestHeader("X-Expected-User", userId);
  xhr.addEventListener("error", reloadOrRestore);
}

function onHistoryRestore() {
  shown = currentAddress();
  onOpened();
}

function onOpened() {
  focusPane();
  emit("conversation-opened", {});
}

/** Focuses the composer, or the heading on touch devices; in the list, the row one came from. */
function focusPane() {
  const conversation = document.querySelector(".conversation");
  if (!conversation) return focusList();
  lastPeerId = conversation.dataset.peerId;
  if (hasPointer.matches) conversation.querySelector("message-composer").focus();
  else conversation.querySelector("h1").focus({ preventScroll: true });
}

function focusList() {
  if (lastPeerId) (rowOf(lastPeerId) ?? document.querySelector(".segments [aria-current]")).focus();
}

/** The visible row: a person may be in both chats and contacts. */
function rowOf(peerId = "") {
  const rows = [...document.querySelectorAll(`.row[data-peer-id="${CSS.escape(peerId)}"]`)];
  return rows.find((row) => row.checkVisibility()) ?? rows[0];
}

/** On history navigation, htmx ignores the header that redirects to log-in. */
function followRedirect(xhr) {
  const address = xhr.getResponseHeader("HX-Redirect");
  if (address) location.assign(address);
}

/** Shows the server's own page for a 404, which says more than a notice. */
function onResponseError({ elt, xhr, pathInfo, boosted }) {
  const isPane = elt.matches("message-list");
  if (isPane && xhr.status === 404) return location.reload();
  if (boosted && xhr.status === 404) return location.assign(pathInfo.requestPath);
  if (isPane) retryLater(elt);
  emit("notice", { text: text("load-failed"), kind: "error" });
}
