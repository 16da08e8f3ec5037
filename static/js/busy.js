// Forms show that they are at work, and are not sent twice.

const LONGEST = 20_000; // milliseconds; as htmx waits for an answer, and for pages that somebody stopped loading

const isBusy = (form) => form.getAttribute("aria-busy") === "true";
const isForm = (element) => element instanceof HTMLFormElement;

/** The style sheet shows it at the form's button. */
export function setBusy(form) {
  form.setAttribute("aria-busy", "true");
  setTimeout(() => setIdle(form), LONGEST);
}

export function setIdle(form) {
  form.removeAttribute("aria-busy");
}

// At the window, after everybody who takes a form for their own.
addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.submitter?.formMethod === "dialog" || event.target.method === "dialog") return;
  if (isBusy(event.target)) event.preventDefault();
  else setBusy(event.target);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (!isForm(form)) return;
  if (isBusy(form)) event.preventDefault();
  else setBusy(form);
});

// An answer that leads elsewhere is not the end of it.
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (isForm(elt) && !xhr.getResponseHeader("HX-Redirect")) setIdle(elt);
});

addEventListener("pageshow", ({ persisted }) => persisted && document.querySelectorAll("form[aria-busy]").forEach(setIdle));
