// Push messages for this browser. A separate service worker receives them (templates/push.js); the server stores the
// subscription with the browser's push service.
import { deleteJSON, getJSON, putJSON } from "../api.js";

const SETTINGS = "/api/auth/notifications";
const SUBSCRIPTION = `${SETTINGS}/subscription`;

export const canNotify = () => Boolean(navigator.serviceWorker && globalThis.Notification);
export const isAllowed = () => canNotify() && Notification.permission === "granted";

export const notificationSettings = () => getJSON(SETTINGS);

/** Resolves once the worker is active. */
export async function pushRegistration() {
  const registration = await navigator.serviceWorker.register("/push.js", { scope: "/push/" });
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (worker.state !== "activated") {
    await new Promise((resolve) => worker.addEventListener("statechange", () => worker.state === "activated" && resolve()));
  }
  return registration;
}

/** Asks for permission and subscribes; call it from a click. Returns whether notifications are on. */
export async function enablePush() {
  if ((await Notification.requestPermission()) !== "granted") return false;
  await subscribe();
  return true;
}

/** Rejects if the browser's push service cannot be reached: then only open pages show notifications. */
export async function subscribe() {
  const { publicKey } = await notificationSettings();
  const registration = await pushRegistration();
  const old = await registration.pushManager.getSubscription();
  if (old && keyOf(old) !== publicKey) await old.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  const { endpoint, keys } = (await registration.pushManager.subscribe(options)).toJSON();
  await putJSON(SUBSCRIPTION, { endpoint, ...keys });
}

export async function disablePush() {
  await deleteJSON(SUBSCRIPTION);
  await removeSubscription();
}

/** Whichever account it was for. */
export async function removeSubscription() {
  const registration = await navigator.serviceWorker.getRegistration("/push/");
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** The site's public key of a subscription, encoded as the server does. */
function keyOf({ options }) {
  const bytes = String.fromCharCode(...new Uint8Array(options.applicationServerKey ?? []));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
