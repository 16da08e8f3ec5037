// The button of the profile by which this device is notified, or not any more.
import { canNotify, isAllowed, notificationSettings, turnOff, turnOn } from "./lib/push.js";
import { write } from "./lib/storage.js";

const button = () => document.getElementById("notification-toggle");
const { userId } = document.body.dataset;
let isOn = false;

if (canNotify()) {
  document.addEventListener("click", ({ target }) => target.closest?.("#notification-toggle") && change());
  document.addEventListener("htmx:load", show);
  notificationSettings().then(({ subscribed }) => {
    isOn = subscribed && isAllowed();
    show();
  }, () => {});
}

function show() {
  if (!button()) return;
  button().hidden = false;
  button().textContent = isOn ? button().dataset.on : button().dataset.off;
}

async function change() {
  button().disabled = true;
  say(await changed().catch(() => "failed"));
  button().disabled = false;
  show();
}

/** What there is to say, if anything. */
async function changed() {
  const wasOn = isOn;
  if (wasOn) await turnOff();
  else if (!(await turnOn())) return "denied";
  isOn = !wasOn;
  write(`notify:${userId}`, isOn ? "on" : "off");
  return "";
}

function say(words) {
  document.getElementById("notification-status").textContent = words && button().dataset[words];
}
