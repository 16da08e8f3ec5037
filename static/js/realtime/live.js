import { getJSON, putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { endSession } from "../lib/session.js";
import { changeOnline, replaceOnline } from "../stores/presence.js";
import { closeGaps, leavesGap } from "./gaps.js";
import { Marks } from "./receipts.js";
import { Socket } from "./socket.js";
import { Sync } from "./sync.js";

const TYPING_EVERY = 3000;
const POLL_EVERY = 5000;
/** Nothing tells that the last message of a conversation was lost on its way: so look, now and then. */
const LOOK_EVERY = 240_000;
/** After coming back, once more: what others send just then may be lost on its way. */
const LOOK_AGAIN = 5000;
/** Who does nothing for so long may be gone from a page that is left open. */
const ACTIVE_FOR = 120_000;
const REFUSALS_BEFORE_POLLING = 3;
const FRESH_PAGE = 60_000;
const GATHER_READ = 250;
/** Long enough to be needless for what is read at once, and spread, since all of a group get a message at the same time. */
const GATHER_DELIVERED = 1000 + Math.random() * 1000;

let me = "";
let state = "";
let refusals = 0;
let wasLive = false;
let isApplying = false;
let isActive = false;
let usedAt = Date.now();
let socket, sync;
const marks = new Marks(sendRead, GATHER_READ);
const deliveries = new Marks(sendDelivered, GATHER_DELIVERED);
const typedAt = new Map();

const frames = {
  getOnlineUsers: replaceOnline,
  presenceChanged: changeOnline,
  newMessage: (message) => emit("message", { message, live: true }),
  messageEdited: revise,
  messageRestored: revise,
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
  privacyChanged: followPrivacy,
  accountChanged: (account) => emit("account", account),
  historyChanged: applyChat,
  chatChanged: followChat,
  groupChanged: (group) => emit("group", withState(group)),
  groupLeft: ({ groupId, removed }) => emit("group-left", { groupId, closed: removed ? "removed" : "left" }),
};
/** What an answer of `sync` that was already under way may not know of yet. */
const lasting = new Set([
  "newMessage", "messageEdited", "messageRestored", "messageDeleted", "messagesRead", "messagesDelivered", "chatChanged", "historyChanged", "privacyChanged",
  "reactionChanged", "messageListened", "messageOpened", "messagePinned", "messageUnpinned",
]);

export function start({ userId, cursor, socketPath }) {
  me = userId;
  socket = new Socket(`${socketPath}?presence=delta&user=${userId}`, { opened, received, closed, ended: endSession });
  sync = new Sync(cursor, { apply, settled });
  subscribe();
  setState("connecting");
  socket.connect();
}

export const isSyncing = () => sync.isRunning;

/** Tells all that changed since a cursor of before; rejects with what `sync` failed for. */
export function catchUp(cursor) {
  return new Promise((resolve, reject) => {
    const settled = (error) => (error ? reject(error) : resolve());
    new Sync(cursor, { apply, settled }).now();
  });
}

/** Something changed of which events do not tell enough. */
export const syncSoon = () => sync?.soon();

export const markRead = (peerId, seq) => marks.raise(peerId, seq);

/** Events do not say which reactions are the reader's own where there are too many to name: `sync` does. */
function revise(message) {
  emit("message", { message, live: false });
  if (message.reactions) sync.soon();
}

/** Somebody shows more or less than before, or the reader does. */
function followPrivacy(change) {
  sync.soon();
  emit("privacy", change);
}

export function sendTyping(receiverId) {
  const now = performance.now();
  if (now - (typedAt.get(receiverId) ?? -Infinity) < TYPING_EVERY) return;
  if (socket?.send("typing", { receiverId })) typedAt.set(receiverId, now);
}

function sendRead(mark) {
  sendMark(marks, "markRead", "read", mark);
}

/** What is read is delivered: nothing needs to be said of it. */
function sendDelivered(mark) {
  if (marks.covers(mark.peerId, mark.seq)) deliveries.confirm(mark.peerId, mark.seq);
  else sendMark(deliveries, "markDelivered", "delivered", mark);
}

async function sendMark(kind, command, noun, { peerId, seq }) {
  if (socket?.send(command, { peerId, seq }) || state !== "polling") return;
  const error = await putJSON(`/api/messages/${noun}/${peerId}`, { seq }).catch((failure) => failure);
  if (!error.isTemporary) kind.confirm(peerId, seq);
}

/** This device has what is said in a chat up to its end. */
function acknowledge(peerId, lastSeq, deliveredSeq) {
  deliveries.confirm(peerId, deliveredSeq);
  if (lastSeq > deliveredSeq) deliveries.raise(peerId, lastSeq);
}

/** Of the page as the server rendered it. */
function acknowledgeRows() {
  for (const { dataset } of document.querySelectorAll(".row[data-delivered-seq]")) {
    acknowledge(dataset.peerId, Number(dataset.lastSeq), Number(dataset.deliveredSeq));
  }
}

function subscribe() {
  on("message", ({ message }) => {
    checkForGap(message);
    if (message.senderId !== me) deliveries.raise(peerOf(message, me), message.seq);
  });
  on("read", ({ readerId, peerId, seq }) => {
    if (readerId !== me) return;
    marks.confirm(peerId, seq);
    deliveries.confirm(peerId, seq);
  });
  on("delivered", ({ personId, peerId, seq }) => personId === me && deliveries.confirm(peerId, seq));
  on("connection", (now) => now.state === "ended" && stop());
  on("response-overdue", checkConnection);
  addEventListener("online", checkNow);
  addEventListener("offline", () => socket.renew());
  addEventListener("pagehide", () => [marks, deliveries].forEach((each) => each.flush()));
  document.addEventListener("visibilitychange", () => {
    used();
    if (!document.hidden) checkNow();
  });
  for (const use of ["focus", "keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(use, used, { passive: true });
  setInterval(tellActive, ACTIVE_FOR / 4);
}

function used() {
  usedAt = Date.now();
  if (!isActive || document.hidden) tellActive();
}

/** Whether somebody is at this page: for that time their other devices need no push messages. */
function tellActive() {
  const wasActive = isActive;
  isActive = !document.hidden && Date.now() < usedAt + ACTIVE_FOR;
  if (isActive !== wasActive) socket.send(isActive ? "active" : "inactive", {});
}

function stop() {
  state = "ended";
  socket.stop();
  sync.repeat(0);
}

function checkNow() {
  if (state === "ended") return;
  socket.checkNow();
  if (mustPoll()) sync.now();
}

/** Something that was sent is not answered: is anybody there? */
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
  isActive = false; // as each link begins
  tellActive();
  sync.repeat(LOOK_EVERY);
  sync.now();
  if (wasLive) setTimeout(() => socket.isOpen && sync.soon(), LOOK_AGAIN);
  if (!wasLive) acknowledgeRows();
  wasLive = true;
  marks.resend();
  deliveries.resend();
  setState("live");
}

function received(event, data) {
  if (sync.isRunning && lasting.has(event)) sync.soon();
  frames[event]?.(data);
}

function closed({ wasOpen, isSilent }) {
  if (!wasOpen) return checkSession();
  sync.repeat(0);
  setState(navigator.onLine && !isSilent ? "connecting" : "offline");
}

/** A browser does not say why a handshake was refused. */
async function checkSession() {
  const error = await getJSON("/api/auth/check").catch((failure) => failure);
  if (error.status === 401) return endSession();
  if (socket.isOpen || state === "ended") return;
  if (error.isTemporary && !isPatient(error)) return setState("offline");
  refusals += 1;
  if (mustPoll()) poll();
  else setState("connecting");
}

const mustPoll = () => !socket.isOpen && refusals >= REFUSALS_BEFORE_POLLING;

function poll() {
  if (state === "polling") return;
  sync.repeat(POLL_EVERY);
  sync.now();
}

function apply({ messages, chats, cursor }) {
  isApplying = true;
  messages.forEach((message) => emit("message", { message, live: false }));
  isApplying = false;
  chats.forEach(applyChat);
  // For the page, should it be opened again as it is now.
  document.body.dataset.cursor = cursor;
}

/** Of what is new in a request nothing else tells. */
function followChat(settings) {
  emit("chat-settings", settings);
  if (settings.request) sync.soon();
}

/** With why nothing can be written, if so: messaging/page/peers.py does the same. */
function withState({ posting, role, canPost = posting !== "admins" || role !== "member", lastMessage, ...group }) {
  const left = lastMessage?.system?.event === "left" ? "left" : "removed";
  return { ...group, role, closed: !role ? left : canPost ? "" : "admins" };
}

function applyChat(chat) {
  emit("hidden", { peerId: chat._id, hidden: chat.hidden ?? [] });
  emit("chat", chat);
  if (isGroup(chat._id) && !chat.isSaved) emit("group", withState(chat));
  emit("read", { readerId: me, peerId: chat._id, seq: chat.lastReadSeq });
  emit("read", { readerId: chat._id, peerId: me, seq: chat.peerReadSeq });
  emit("delivered", { personId: chat._id, peerId: me, seq: chat.peerDeliveredSeq });
  acknowledge(chat._id, chat.lastSeq, chat.lastDeliveredSeq);
}

function settled(error) {
  if (error) return failed(error);
  closeGaps();
  if (!mustPoll()) return;
  setState("polling");
  marks.resend();
  deliveries.resend();
}

function failed(error) {
  if (error.status === 401) return endSession();
  if (error.status === 400) return isJustReloaded() ? sync.beginAnew() : emit("cursor-refused", {});
  if (!socket.isOpen && !isPatient(error)) setState("offline");
}

/** A page whose cursor is refused again, right after that, would be loaded for ever. */
const isJustReloaded = () => performance.now() < FRESH_PAGE && performance.getEntriesByType("navigation")[0]?.type === "reload";

/** A server that asks for patience is there. */
const isPatient = ({ status }) => status === 429;

function checkForGap(message) {
  const hasGap = leavesGap(peerOf(message, me), message.seq);
  // What sync brings is in the order of its changes, which has gaps of its own.
  if (hasGap && !isApplying) sync.soon();
}
