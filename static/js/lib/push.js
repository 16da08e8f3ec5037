// The push messages of this browser: a service worker of its own takes them (templates/push.js), and where the service of
// the browser's maker sends them to is known to the server.
import { deleteJSON, getJSON, putJSON } from "../api.js";

const SETTINGS = "/api/auth/notifications";
const SUBSCRIPTION = `${SETTINGS}/subscription`;

export const canNotify = () => Boolean(navigator.serviceWorker && globalThis.Notification);
export const isAllowed = () => canNotify() && Notification.permission === "granted";

export const notificationSettings = () => getJSON(SETTINGS);

/** With its worker at work. */
export async function pushRegistration() {
  const registration = await navigator.serviceWorker.register("/push.js", { scope: "/push/" });
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (worker.state !== "activated") {
    await new Promise((resolve) => worker.addEventListener("statechange", () => worker.state === "activated" && resolve()));
  }
  return registration;
}

/** Asks the person, if nobody has; to be called by a click. Whether they are notified from now on. */
export async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return false;
  await subscribe();
  return true;
}

/** Rejects where the browser has no service that could be reached: then only open pages notify. */
export async function subscribe() {
  const { publicKey } = await notificationSettings();
  const registration = await pushRegistration();
  const old = await registration.pushManager.getSubscription();
  if (old && keyOf(old) !== publicKey) await old.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  const { endpoint, keys } = (await registration.pushManager.subscribe(options)).toJSON();
  await putJSON(SUBSCRIPTION, { endpoint, ...keys });
}

export async function turnOff() {
  await deleteJSON(SUBSCRIPTION);
  await forgetSubscription();
}

/** Whoever it was for. */
export async function forgetSubscription() {
  const registration = await navigator.serviceWorker.getRegistration("/push/");
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** Of the site for which a subscription was made, as the server writes it. */
function keyOf({ options }) {
  const bytes = String.fromCharCode(...new Uint8Array(options.applicationServerKey ?? []));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
