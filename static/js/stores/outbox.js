import { postJSON, timeToUpload } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { endSession } from "../lib/session.js";
import { text as t } from "../lib/texts.js";
import { Delivery } from "./outbox-delivery.js";
import { OutboxEntries } from "./outbox-entries.js";
import { cancelled, endUpload, forgetUpload, upload } from "./uploads.js";

// An entry: {clientMessageId, receiverId, text, image?: {dataUrl, width, height}, attachments?: [{blob, name, type, size, kind,
//            width?, height?, caption?, duration?, waveform?, poster?}], viewOnce?: {kind, files}, replyTo?, mentions?, createdAt, state: "pending" | "failed",
//            error?: why it failed}

const OTHER_TABS_DELAY = 2000;
/** How long a response may take, apart from the upload, before the connection is checked. */
const RESPONSE_TIMEOUT = 4000;

let entries, delivery, markOpen;
/** A channel to other tabs. Without it they learn almost as much from the database and the socket. */
let tabs = null;
let isConnected = false;
/** Settles once everything added so far is stored. */
let stored = new Promise((resolve) => (markOpen = resolve));

/** Loads the account's unsent messages, including those of earlier visits, and sends them. */
export function openOutbox(userId) {
  entries = new OutboxEntries(userId);
  delivery = new Delivery(entries, {
    post, sent, failed, rateLimited, released, isConnected: () => isConnected, signedOut: endSession,
  });
  if (globalThis.BroadcastChannel) {
    tabs = new BroadcastChannel(`outbox-${userId}`);
    tabs.onmessage = ({ data }) => receive(data);
  }
  on("connection", ({ state }) => setConnected(["live", "polling"].includes(state)));
  addEventListener("online", () => delivery.wake());
  addEventListener("pagehide", () => delivery.release());
  addEventListener("beforeunload", (event) => entries.hasUnsaved && event.preventDefault());
  markOpen();
  return delivery.wake();
}

function setConnected(now) {
  isConnected = now;
  if (now) delivery.wake();
}

/** Shows the message at once, and sends it as soon as it is stored. */
export function enqueue({ receiverId, text, image, attachments = [], viewOnce, replyTo, mentions = [] }) {
  const createdAt = new Date().toISOString();
  const entry = { clientMessageId: newClientId(), receiverId, text, createdAt, state: "pending" };
  if (image) entry.image = { dataUrl: image.dataUrl, width: image.width, height: image.height };
  if (attachments.length) entry.attachments = attachments;
  if (viewOnce) entry.viewOnce = { kind: attachments[0].waveform ? "voice" : "picture", files: attachments.map(({ name }) => name) };
  if (replyTo) entry.replyTo = replyTo;
  if (mentions.length) entry.mentions = mentions;
  emit("outbox", { entry, change: "added" });
  stored = stored.then(() => entries.put(entry));
  stored.then(() => onStored(entry));
  return entry;
}

async function onStored(entry) {
  broadcast({ entry, change: "added" });
  delivery.wake();
  const first = await entries.first(entry.receiverId);
  if (first?.state === "failed") emit("notice", { text: t("waits-for-decision"), kind: "info" });
}

export async function retry(clientMessageId) {
  const entry = await entries.change(clientMessageId, { state: "pending", error: "" });
  if (entry) show({ entry, change: "retried" });
  return delivery.wake();
}

export async function discard(clientMessageId) {
  const entry = await entries.remove(clientMessageId);
  endUpload(clientMessageId, entry?.attachments);
  if (entry) show({ entry, change: "discarded" });
  delivery.wake();
  return entry;
}

/** All pending and failed entries. */
export async function allEntries() {
  await stored;
  return entries.all();
}

/** The pending and failed entries for this receiver, in order. */
export async function entriesFor(receiverId) {
  await stored;
  return entries.of(receiverId);
}

async function post(entry) {
  const { clientMessageId, receiverId, text, image, viewOnce, replyTo, mentions } = entry;
  const attachments = entry.attachments && (await uploadAttachments(entry));
  const timeout = RESPONSE_TIMEOUT + timeToUpload(image?.dataUrl.length ?? 0);
  const timer = setTimeout(emit, timeout, "response-overdue");
  try {
    const body = { text, image: image?.dataUrl, attachments, captions: captionsOf(entry, attachments), viewOnce: viewOnce && true, clientMessageId, mentions };
    const path = `/api/messages/send/${receiverId}`;
    if (!replyTo) return await postJSON(path, body);
    // The original may be gone by now: then send the message without the reply.
    const isGone = ({ status }) => status === 400;
    return await postJSON(path, { ...body, replyTo }).catch((error) => (isGone(error) ? postJSON(path, body) : Promise.reject(error)));
  } finally {
    clearTimeout(timer);
  }
}

/** The captions by file key, or undefined. */
export function captionsOf({ attachments = [] }, keys) {
  const captions = attachments.flatMap(({ caption }, index) => (caption ? [[keys[index], caption]] : []));
  return captions.length ? Object.fromEntries(captions) : undefined;
}

/** Uploads the files and returns their keys, unless the entry was discarded meanwhile, perhaps in another tab. */
async function uploadAttachments(entry) {
  const keys = await upload(entry);
  if (await entries.has(entry.clientMessageId)) return keys;
  endUpload(entry.clientMessageId, entry.attachments);
  throw cancelled();
}

async function sent(entry, message) {
  emit("message", { message, live: false });
  forgetUpload(entry.clientMessageId);
  await entries.remove(entry.clientMessageId);
  broadcast({ message });
}

async function failed({ clientMessageId }, error) {
  const entry = await entries.change(clientMessageId, { state: "failed", error: error.message });
  if (!entry) return;
  show({ entry, change: "failed" });
  emit("notice", { text: `${t("not-sent")} ${error.message}`, kind: "error" });
}

const rateLimited = (message = t("held-up")) => emit("notice", { text: message, kind: "info" });

const released = () => broadcast({ released: true });

function show(update) {
  emit("outbox", update);
  broadcast(update);
}

function broadcast(update) {
  tabs?.postMessage(update);
}

function receive({ entry, change, message }) {
  if (message) emit("message", { message, live: false });
  if (message) return forgetUpload(message.clientMessageId);
  if (change === "discarded") endUpload(entry.clientMessageId);
  if (entry) emit("outbox", { entry, change });
  // The tab with a new entry sends it itself, unless it is closed.
  setTimeout(() => delivery.wake(), entry ? OTHER_TABS_DELAY : 0);
}
