// htmx swaps the zones of the page; this looks after what it cannot know.
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const hasPointer = matchMedia("(hover: hover)");
let last = "";

export function watchNavigation() {
  document.addEventListener("htmx:afterSettle", ({ target }) => target.id === "conversation" && opened());
  document.addEventListener("htmx:historyRestore", opened);
  document.addEventListener("htmx:historyCacheMissLoad", ({ detail }) => followRedirect(detail.xhr));
  document.addEventListener("htmx:responseError", ({ detail }) => refused(detail));
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:historyCacheMissLoadError"]) {
    document.addEventListener(name, () => emit("notice", { text: text("load-failed"), kind: "info" }));
  }
  focusPane();
}

function opened() {
  focusPane();
  emit("opened", {});
}

/** To the composer; where that would call up a keyboard, to the heading; back in the list, to where one came from. */
function focusPane() {
  const pane = document.querySelector(".conversation");
  if (!pane) return document.querySelector(`.row[data-peer-id="${last}"]`)?.focus();
  last = pane.dataset.peerId;
  if (hasPointer.matches) pane.querySelector("message-composer").focus();
  else pane.querySelector("h1").focus({ preventScroll: true });
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
