// Forms that htmx sends: what they say to somebody who does not see the page change, and when nothing comes back.

import "./busy.js";

const TOO_LARGE = 413;
const TO_WAIT = [429, 503];
const PAUSE = 100; // milliseconds; what a live region says at once, nobody hears

/** By status: what is about to be said, unless somebody goes on before. */
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
  document.addEventListener(failure, ({ target, detail }) => tellFailure(target, detail.xhr));
}

function announce(status) {
  const words = status.textContent;
  if (!words) return;
  status.textContent = "";
  announcing.set(status, setTimeout(() => { status.textContent = words; }, PAUSE));
}

function tellFailure(form, answer) {
  form.querySelector(".notice")?.remove();
  form.prepend(noticeIn(answer) ?? noticeFor(answer));
  form.querySelector(".notice").focus();
}

/** An answer that asks for patience has words for it. Nothing else of it is taken, so that all that was typed stays. */
function noticeIn({ status, responseText }) {
  if (!TO_WAIT.includes(status)) return null;
  return new DOMParser().parseFromString(responseText, "text/html").querySelector("form .notice");
}

function noticeFor({ status }) {
  return document.getElementById(status === TOO_LARGE ? "too-large" : "failure").content.cloneNode(true);
}
