// Leads from the lists to a conversation and back. Where one goes is shown at once, under its address; what is said there
// follows when the server has told. htmx swaps the side bar, and fetches pages that cannot be shown from what is here.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { catchUp } from "../realtime/live.js";
import { keptPage } from "../stores/page-cache.js";
import { hasPane, pane, provisionalList, showKeptPane, showNoPane, showPane } from "./panes.js";

const hasPointer = matchMedia("(hover: hover)");
const { userId } = document.body.dataset;
const AGAIN_AFTER = 5000;
/** The address of what the page shows, which the address bar may be ahead of. */
let shown = "";
let last = "";
let goingTo = null;
/** The list that is being told what changed since it was shown without network. */
let catchingUp = null;
/** The side bar of the tab that is not shown. */
let otherSidebar = null;

export function watchNavigation() {
  // A page of old messages by itself is for browsers without script.
  if (document.querySelector(".conversation:not([data-newest])")) return location.replace(location.pathname);
  shown = here();
  document.addEventListener("click", onClick);
  // Before htmx, which would fetch the whole page.
  addEventListener("popstate", onPopState, { capture: true });
  const listen = (name, handler) => document.addEventListener(`htmx:${name}`, handler);
  listen("configRequest", ({ detail }) => (detail.headers["X-Expected-User"] = userId));
  listen("beforeSwap", ({ target }) => target.id === "sidebar" && (otherSidebar = target.cloneNode(true)));
  listen("pushedIntoHistory", () => (shown = here()));
  listen("historyCacheMiss", ({ detail }) => goingBack(detail.xhr));
  listen("historyRestore", restored);
  listen("historyCacheMissLoad", ({ detail }) => followRedirect(detail.xhr));
  listen("historyCacheMissLoadError", ({ detail }) => (detail.xhr.status === 404 ? location.reload() : stay()));
  listen("responseError", ({ detail }) => refused(detail));
  listen("timeout", ({ detail }) => unanswered(detail.elt));
  listen("sendError", ({ detail }) => withoutNetwork(detail.elt));
  on("connection", ({ state }) => ["live", "polling"].includes(state) && load());
  if (document.activeElement === document.body) focusPane();
  const { peerId } = placeOf(shown);
  if (peerId && !pane().dataset.peerId) openFromList(peerId);
}

/** Without network the service worker gives the list for a chat that was not kept. */
function openFromList(peerId) {
  const row = rowOf(peerId) ?? (peerId === "saved" ? document.querySelector(".row.is-saved") : null);
  if (row?.dataset.peerId !== peerId) {
    shown = row ? row.getAttribute("href") : listAddress();
    history.replaceState({ htmx: true }, "", shown);
  }
  if (row) show(here());
  else notLoaded();
}

const listAddress = () => document.querySelector(".segments [aria-current]").getAttribute("href");

const here = () => location.pathname + location.search;

export const shownAddress = () => shown;

function placeOf(address) {
  const { pathname, searchParams } = new URL(address, location);
  const isContacts = pathname === "/contacts" || searchParams.get("list") === "contacts";
  return { peerId: pathname.match(/^\/chat\/([^/]+)$/)?.[1] ?? "", tab: isContacts ? "contacts" : "chats" };
}

const isList = (address) => address !== undefined && !placeOf(address).peerId;

function onClick(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a.row, a.hit, .conversation__back");
  if (!link) return;
  event.preventDefault();
  if (link.matches(".conversation__back")) leave();
  else open(link.getAttribute("href"), link.dataset);
}

/** With the key and `seq` of a message: in the open conversation it is near. */
export function open(address, { messageId, seq } = {}) {
  if (messageId && placeOf(address).peerId === pane().dataset.peerId) {
    history.pushState({ htmx: true, from: shown }, "", address);
    return emit("jump", { messageId, seq: Number(seq) });
  }
  if (address === here() && !provisionalList()) return focusPane();
  if (address !== here()) {
    history.replaceState({ ...history.state, htmx: true }, "");
    history.pushState({ htmx: true, from: shown }, "", address);
  }
  show(here());
}

/** Back to the list: in history, where that is what comes before. */
function leave() {
  if (isList(history.state?.from)) return history.back();
  history.replaceState({ htmx: true }, "", listAddress());
  show(here());
}

function onPopState(event) {
  const { peerId, tab } = placeOf(here());
  const isHere = here() === shown;
  if (!isHere && tab !== tabOf(sidebar()) && tabOf(otherSidebar) !== tab) return;
  if (!isHere && peerId && !hasPane(peerId, rowOf(peerId))) return;
  event.stopImmediatePropagation();
  goingTo?.abort();
  if (!isHere) show(here());
}

function show(address) {
  const { peerId, tab } = placeOf(address);
  htmx.trigger(provisionalList() ?? pane(), "htmx:abort");
  emit("conversation-leaving");
  shown = address;
  if (tabOf(sidebar()) !== tab) swapSidebars();
  if (!peerId) showNoPane();
  else if (peerId !== pane().dataset.peerId) showPane(peerId, rowOf(peerId));
  opened();
  load();
}

/** Asks the server what is said in the conversation that is shown; what is being written there stays. */
function load() {
  const list = provisionalList();
  if (!list || list.matches(".htmx-request")) return;
  if ("unreached" in list.dataset) return merge(list);
  if ("absent" in list.dataset) list.dataset.absent = "loading";
  const headers = { "HX-Target": "conversation" };
  const how = { source: list, target: list, select: "message-list", swap: "outerHTML show:none", headers };
  htmx.ajax("GET", shown, how).then(() => emit("history-loaded", {})).catch(() => {});
}

/** What changed since the list was shown without network fits into it: nothing moves that is being read. */
async function merge(list) {
  if (list === catchingUp) return;
  catchingUp = list;
  const error = await catchUp(list.dataset.stale).catch((failure) => failure);
  if (list === catchingUp) catchingUp = null;
  if (error?.isTemporary) return unanswered(list);
  delete list.dataset.unreached;
  if (error) return load();
  delete list.dataset.stale;
  if (!list.isConnected) return;
  list.catchUp();
  emit("history-loaded", {});
}

const sidebar = () => document.getElementById("sidebar");
const tabOf = (bar) => bar && (bar.querySelector("#contact-rows") ? "contacts" : "chats");

/** The chats are in both, and up to date in the one that is shown. */
function swapSidebars() {
  const [old, next] = [sidebar(), otherSidebar];
  const chats = old.querySelector("#chat-rows");
  otherSidebar = old.cloneNode(true);
  next.querySelector("#chat-rows").replaceWith(chats);
  old.replaceWith(next);
  htmx.process(next);
}

/** What was read there before this page was loaded, if anything; a list that is not here is a page of its own. */
async function withoutNetwork(elt) {
  if (isList(elt.href) && (await keptPage(userId, elt.href))) return location.assign(elt.href);
  if (elt.matches("[data-stale]")) elt.dataset.unreached = "";
  const html = elt.matches("message-list[data-absent]") ? await keptPage(userId, shown) : "";
  if (!html) return unanswered(elt);
  if (!elt.isConnected) return;
  showKeptPane(html);
  opened();
}

function unanswered(elt) {
  if (!elt.matches("message-list")) return notLoaded();
  if ("absent" in elt.dataset) elt.dataset.absent = "failed";
  // Without network, the next connection is what to wait for.
  if (navigator.onLine) setTimeout(load, AGAIN_AFTER);
}

const notLoaded = () => emit("notice", { text: text("load-failed"), kind: "info" });

/** To a page that the service worker keeps, or nowhere. */
async function goOrStay() {
  if (await keptPage(userId, here())) location.reload();
  else stay();
}

/** The page that was wanted cannot be shown: then the address is that of the one which is. */
function stay() {
  history.replaceState({ htmx: true }, "", shown);
  notLoaded();
}

/** Whoever goes back twice wants the second page, whichever answer comes first. */
function goingBack(xhr) {
  goingTo?.abort();
  goingTo = xhr;
  xhr.setRequestHeader("X-Expected-User", userId);
  xhr.addEventListener("error", goOrStay);
}

function restored() {
  shown = here();
  opened();
}

function opened() {
  focusPane();
  emit("conversation-opened", {});
}

/** To the composer; where that would call up a keyboard, to the heading; back in the list, to where one came from. */
function focusPane() {
  const open = document.querySelector(".conversation");
  if (!open) return focusList();
  last = open.dataset.peerId;
  if (hasPointer.matches) open.querySelector("message-composer").focus();
  else open.querySelector("h1").focus({ preventScroll: true });
}

function focusList() {
  if (last) (rowOf(last) ?? document.querySelector(".segments [aria-current]")).focus();
}

/** The one that is seen: a person may be among the chats and the contacts. */
function rowOf(peerId = "") {
  const rows = [...document.querySelectorAll(`.row[data-peer-id="${CSS.escape(peerId)}"]`)];
  return rows.find((row) => row.checkVisibility()) ?? rows[0];
}

/** On the way back htmx does not heed the header that leads to log-in. */
function followRedirect(xhr) {
  const address = xhr.getResponseHeader("HX-Redirect");
  if (address) location.assign(address);
}

/** A page that says what is wrong tells more than a line could. */
function refused({ elt, xhr, pathInfo, boosted }) {
  const isPane = elt.matches("message-list");
  if (isPane && xhr.status === 404) return location.reload();
  if (boosted && xhr.status === 404) return location.assign(pathInfo.requestPath);
  if (isPane) unanswered(elt);
  emit("notice", { text: text("load-failed"), kind: "error" });
}
