import { emit, on } from "../lib/bus.js";
import { markRead } from "../realtime/live.js";
import { endOfPage, hasGap, isAtGap, isLong, isSkipped, join, shorten } from "../render/excerpt.js";
import { clearMessage, createMessage, decorateMessage, fillMessage, mark, seqOf } from "../render/message.js";
import {
  clearUnread, firstMessage, lastSent, lastSentUpTo, markUnread, messagesOf, place, regroup, relabelDays, takeOut, unreadLine,
} from "../render/timeline.js";
import { entriesFor } from "../stores/outbox.js";
import { moveFocus } from "./arrow-keys.js";
import { Holes } from "./holes.js";
import { act } from "./message-actions.js";
import { onNewDay } from "./new-day.js";
import { OlderPages } from "./older-pages.js";
import { ReadingPlace } from "./reading-place.js";
import { replay } from "./recent.js";
import { Typists } from "./typists.js";

const DELETABLE = '.is-mine:not(.is-deleted):is([data-state="sent"], [data-state="read"])';

/** The messages of the open conversation: the page's only store of them. */
class MessageList extends HTMLElement {
  connectedCallback() {
    const pane = this.closest(".conversation");
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = pane.dataset;
    const { peerReadSeq, lastReadSeq } = this.dataset;
    this.reading = { userId, userName, peerId, peerName, peerReadSeq: Number(peerReadSeq) };
    this.readSeq = Number(lastReadSeq);
    this.list = this.querySelector("ol");
    this.words = this.querySelector(".empty");
    this.came = [];
    const calls = { seen: (item) => this.see(item), halted: () => this.older.look() };
    this.place = new ReadingPlace(this, pane.querySelector(".to-newest"), calls);
    this.older = new OlderPages(this, () => !this.place.isOnTheWay);
    this.holes = new Holes(this.list, peerId);
    this.typists = new Typists((ids) => this.showTyping(ids.has(peerId)));
    this.adopt(messagesOf(this.list));
    this.open();
    this.listen();
    this.catchUp();
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.place.stop();
    this.older.stop();
    this.holes.stop();
    this.typists.stop();
  }

  listen() {
    this.handlers = {
      message: (detail) => this.receive(detail),
      "message-deleted": (detail) => this.forget(detail),
      read: (mark) => this.showRead(mark),
      chat: ({ _id }) => _id === this.reading.peerId && this.lookForHoles(),
    };
    this.ends = [
      onNewDay(() => relabelDays(this.list)),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
      on("outbox", ({ entry, change }) => this.follow(entry, change)),
    ];
    this.addEventListener("click", (event) => this.press(event));
    this.addEventListener("keydown", (event) => this.steer(event));
    this.addEventListener("htmx:configRequest", ({ detail }) => this.aim(detail));
    this.addEventListener("htmx:beforeSwap", ({ target }) => target.matches(".skipped") && this.place.keep(() => {}));
    this.addEventListener("htmx:load", ({ target }) => this.addOlder(target));
  }

  async catchUp() {
    replay(this.handlers);
    for (const entry of await entriesFor(this.reading.peerId)) this.showEntry(entry);
    this.place.look();
    this.lookForHoles();
  }

  lookForHoles() {
    if (!this.isProvisional) this.holes.look();
  }

  /** At the first unread message, or at the end. */
  open() {
    const line = unreadLine(this.list);
    this.hasUnread = Boolean(line);
    if (line) this.place.startAt(line);
  }

  adopt(items) {
    items.forEach(decorateMessage);
    items.forEach(regroup);
  }

  /** Of what was left out, the end that is next to the reader comes first. */
  aim(request) {
    const line = request.elt.closest(".skipped");
    if (line) request.path = request.path.replace(/before=\d+/, `before=${endOfPage(line, this.place.seen)}`);
  }

  /** htmx tells of each by itself. */
  addOlder(item) {
    if (!item.matches(".message")) return;
    if (!this.came.length) queueMicrotask(() => this.settleOlder());
    this.came.push(item);
  }

  /** What happened while they were on their way is told to them too. */
  settleOlder() {
    const items = this.came.splice(0);
    // Nothing that comes above moves what is seen.
    if (items[0] === firstMessage(this.list)) this.fitIn(items);
    else this.place.keep(() => this.fitIn(items));
    replay(this.handlers);
    this.showReceipts();
    this.older.renew();
    this.shorten();
  }

  fitIn(items) {
    const fresh = join(this.list, items, this.excerpt);
    this.adopt(fresh);
    const all = messagesOf(this.list);
    const next = all[all.indexOf(fresh.at(-1)) + 1];
    if (next) regroup(next);
  }

  /** What links to other pages have to tell. */
  get excerpt() {
    return { peerId: this.reading.peerId, readSeq: this.readSeq };
  }

  /** However much is said or scrolled past, so that the page stays quick; not while somebody has a part of it selected. */
  shorten() {
    if (this.place.isOnTheWay) return;
    if (!isLong(this.list) && !(this.place.isAtEnd && hasGap(this.list))) return;
    const selection = getSelection();
    if (!selection.isCollapsed && selection.containsNode(this.list, true)) return;
    const hadFocus = this.list.contains(document.activeElement);
    this.place.keep(() => shorten(this.list, this.place.seen, this.excerpt));
    if (hadFocus && !this.list.contains(document.activeElement)) this.focus({ preventScroll: true });
    this.older.shift();
  }

  /** The reader sees the list up to that message, or up to its end. What is left out first remembers what was not read until now. */
  see(item) {
    if (this.place.isOnTheWay) return;
    if (!item) this.shorten();
    this.readTo(item);
  }

  receive({ message, live }) {
    const { userId, peerId } = this.reading;
    const mine = message.senderId === userId && message.receiverId === peerId;
    if (!mine && (message.senderId !== peerId || message.receiverId !== userId)) return;
    const known = this.find(message);
    if (!known && this.isBeyond(message)) return;
    this.place.keep(() => this.upsert(message, known));
    // Who writes has read: the server moves the mark by itself.
    if (mine) this.hasRead(message.seq);
    else this.showRead({ readerId: peerId, peerId: userId, seq: message.seq });
    if (!known && !message.deleted && message.seq > this.readSeq) this.welcome(message, live);
    else this.place.update();
    if (known && message.deleted && !mine) this.noteDeleted(message._id);
    if (known) return;
    this.shorten();
    this.lookForHoles();
  }

  /** By key, then by the key that the sender's browser gave it. */
  find({ _id, clientMessageId, senderId }) {
    const items = messagesOf(this.list);
    const byKey = _id && items.findLast(({ dataset }) => dataset.messageId === _id);
    if (byKey || !clientMessageId) return byKey || null;
    const isIt = ({ dataset }) => dataset.clientId === clientMessageId && dataset.senderId === senderId;
    return items.findLast(isIt) ?? null;
  }

  upsert(message, known) {
    if (this.isBeyond(message)) return known && takeOut(known);
    const item = known ?? createMessage();
    fillMessage(item, message, this.reading);
    place(this.list, item);
    this.greet();
  }

  /** Not fetched yet: what is here is not all there is. */
  get isAbsent() {
    return "absent" in this.dataset;
  }

  /** The one that the server has is on its way. */
  get isProvisional() {
    return this.isAbsent || "stale" in this.dataset;
  }

  /** As long as nothing was said, an invitation. */
  greet() {
    this.words.hidden = !this.isAbsent && Boolean(firstMessage(this.list));
  }

  /** Among those that are not loaded: it comes with its page. */
  isBeyond({ seq }) {
    const first = firstMessage(this.list);
    return Boolean(first && seq < seqOf(first) && this.querySelector(".older")) || isSkipped(this.list, seq);
  }

  /** Something from the other one: new to the eye, and read at once or marked as unread. */
  welcome(message, live) {
    const item = this.find(message);
    mark(item, "is-new", live);
    if (this.place.isReading) return this.readTo();
    if (!this.hasUnread) this.place.keep(() => markUnread(this.list, item));
    this.hasUnread = true;
    this.place.holdAt(unreadLine(this.list));
    if (this.place.isAtEnd) this.place.update();
    else this.place.miss(message._id);
  }

  /** Up to that message, or up to the newest. */
  readTo(item) {
    if (this.isProvisional) return;
    const seq = Number((item ? lastSentUpTo(item) : lastSent(this.list))?.dataset.seq);
    if (!(seq > this.readSeq)) return;
    this.hasRead(seq);
    markRead(this.reading.peerId, seq);
    emit("seen", { peerId: this.reading.peerId, seq });
  }

  hasRead(seq) {
    this.readSeq = Math.max(this.readSeq, seq);
    if (!(Number(lastSent(this.list)?.dataset.seq) > this.readSeq)) this.hasUnread = false;
  }

  forget({ messageId }) {
    this.place.unmiss(messageId);
    const item = this.find({ _id: messageId });
    if (!item || item.matches(".is-deleted")) return;
    this.keepFocus(item, () => this.place.keep(() => clearMessage(item)));
    if (!item.matches(".is-mine")) this.noteDeleted(messageId);
  }

  /** One from the other person is new no more, whether the socket or `sync` told of it first. */
  noteDeleted(messageId) {
    this.place.unmiss(messageId);
    this.place.keep(() => clearUnread(this.list) && (this.hasUnread = false));
  }

  showRead({ readerId, peerId, seq }) {
    const { userId, peerId: other } = this.reading;
    if (readerId === userId && peerId === other) this.hasRead(seq);
    if (readerId !== other || peerId !== userId) return;
    if (seq <= this.reading.peerReadSeq) return;
    this.reading.peerReadSeq = seq;
    this.showReceipts();
  }

  showReceipts() {
    for (const item of messagesOf(this.list)) {
      if (item.dataset.state === "sent" && seqOf(item) <= this.reading.peerReadSeq) item.dataset.state = "read";
    }
  }

  follow(entry, change) {
    if (entry.receiverId !== this.reading.peerId) return;
    const item = this.find({ ...entry, senderId: this.reading.userId });
    this.keepFocus(item, () => (change === "discarded" ? this.discard(item) : this.showEntry(entry)));
    if (change === "added") this.place.toEnd();
  }

  discard(item) {
    if (item) this.place.keep(() => takeOut(item));
    this.greet();
  }

  /** A button that goes away takes the focus along: it stays with the message, or else in the list. */
  keepFocus(item, change) {
    const hadFocus = item?.contains(document.activeElement);
    change();
    if (hadFocus) (item.isConnected ? item : this).focus({ preventScroll: true });
  }

  /** What is still in the outbox, unless it has arrived already. */
  showEntry({ image, ...entry }) {
    const { userId } = this.reading;
    const known = this.find({ ...entry, senderId: userId });
    if (known?.dataset.messageId) return;
    const picture = image && { image: image.dataUrl, imageWidth: image.width, imageHeight: image.height };
    this.place.keep(() => this.upsert({ ...entry, ...picture, isLocal: true, senderId: userId }, known));
  }

  showTyping(isTyping) {
    const line = this.list.querySelector(".typist");
    if (line.hidden === isTyping) this.place.keep(() => (line.hidden = !isTyping));
  }

  press({ target }) {
    const button = target.closest("[data-action]");
    if (button) this.act(button.dataset.action, button.closest(".message"));
  }

  act(name, item) {
    const [firstName] = this.reading.peerName.split(/\s+/);
    act(name, item, { id: this.reading.peerId, firstName });
  }

  steer(event) {
    if (event.key === "Delete" && event.target.matches(DELETABLE)) this.act("delete", event.target);
    else if (isAtGap(event.target, event.key)) event.preventDefault();
    else if (event.target.matches(".message, message-list")) moveFocus(event, messagesOf(this.list));
  }
}

customElements.define("message-list", MessageList);
