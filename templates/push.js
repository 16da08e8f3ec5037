{% load static %}// Handles push messages and clicks on their notifications. A separate worker, registered only where notifications are on.
const ICON = "{% static 'icon-192.png' %}";
const BADGE = "{% static 'icon-badge.png' %}";
/** Pages that can navigate to a message: elements/navigation.js. */
const CHATS = /^\/($|contacts$|chat\/)/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(onPush(event.data.json())));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(onClick(event, event.notification.data));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(resubscribe(event)));

async function onPush({ close, app_badge: count, notification }) {
  if (close) {
    const shown = await self.registration.getNotifications({ tag: close });
    shown.forEach((each) => each.close());
    return setBadge(count);
  }
  const { title, app_badge: unread, ...options } = notification;
  await Promise.all([show(title, options), setBadge(unread)]);
}

function show(title, options) {
  const { reply, read } = options.data;
  const actions = [{ action: "reply", type: "text", title: reply }, { action: "read", title: read }];
  return self.registration.showNotification(title, { icon: ICON, badge: BADGE, actions: reply ? actions : [], ...options });
}

async function setBadge(count) {
  await self.navigator.setAppBadge?.(Number(count)).catch(() => {});
}

async function onClick({ action, reply }, data) {
  if (action === "read") return call("PUT", `/api/messages/read/${data.peerId}`, data, { seq: data.seq });
  if (action === "reply" && reply) return sendReply(reply, data);
  return open(data);
}

/** If the reply cannot be sent, a notification shows its text, so that nothing is lost. */
async function sendReply(text, data) {
  const clientMessageId = crypto.randomUUID();
  const isSent = await call("POST", `/api/messages/send/${data.peerId}`, data, { text, clientMessageId });
  if (!isSent) await show(data.failed, { body: text, tag: `failed:${clientMessageId}`, data: { ...data, reply: "", read: "" } });
}

async function call(method, path, { userId }, body) {
  const headers = { "Content-Type": "application/json", "X-Expected-User": userId };
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) }).catch(() => null);
  return Boolean(response?.ok);
}

/** In a window that is open already, if there is one. */
async function open(data) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const chats = windows.filter(({ url }) => CHATS.test(new URL(url).pathname));
  const target = chats.find(({ visibilityState }) => visibilityState === "visible") ?? chats[0];
  if (!target) return self.clients.openWindow(data.place);
  await target.focus().catch(() => {});
  target.postMessage({ open: data });
}

/** The event may lack both the old and a new subscription. */
async function resubscribe({ newSubscription }) {
  const { endpoint, keys } = (newSubscription ?? (await subscribe())).toJSON();
  const headers = { "Content-Type": "application/json" };
  await fetch("/api/auth/notifications/subscription", { method: "PUT", headers, body: JSON.stringify({ endpoint, ...keys }) });
}

async function subscribe() {
  const response = await fetch("/api/auth/notifications");
  const { publicKey: applicationServerKey } = await response.json();
  return self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
}
