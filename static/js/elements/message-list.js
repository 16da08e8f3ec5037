import { emit, on } from "../lib/bus.js";
import { markRead } from "../realtime/live.js";
import { clearMessage, createMessage, decorateMessage, fillMessage, mark, seqOf } from "../render/message.js";
import { markUnread, messagesOf, place, regroup, relabelDays, takeOut } from "../render/timeline.js";
import { entriesFor } from "../stores/outbox.js";
import { moveFocus } from "./arrow-keys.js";
import { act } from "./message-actions.js";
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
    const { peerId, peerName, peerReadSeq, lastReadSeq } = pane.dataset;
    this.reading = { userId, userName, peerId, peerName, peerReadSeq: Number(peerReadSeq) };
    this.readSeq = Number(lastReadSeq);
    this.list = this.querySelector("ol");
    this.place = new ReadingPlace(this, pane.querySelector(".to-newest"), () => this.readAll());
    this.older = new OlderPages(this);
    this.typists = new Typists((ids) => this.showTyping(ids.has(peerId)));
    this.adopt(messagesOf(this.list));
    this.listen();
    this.catchUp();
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.place.stop();
    this.older.stop();
    this.typists.stop();
  }

  listen() {
    const relabel = () => document.hidden || relabelDays(this.list);
    document.addEventListener("visibilitychange", relabel);
    this.handlers = {
      message: (detail) => this.receive(detail),
      "message-deleted": (detail) => this.forget(detail),
      read: (mark) => this.showRead(mark),
    };
    this.ends = [
      () => document.removeEventListener("visibilitychange", relabel),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
      on("outbox", ({ entry, change }) => this.follow(entry, change)),
    ];
    this.addEventListener("click", (event) => this.press(event));
    this.addEventListener("keydown", (event) => this.steer(event));
    this.addEventListener("htmx:load", ({ target }) => this.addOlder(target));
  }

  async catchUp() {
    replay(this.handlers);
    for (const entry of await entriesFor(this.reading.peerId)) this.showEntry(entry);
    this.place.update();
  }

  adopt(items) {
    items.forEach(decorateMessage);
    items.forEach(regroup);
  }

  addOlder(item) {
    if (!item.matches(".message")) return;
    this.adopt([item]);
    const next = messagesOf(this.list).find((each) => seqOf(each) > seqOf(item));
    if (next) regroup(next);
    this.older.renew();
  }

  receive({ message, live }) {
    const { userId, peerId } = this.reading;
    const mine = message.senderId === userId && message.receiverId === peerId;
    if (!mine && (message.senderId !== peerId || message.receiverId !== userId)) return;
    const isKnown = Boolean(this.find(message));
    if (!isKnown && this.isBeyond(message)) return;
    this.place.keep(() => this.upsert(message));
    // Who writes has read: the server moves the mark by itself.
    if (mine) this.readSeq = Math.max(this.readSeq, message.seq);
    else this.showRead({ readerId: peerId, peerId: userId, seq: message.seq });
    if (!isKnown && message.seq > this.readSeq) this.welcome(message, live);
    else this.place.update();
  }

  /** By key, then by the key that the sender's browser gave it. */
  find({ _id, clientMessageId, senderId }) {
    const byKey = _id && this.list.querySelector(`[data-message-id="${CSS.escape(_id)}"]`);
    if (byKey || !clientMessageId) return byKey || null;
    const client = CSS.escape(clientMessageId);
    return this.list.querySelector(`[data-client-id="${client}"][data-sender-id="${senderId}"]`);
  }

  upsert(message) {
    const item = this.find(message) ?? createMessage();
    fillMessage(item, message, this.reading);
    place(this.list, item);
    this.greet();
  }

  /** As long as nothing was said, an invitation. */
  greet() {
    this.querySelector(".empty").hidden = Boolean(this.list.querySelector(".message"));
  }

  /** Further up than what is loaded: it comes with its page. */
  isBeyond({ seq }) {
    const [first] = messagesOf(this.list);
    return Boolean(this.querySelector(".older") && first && seq < seqOf(first));
  }

  /** Something from the other one: new to the eye, and read at once or marked as unread. */
  welcome(message, live) {
    const item = this.find(message);
    mark(item, "is-new", live);
    if (this.place.isReading) return this.readAll();
    if (!this.hasUnread) markUnread(this.list, item);
    this.hasUnread = true;
    if (this.place.isAtEnd) this.place.update();
    else this.place.miss();
  }

  readAll() {
    this.hasUnread = false;
    const seq = messagesOf(this.list).findLast((item) => item.dataset.seq)?.dataset.seq;
    if (!(Number(seq) > this.readSeq)) return;
    this.readSeq = Number(seq);
    markRead(this.reading.peerId, this.readSeq);
    emit("seen", { peerId: this.reading.peerId, seq: this.readSeq });
  }

  forget({ messageId }) {
    const item = this.find({ _id: messageId });
    if (item) this.place.keep(() => clearMessage(item));
  }

  showRead({ readerId, peerId, seq }) {
    const { userId, peerId: other } = this.reading;
    if (readerId === userId && peerId === other) this.readSeq = Math.max(this.readSeq, seq);
    if (readerId !== other || peerId !== userId) return;
    this.reading.peerReadSeq = Math.max(this.reading.peerReadSeq, seq);
    for (const item of this.list.querySelectorAll('[data-state="sent"]')) {
      if (seqOf(item) <= seq) item.dataset.state = "read";
    }
  }

  follow(entry, change) {
    if (entry.receiverId !== this.reading.peerId) return;
    const item = this.find({ ...entry, senderId: this.reading.userId });
    if (change === "discarded") {
      if (item) takeOut(item);
      this.greet();
    } else {
      this.showEntry(entry);
    }
    if (change === "added") this.place.toEnd();
  }

  /** What is still in the outbox, unless it has arrived already. */
  showEntry({ image, ...entry }) {
    const { userId } = this.reading;
    if (this.find({ ...entry, senderId: userId })?.dataset.messageId) return;
    const picture = image && { image: image.dataUrl, imageWidth: image.width, imageHeight: image.height };
    this.upsert({ ...entry, ...picture, isLocal: true, senderId: userId });
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
    else if (event.target.matches(".message, message-list")) moveFocus(event, messagesOf(this.list));
  }
}

customElements.define("message-list", MessageList);
