// Forms submitted by htmx: announces their result to screen readers, and shows failures.

import "./busy.js";

const TOO_LARGE = 413;
const RETRY_LATER = [429, 503];
const ANNOUNCE_DELAY = 100; // milliseconds: screen readers ignore a live region that is filled at once

/** The pending announcement of each status element; typing cancels it. */
const announcing = new WeakMap();

document.addEventListener("input", ({ target }) => {
  const status = target.form?.querySelector("[role=status]");
  if (!status) return;
  clearTimeout(announcing.get(status));
  status.textContent = "";
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  for (const status of target.querySelectorAll("[role=status]")) announce(status);
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ target, detail }) => showFailure(target, detail.xhr));
}

function announce(status) {
  const words = status.textContent;
  if (!words) return;
  status.textContent = "";
  announcing.set(status, setTimeout(() => { status.textContent = words; }, ANNOUNCE_DELAY));
}

function showFailure(form, xhr) {
  form.querySelector(".notice")?.remove();
  form.prepend(noticeIn(xhr) ?? noticeFor(xhr));
  form.querySelector(".notice").focus();
}

/** The notice in a 429 or 503 page. The rest of that page is not used, so the form keeps its input. */
function noticeIn({ status, responseText }) {
  if (!RETRY_LATER.includes(status)) return null;
  return new DOMParser().parseFromString(responseText, "text/html").querySelector("form .notice");
}

function noticeFor({ status }) {
  return document.getElementById(status === TOO_LARGE ? "too-large" : "failure").content.cloneNode(true);
}
