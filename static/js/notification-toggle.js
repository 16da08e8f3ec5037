// The profile's button that turns notifications on and off for this device.
import { canNotify, disablePush, enablePush, isAllowed, notificationSettings } from "./lib/push.js";
import { write } from "./lib/storage.js";

const button = () => document.getElementById("notification-toggle");
const { userId } = document.body.dataset;
let isOn = false;

if (canNotify()) {
  document.addEventListener("click", ({ target }) => target.closest?.("#notification-toggle") && onClick());
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

async function onClick() {
  button().disabled = true;
  setStatus(await toggle().catch(() => "failed"));
  button().disabled = false;
  show();
}

/** Returns the key of the status text, or "". */
async function toggle() {
  const wasOn = isOn;
  if (wasOn) await disablePush();
  else if (!(await enablePush())) return "denied";
  isOn = !wasOn;
  write(`notify:${userId}`, isOn ? "on" : "off");
  return "";
}

function setStatus(words) {
  document.getElementById("notification-status").textContent = words && button().dataset[words];
}
