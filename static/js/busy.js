// Shows that a form is being submitted, and keeps it from being submitted twice.

const MAX_BUSY = 20_000; // milliseconds: htmx's own timeout, and for page loads that the user stopped

const isBusy = (form) => form.getAttribute("aria-busy") === "true";
const isForm = (element) => element instanceof HTMLFormElement;

/** The style sheet shows it on the form's button. */
export function setBusy(form) {
  form.setAttribute("aria-busy", "true");
  setTimeout(() => setIdle(form), MAX_BUSY);
}

export function setIdle(form) {
  form.removeAttribute("aria-busy");
}

// On the window, after all handlers that submit a form by script.
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

// A redirect keeps the form busy until the next page is there.
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (isForm(elt) && !xhr.getResponseHeader("HX-Redirect")) setIdle(elt);
});

addEventListener("pageshow", ({ persisted }) => persisted && document.querySelectorAll("form[aria-busy]").forEach(setIdle));
