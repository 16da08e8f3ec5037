// htmx swaps the zones of the page; this looks after what it cannot know.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { fetchAbsent, showAbsent } from "./absent.js";

const hasPointer = matchMedia("(hover: hover)");
const { userId } = document.body.dataset;
const pane = () => document.getElementById("conversation");
let last = "";
let goingTo = null;

export function watchNavigation() {
  // A page of old messages by itself is for browsers without script.
  if (document.querySelector(".conversation:not([data-newest])")) return location.replace(location.pathname);
  const listen = (name, handler) => document.addEventListener(`htmx:${name}`, handler);
  listen("configRequest", ({ detail }) => (detail.headers["X-Expected-User"] = userId));
  listen("beforeRequest", ({ detail }) => opening(detail));
  listen("afterSettle", ({ target }) => target.id === "conversation" && opened());
  listen("historyCacheMiss", ({ detail }) => goingBack(detail.xhr));
  listen("historyRestore", opened);
  listen("historyCacheMissLoad", ({ detail }) => followRedirect(detail.xhr));
  listen("responseError", ({ detail }) => refused(detail));
  for (const name of ["sendError", "timeout"]) listen(name, ({ detail }) => isOpening(detail) || notLoaded());
  listen("historyCacheMissLoadError", notLoaded);
  on("connection", ({ state }) => ["live", "polling"].includes(state) && fetchAbsent());
  if (document.activeElement === document.body) focusPane();
}

const isOpening = ({ elt }) => elt.matches(".row");
const notLoaded = () => emit("notice", { text: text("load-failed"), kind: "info" });

/** From the click on, nobody can write to the one before by mistake. */
function opening({ elt, xhr }) {
  if (!elt.matches(".row")) return;
  choose(elt.dataset.peerId);
  for (const name of ["error", "timeout"]) xhr.addEventListener(name, () => showInstead(elt));
  xhr.addEventListener("load", () => xhr.status >= 400 && choose(""));
}

/** The pane tells the list whom it is about to show; "" for the one that it shows. */
function choose(peerId) {
  pane().inert = Boolean(peerId);
  pane().dataset.next = peerId;
  emit("chosen", {});
}

function showInstead(row) {
  const address = row.getAttribute("href");
  // As htmx marks its own entries, so that it brings back either.
  history.replaceState({ htmx: true }, "");
  history.pushState({ htmx: true }, "", address);
  showAbsent(row);
  opened();
}

/** Whoever goes back twice wants the second page, whichever answer comes first. */
function goingBack(xhr) {
  goingTo?.abort();
  goingTo = xhr;
  xhr.setRequestHeader("X-Expected-User", userId);
  xhr.addEventListener("error", () => {
    const row = rowOf(location.pathname.split("/")[2]);
    if (!row) return notLoaded();
    showAbsent(row);
    opened();
  });
}

function opened() {
  focusPane();
  emit("opened", {});
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
function refused({ xhr, pathInfo, boosted }) {
  if (boosted && xhr.status === 404) location.assign(pathInfo.requestPath);
  else emit("notice", { text: text("load-failed"), kind: "error" });
}
