import { postJSON, timeToUpload } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { endSession } from "../lib/session.js";
import { text as say } from "../lib/texts.js";
import { Delivery } from "./outbox-delivery.js";
import { OutboxEntries } from "./outbox-entries.js";
import { cancelled, endUpload, forgetUpload, upload } from "./uploads.js";

// An entry: {clientMessageId, receiverId, text, image?: {dataUrl, width, height}, attachments?: [{blob, name, type, size, kind,
//            width?, height?, caption?, duration?, waveform?, poster?}], viewOnce?: {kind, files}, replyTo?, mentions?, createdAt, state: "pending" | "failed",
//            error?: why it failed}

const OTHERS_FIRST = 2000;
/** How long an answer may take, beside the upload, until the connection is looked at. */
const ANSWER_WITHIN = 4000;

let entries, delivery, begin;
/** The other tabs. Without a channel to them they learn nearly as much from the database and the socket. */
let tabs = null;
let isConnected = false;
/** Settles when everything that was added up to now is kept. */
let kept = new Promise((resolve) => (begin = resolve));

/** Takes up the account's unsent messages, also those of other visits, and sends them. */
export function open(userId) {
  entries = new OutboxEntries(userId);
  delivery = new Delivery(entries, {
    post, sent, failed, heldUp, released, isConnected: () => isConnected, signedOut: endSession,
  });
  if (globalThis.BroadcastChannel) {
    tabs = new BroadcastChannel(`outbox-${userId}`);
    tabs.onmessage = ({ data }) => receive(data);
  }
  on("connection", ({ state }) => connected(["live", "polling"].includes(state)));
  addEventListener("online", () => delivery.wake());
  addEventListener("pagehide", () => delivery.release());
  addEventListener("beforeunload", (event) => entries.hasUnkept && event.preventDefault());
  begin();
  return delivery.wake();
}

function connected(now) {
  isConnected = now;
  if (now) delivery.wake();
}

/** Shows the message at once; it goes out as soon as it is kept. */
export function add({ receiverId, text, image, attachments = [], viewOnce, replyTo, mentions = [] }) {
  const createdAt = new Date().toISOString();
  const entry = { clientMessageId: newClientId(), receiverId, text, createdAt, state: "pending" };
  if (image) entry.image = { dataUrl: image.dataUrl, width: image.width, height: image.height };
  if (attachments.length) entry.attachments = attachments;
  if (viewOnce) entry.viewOnce = { kind: attachments[0].waveform ? "voice" : "picture", files: attachments.map(({ name }) => name) };
  if (replyTo) entry.replyTo = replyTo;
  if (mentions.length) entry.mentions = mentions;
  emit("outbox", { entry, change: "added" });
  kept = kept.then(() => entries.put(entry));
  kept.then(() => hasKept(entry));
  return entry;
}

async function hasKept(entry) {
  broadcast({ entry, change: "added" });
  delivery.wake();
  const first = await entries.first(entry.receiverId);
  if (first?.state === "failed") emit("notice", { text: say("waits-for-decision"), kind: "info" });
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

/** What waits or failed, whoever it is for. */
export async function allEntries() {
  await kept;
  return entries.all();
}

/** What waits or failed for this receiver, in order. */
export async function entriesFor(receiverId) {
  await kept;
  return entries.of(receiverId);
}

async function post(entry) {
  const { clientMessageId, receiverId, text, image, viewOnce, replyTo, mentions } = entry;
  const attachments = entry.attachments && (await uploaded(entry));
  const patience = ANSWER_WITHIN + timeToUpload(image?.dataUrl.length ?? 0);
  const timer = setTimeout(emit, patience, "response-overdue");
  try {
    const body = { text, image: image?.dataUrl, attachments, captions: captionsOf(entry, attachments), viewOnce: viewOnce && true, clientMessageId, mentions };
    const path = `/api/messages/send/${receiverId}`;
    if (!replyTo) return await postJSON(path, body);
    // What it answers may be gone by now: what was written is sent all the same.
    const isGone = ({ status }) => status === 400;
    return await postJSON(path, { ...body, replyTo }).catch((error) => (isGone(error) ? postJSON(path, body) : Promise.reject(error)));
  } finally {
    clearTimeout(timer);
  }
}

/** By the keys of its files; nothing where there are none. */
export function captionsOf({ attachments = [] }, keys) {
  const said = attachments.flatMap(({ caption }, place) => (caption ? [[keys[place], caption]] : []));
  return said.length ? Object.fromEntries(said) : undefined;
}

/** The keys of its files, unless it was discarded meanwhile, be it in another tab. */
async function uploaded(entry) {
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
  emit("notice", { text: `${say("not-sent")} ${error.message}`, kind: "error" });
}

const heldUp = (message = say("held-up")) => emit("notice", { text: message, kind: "info" });

const released = () => broadcast({ released: true });

function show(news) {
  emit("outbox", news);
  broadcast(news);
}

function broadcast(news) {
  tabs?.postMessage(news);
}

function receive({ entry, change, message }) {
  if (message) emit("message", { message, live: false });
  if (message) return forgetUpload(message.clientMessageId);
  if (change === "discarded") endUpload(entry.clientMessageId);
  if (entry) emit("outbox", { entry, change });
  // The tab that has something new sends it itself, unless it was closed.
  setTimeout(() => delivery.wake(), entry ? OTHERS_FIRST : 0);
}
