import { getJSON, putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { endSession } from "../lib/session.js";
import { changeOnline, replaceOnline } from "../stores/presence.js";
import { closeGaps, trackSeq } from "./gaps.js";
import { ReceiptSender } from "./receipts.js";
import { Socket } from "./socket.js";
import { Sync } from "./sync.js";

const TYPING_INTERVAL = 3000;
const POLL_INTERVAL = 5000;
/** A gap does not show the loss of a conversation's last message, so sync now and then. */
const SYNC_INTERVAL = 240_000;
/** Sync once more after a reconnect: what others send at that moment may be lost. */
const RESYNC_DELAY = 5000;
/** After this long without input, the user counts as away. */
const IDLE_AFTER = 120_000;
const REFUSALS_BEFORE_POLLING = 3;
const RELOAD_WINDOW = 60_000;
const READ_DELAY = 250;
/** Long enough to be superseded by an immediate read, and random because all members of a group get a message at once. */
const DELIVERY_DELAY = 1000 + Math.random() * 1000;

let me = "";
let state = "";
let refusals = 0;
let wasLive = false;
let isApplying = false;
let isActive = false;
let lastActivityAt = Date.now();
let socket, sync;
const readReceipts = new ReceiptSender(sendRead, READ_DELAY);
const deliveryReceipts = new ReceiptSender(sendDelivered, DELIVERY_DELAY);
const typingSentAt = new Map();

const frames = {
  getOnlineUsers: replaceOnline,
  presenceChanged: changeOnline,
  newMessage: (message) => emit("message", { message, live: true }),
  messageEdited: applyEdit,
  messageRestored: applyEdit,
  reactionChanged: (change) => emit("reaction", change),
  messageListened: (change) => emit("voice-listened", change),
  messageOpened: (change) => emit("view-once-opened", change),
  messagePinned: (change) => emit("pin", change),
  messageUnpinned: (change) => emit("pin", change),
  messageDeleted: (gone) => emit("message-deleted", gone),
  messagesRead: (mark) => emit("read", mark),
  messagesDelivered: (mark) => emit("delivered", mark),
  scheduledChanged: (change) => emit("schedule-changed", change),
  scheduledRemoved: (gone) => emit("schedule-changed", gone),
  reminderChanged: (change) => emit("schedule-changed", change),
  reminderRemoved: (gone) => emit("schedule-changed", gone),
  reminderDue: (reminder) => (emit("schedule-changed", reminder), emit("reminder-due", reminder)),
  typing: (data) => emit("typing", data),
  privacyChanged: onPrivacyChanged,
  accountChanged: (account) => emit("account", account),
  historyChanged: applyChat,
  chatChanged: onChatChanged,
  groupChanged: (group) => emit("group", withClosedReason(group)),
  groupLeft: ({ groupId, removed }) => emit("group-left", { groupId, closed: removed ? "removed" : "left" }),
};
/** Events that a `sync` already under way may have missed. */
const syncedEvents = new Set([
  "newMessage", "messageEdited", "messageRestored", "messageDeleted", "messagesRead", "messagesDelivered", "chatChanged", "historyChanged", "privacyChanged",
  "reactionChanged", "messageListened", "messageOpened", "messagePinned", "messageUnpinned",
]);

export function startLive({ userId, cursor, socketPath }) {
  me = userId;
  socket = new Socket(`${socketPath}?presence=delta&user=${userId}`, { opened, received, closed, ended: endSession });
  sync = new Sync(cursor, { apply, settled });
  subscribe();
  setState("connecting");
  socket.connect();
}

export const isSyncing = () => sync.isRunning;

/** Emits all changes since an older cursor; rejects with the error of `sync`. */
export function catchUp(cursor) {
  return new Promise((resolve, reject) => {
    const settled = (error) => (error ? reject(error) : resolve());
    new Sync(cursor, { apply, settled }).runNow();
  });
}

/** For changes that events do not describe in full. */
export const syncSoon = () => sync?.runSoon();

export const markRead = (peerId, seq) => readReceipts.advance(peerId, seq);

/** With too many reactions to list, an event does not say which are the reader's own: `sync` does. */
function applyEdit(message) {
  emit("message", { message, live: false });
  if (message.reactions) sync.runSoon();
}

/** Somebody's privacy settings have changed, perhaps the reader's. */
function onPrivacyChanged(change) {
  sync.runSoon();
  emit("privacy", change);
}

export function sendTyping(receiverId) {
  const now = performance.now();
  if (now - (typingSentAt.get(receiverId) ?? -Infinity) < TYPING_INTERVAL) return;
  if (socket?.send("typing", { receiverId })) typingSentAt.set(receiverId, now);
}

function sendRead(mark) {
  sendMark(readReceipts, "markRead", "read", mark);
}

/** A read receipt implies delivery. */
function sendDelivered(mark) {
  if (readReceipts.hasReached(mark.peerId, mark.seq)) deliveryReceipts.confirm(mark.peerId, mark.seq);
  else sendMark(deliveryReceipts, "markDelivered", "delivered", mark);
}

async function sendMark(receipts, command, path, { peerId, seq }) {
  if (socket?.send(command, { peerId, seq }) || state !== "polling") return;
  const error = await putJSON(`/api/messages/${path}/${peerId}`, { seq }).catch((failure) => failure);
  if (!error.isTemporary) receipts.confirm(peerId, seq);
}

/** This device has all messages of a chat. */
function acknowledge(peerId, lastSeq, deliveredSeq) {
  deliveryReceipts.confirm(peerId, deliveredSeq);
  if (lastSeq > deliveredSeq) deliveryReceipts.advance(peerId, lastSeq);
}

/** For the rows that the server rendered. */
function acknowledgeRows() {
  for (const { dataset } of document.querySelectorAll(".row[data-delivered-seq]")) {
    acknowledge(dataset.peerId, Number(dataset.lastSeq), Number(dataset.deliveredSeq));
  }
}

function subscribe() {
  on("message", ({ message }) => {
    checkForGap(message);
    if (message.senderId !== me) deliveryReceipts.advance(peerOf(message, me), message.seq);
  });
  on("read", ({ readerId, peerId, seq }) => {
    if (readerId !== me) return;
    readReceipts.confirm(peerId, seq);
    deliveryReceipts.confirm(peerId, seq);
  });
  on("delivered", ({ personId, peerId, seq }) => personId === me && deliveryReceipts.confirm(peerId, seq));
  on("connection", (now) => now.state === "ended" && stopLive());
  on("response-overdue", checkConnection);
  addEventListener("online", checkNow);
  addEventListener("offline", () => socket.reconnect());
  addEventListener("pagehide", () => [readReceipts, deliveryReceipts].forEach((each) => each.flush()));
  document.addEventListener("visibilitychange", () => {
    onActivity();
    if (!document.hidden) checkNow();
  });
  for (const eventName of ["focus", "keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(eventName, onActivity, { passive: true });
  setInterval(reportActivity, IDLE_AFTER / 4);
}

function onActivity() {
  lastActivityAt = Date.now();
  if (!isActive || document.hidden) reportActivity();
}

/** Tells the server whether somebody uses this page; meanwhile their other devices get no push messages. */
function reportActivity() {
  const wasActive = isActive;
  isActive = !document.hidden && Date.now() < lastActivityAt + IDLE_AFTER;
  if (isActive !== wasActive) socket.send(isActive ? "active" : "inactive", {});
}

function stopLive() {
  state = "ended";
  socket.stop();
  sync.runEvery(0);
}

function checkNow() {
  if (state === "ended") return;
  socket.checkNow();
  if (mustPoll()) sync.runNow();
}

/** A request is overdue: checks whether the server is still there. */
function checkConnection() {
  if (socket.isOpen) socket.checkNow();
  else if (state === "connecting") setState("offline");
}

function setState(next) {
  if (state === next || state === "ended") return;
  state = next;
  emit("connection", { state });
}

function opened() {
  refusals = 0;
  isActive = false; // the initial state of every connection
  reportActivity();
  sync.runEvery(SYNC_INTERVAL);
  sync.runNow();
  if (wasLive) setTimeout(() => socket.isOpen && sync.runSoon(), RESYNC_DELAY);
  if (!wasLive) acknowledgeRows();
  wasLive = true;
  readReceipts.resend();
  deliveryReceipts.resend();
  setState("live");
}

function received(event, data) {
  if (sync.isRunning && syncedEvents.has(event)) sync.runSoon();
  frames[event]?.(data);
}

function closed({ wasOpen, timedOut }) {
  if (!wasOpen) return checkSession();
  sync.runEvery(0);
  setState(navigator.onLine && !timedOut ? "connecting" : "offline");
}

/** Browsers do not tell why a handshake was refused. */
async function checkSession() {
  const error = await getJSON("/api/auth/check").catch((failure) => failure);
  if (error.status === 401) return endSession();
  if (socket.isOpen || state === "ended") return;
  if (error.isTemporary && !isRateLimited(error)) return setState("offline");
  refusals += 1;
  if (mustPoll()) poll();
  else setState("connecting");
}

const mustPoll = () => !socket.isOpen && refusals >= REFUSALS_BEFORE_POLLING;

function poll() {
  if (state === "polling") return;
  sync.runEvery(POLL_INTERVAL);
  sync.runNow();
}

function apply({ messages, chats, cursor }) {
  isApplying = true;
  messages.forEach((message) => emit("message", { message, live: false }));
  isApplying = false;
  chats.forEach(applyChat);
  // For a cached copy of this page.
  document.body.dataset.cursor = cursor;
}

/** No other event announces new messages in a request. */
function onChatChanged(settings) {
  emit("chat-settings", settings);
  if (settings.request) sync.runSoon();
}

/** Adds why the reader cannot post, if so, as in messaging/page/peers.py. */
function withClosedReason({ posting, role, canPost = posting !== "admins" || role !== "member", lastMessage, ...group }) {
  const left = lastMessage?.system?.event === "left" ? "left" : "removed";
  return { ...group, role, closed: !role ? left : canPost ? "" : "admins" };
}

function applyChat(chat) {
  emit("hidden", { peerId: chat._id, hidden: chat.hidden ?? [] });
  emit("chat", chat);
  if (isGroup(chat._id) && !chat.isSaved) emit("group", withClosedReason(chat));
  emit("read", { readerId: me, peerId: chat._id, seq: chat.lastReadSeq });
  emit("read", { readerId: chat._id, peerId: me, seq: chat.peerReadSeq });
  emit("delivered", { personId: chat._id, peerId: me, seq: chat.peerDeliveredSeq });
  acknowledge(chat._id, chat.lastSeq, chat.lastDeliveredSeq);
}

function settled(error) {
  if (error) return onSyncError(error);
  closeGaps();
  if (!mustPoll()) return;
  setState("polling");
  readReceipts.resend();
  deliveryReceipts.resend();
}

function onSyncError(error) {
  if (error.status === 401) return endSession();
  if (error.status === 400) return isJustReloaded() ? sync.restart() : emit("cursor-refused", {});
  if (!socket.isOpen && !isRateLimited(error)) setState("offline");
}

/** Prevents a reload loop if the server refuses the new page's cursor, too. */
const isJustReloaded = () => performance.now() < RELOAD_WINDOW && performance.getEntriesByType("navigation")[0]?.type === "reload";

/** A server that limits rates is up. */
const isRateLimited = ({ status }) => status === 429;

function checkForGap(message) {
  const hasGap = trackSeq(peerOf(message, me), message.seq);
  // Messages from sync come in the order of their changes, not by `seq`.
  if (hasGap && !isApplying) sync.runSoon();
}
