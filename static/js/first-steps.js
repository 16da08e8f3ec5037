// The first steps of a new account: which of them this browser offers, and which are done. Loaded by
// elements/first-steps.js, which passes in what it shares with the page.
import { canNotify, enablePush, isAllowed } from "./lib/push.js";

let me = "";
let page;
let isOver = false;

export function start(userId, shared) {
  me = userId;
  page = shared;
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("htmx:load", show);
  show();
}

/** In the document, and in the template of the pane without a chat. */
function all(selector) {
  const kept = document.getElementById("nothing-template").content;
  return [document, kept].flatMap((root) => [...root.querySelectorAll(selector)]);
}

const steps = (name) => all(`.step[data-step="${name}"]`);

function isDone(step) {
  return step.matches(".is-done") || (step.dataset.step === "chat" && Boolean(document.querySelector("#chat-rows .row")));
}

function show() {
  const canAsk = canNotify() && Notification.permission !== "denied";
  for (const step of steps("notifications")) {
    if (isAllowed()) step.classList.add("is-done");
    step.hidden = !canAsk && !isDone(step);
  }
  finish();
}

function onClick(event) {
  const copied = event.target.closest?.(".steps [data-copy]");
  if (copied) {
    event.preventDefault();
    page.copyText(copied.dataset.copy, "copied");
  }
  const button = event.target.closest?.(".steps [data-notify]");
  if (button) notify(button);
}

/** Where push is not available, open pages show notifications themselves. */
async function notify(button) {
  button.disabled = true;
  await enablePush().catch(() => {});
  button.disabled = false;
  if (isAllowed()) {
    page.write(`notify:${me}`, "on");
    page.loadNotifications(me);
  }
  show();
}

function onSubmit(event) {
  const step = event.target.closest?.(".steps .step");
  if (!step) return;
  event.preventDefault();
  const { step: name } = step.dataset;
  const next = step.nextElementSibling ?? step.previousElementSibling;
  if (name === "notifications") page.write(`notify:${me}`, "offered");
  skip(event.target, [name]);
  steps(name).forEach((each) => each.remove());
  (next?.querySelector(".button") ?? document.getElementById("conversation")).focus();
  finish();
}

/** Removes the section once no step is left; completed steps disappear with the next page load. */
function finish() {
  const shown = all(".steps .step:not([hidden])");
  if (!shown.length) all(".steps").forEach((each) => each.remove());
  if (isOver || !shown.every(isDone)) return;
  isOver = true;
  const form = document.querySelector(".steps form");
  if (form) skip(form, all(".steps .step").map(({ dataset }) => dataset.step));
}

function skip(form, names) {
  const body = new FormData(form);
  names.forEach((name) => body.append("step", name));
  fetch(form.action, { method: "POST", body, headers: { "X-Expected-User": me }, redirect: "manual" }).catch(() => {});
}
