import { emit, on } from "../../lib/bus.js";
import { isGroup, peerOf } from "../../lib/peers.js";
import { text } from "../../lib/texts.js";
import { isPast } from "../../lib/time.js";
import { endOfPage, hasGap, isLong, shorten } from "../../render/list-window.js";
import { clearMessage } from "../../render/message.js";
import { createdAt } from "../../render/parts/meta.js";
import { showUpload } from "../../render/parts/attachments.js";
import { fillAuthor } from "../../render/parts/author.js";
import { decorateText } from "../../render/parts/text.js";
import { placeOf, repliesTo, showReply, showReplyDeleted } from "../../render/parts/reply.js";
import { write } from "../../render/slots.js";
import { firstMessage, messagesOf, neighbour, relabelDays } from "../../render/timeline.js";
import { entriesFor } from "../../stores/outbox.js";
import { localFiles } from "../../stores/uploads.js";
import { showLifetime } from "../conversation-header.js";
import { askForDay } from "../date-dialog.js";
import { decide } from "../message-actions.js";
import { MessageToolbar } from "../message-toolbar.js";
import { MissingMessages } from "../missing-messages.js";
import { onNewDay } from "../new-day.js";
import { OlderPages } from "../older-pages.js";
import { ReadingPlace } from "../scroll-position.js";
import { replay } from "../event-replay.js";
import { Typists, typingWords } from "../typing-users.js";
import { keepFocus, keepFocusIn, moveAmong } from "./focus.js";
import { Jump } from "./jump.js";
import { Merging } from "./merging.js";
import { addressed, findDay, findMessage } from "./permalinks.js";
import { Reactions } from "./reactions.js";
import { Receipts } from "./receipts.js";
import { select, selectionIn } from "./selection.js";
import { Unread } from "./unread.js";

/** Replies to what could not be asked for yet. */
const UNKNOWN = '[data-field="reply"][data-kind=""][data-seq=""]';

/** The messages of the open conversation: the page's only store of them. */
class MessageList extends HTMLElement {
  connectedCallback() {
    const pane = this.closest(".conversation");
    this.pane = pane;
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = pane.dataset;
    const [peerReadSeq, peerDeliveredSeq] = [Number(this.dataset.peerReadSeq), Number(this.dataset.peerDeliveredSeq)];
    this.reading = { userId, userName, peerId, peerName, peerReadSeq, peerDeliveredSeq, isGroup: isGroup(peerId) };
    this.list = this.querySelector("ol");
    this.came = [];
    const calls = { seen: (item) => this.see(item), halted: () => this.older.look() };
    this.place = new ReadingPlace(this, pane.querySelector(".scroll-to-latest"), calls);
    this.jump = new Jump(this.list, this.place);
    this.older = new OlderPages(this, () => !this.place.isOnTheWay);
    this.missing = new MissingMessages(this.list, peerId);
    this.typists = new Typists((typing) => this.showTyping(typing.get(peerId) ?? []));
    this.merging = new Merging(this, this.list, this.reading);
    this.reactions = new Reactions(this.list, { reading: this.reading, place: this.place });
    this.receipts = new Receipts(this.list, this.reading, "readsHidden" in this.dataset);
    this.unread = new Unread(this, this.list, { peerId, readSeq: Number(this.dataset.lastReadSeq), place: this.place });
    this.toolbar = new MessageToolbar(this.list, { id: peerId, firstName: this.firstName });
    showLifetime(pane, this.dataset.lasts);
    if ("kept" in this.dataset) this.expire();
    this.listen();
    this.catchUp();
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.place.stop();
    this.older.stop();
    this.missing.stop();
    this.typists.stop();
    this.toolbar.stop();
    this.selection?.stop();
  }

  listen() {
    this.handlers = {
      reaction: (change) => this.reactions.follow(change),
      pin: ({ messageId, pinnedAt }) => this.showPin(messageId, pinnedAt),
      message: (detail) => {
        this.receive(detail);
        this.renewReplies(repliesTo(this.list, detail.message._id));
      },
      "message-deleted": (detail) => {
        this.forget(detail);
        this.renewReplies(repliesTo(this.list, detail.messageId));
      },
      hidden: (parts) => this.hide(parts),
      read: (mark) => this.showRead(mark),
      delivered: ({ personId, peerId, seq }) => this.isPeers(personId, peerId) && this.receipts.raise({ delivered: seq }),
      chat: (chat) => chat._id === this.reading.peerId && this.followChat(chat),
    };
    this.ends = [
      onNewDay(() => relabelDays(this.list)),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
      on("upload", (progress) => this.showUpload(progress)),
      on("outbox", ({ entry, change }) => this.follow(entry, change)),
      on("people", () => this.nameAuthors()),
      on("chat-settings", () => this.place.notifySoon()), // a request that is accepted is read
      on("quotes", () => this.renewReplies(this.replies)),
      on("connection", ({ state }) => state === "live" && this.renewReplies(this.list.querySelectorAll(UNKNOWN))),
      on("select", ({ messageId }) => select(this.list, this.place, messageId)),
      on("jump", ({ messageId, seq, keepsFocus }) => this.jump.to(messageId, seq, keepsFocus)),
      () => removeEventListener("hashchange", this.hashChanged),
    ];
    this.hashChanged = () => this.goToAddressed();
    addEventListener("hashchange", this.hashChanged);
    this.addEventListener("click", (event) => this.press(event));
    this.addEventListener("date", ({ target }) => this.askForDay(target));
    this.addEventListener("keydown", (event) => this.steer(event));
    this.addEventListener("htmx:configRequest", ({ detail }) => this.aim(detail));
    this.addEventListener("htmx:beforeSwap", ({ target }) => target.matches(".skipped") && this.place.keep(() => {}));
    this.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful || this.jump.stop());
    this.addEventListener("htmx:load", ({ target }) => this.addOlder(target));
  }

  async catchUp() {
    replay(this.handlers);
    for (const entry of await entriesFor(this.reading.peerId)) this.showEntry(entry);
    this.place.look();
    this.lookForMissing();
    this.goToAddressed();
  }

  /** What has disappeared since, of which nobody may have told this browser. Until then the styles hide what may. */
  expire() {
    const isOver = ({ dataset }) => isPast(dataset.expiresAt);
    messagesOf(this.list).filter(isOver).forEach((item) => this.merging.discard(item));
    // Quotes, too, as of what is pinned or no longer in the list.
    [...this.pane.querySelectorAll(".reply")].filter(isOver).forEach(showReplyDeleted);
  }

  goToAddressed() {
    const messageId = addressed();
    if (messageId && !this.isProvisional) this.goTo(() => findMessage(this.reading.peerId, messageId));
  }

  /** Begins at the day of that message. */
  async askForDay(item) {
    const { first } = this.unread;
    const wanted = await askForDay(createdAt(item), { hasUnread: Boolean(first) });
    if (wanted === "unread") this.goTo(() => ({ _id: first.messageId, seq: first.seq }));
    else if (wanted) this.goTo(() => findDay(this.reading.peerId, wanted));
  }

  /** To the message that `find()` tells, unless there is none. */
  async goTo(find) {
    try {
      const found = await find();
      if (!this.isConnected) return;
      if (found) this.jump.to(found._id, Number(found.seq));
      else emit("notice", { text: text("no-such-message"), kind: "info" });
    } catch (error) {
      emit("notice", { text: error.status ? error.message : text("load-failed"), kind: "error" });
    }
  }

  /** Not fetched yet: what is here is not all there is. */
  get isAbsent() {
    return "absent" in this.dataset;
  }

  /** The one that the server has is on its way. */
  get isProvisional() {
    return this.isAbsent || "stale" in this.dataset;
  }

  get selection() {
    return selectionIn(this.pane);
  }

  lookForMissing() {
    if (!this.isProvisional) this.missing.look();
  }

  /** Of what was left out, the end that is next to the reader comes first. */
  aim(request) {
    const line = request.elt.closest(".older, .skipped");
    if (!line) return;
    const end = this.jump.endOfPage(line) || (line.matches(".skipped") && endOfPage(line, this.place.seen));
    if (end) request.path = request.path.replace(/before=\d+/, `before=${end}`);
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
    const fitIn = () => this.merging.fitIn(items, this.excerpt);
    // Nothing that comes above moves what is seen.
    if (items[0] === firstMessage(this.list)) fitIn();
    else this.place.keep(fitIn);
    replay(this.handlers);
    this.receipts.show();
    this.older.renew();
    this.jump.goOn();
    this.shorten();
  }

  /** What links to other pages have to tell. */
  get excerpt() {
    return { peerId: this.reading.peerId, readSeq: this.unread.readSeq };
  }

  /** However much is said or scrolled past, so that the page stays quick; not while somebody has a part of it, or messages, selected. */
  shorten() {
    if (this.place.isOnTheWay || this.jump.isUnderWay || this.selection) return;
    if (!isLong(this.list) && !(this.place.isAtEnd && hasGap(this.list))) return;
    const selection = getSelection();
    if (!selection.isCollapsed && selection.containsNode(this.list, true)) return;
    const cut = () => shorten(this.list, this.place.seen, this.excerpt);
    keepFocusIn(this, this.list, () => this.place.keep(cut));
    this.older.shift();
  }

  /** The reader sees the list up to that message, or up to its end. What is left out first remembers what was not read until now. */
  see(item) {
    if (this.place.isOnTheWay) return;
    if (!item) this.shorten();
    this.unread.readTo(item);
  }

  receive({ message, live }) {
    const { userId, peerId } = this.reading;
    if (peerOf(message, userId) !== peerId) return;
    if (message.deleted && message.expiresAt) return this.forget({ ...message, messageId: message._id });
    const mine = message.senderId === userId;
    const known = this.merging.find(message);
    if (!known && this.merging.isBeyond(message)) return;
    this.place.keep(() => this.merging.upsert(message, known));
    // Who writes has read: the server moves the mark by itself.
    if (mine) this.unread.hasRead(message.seq);
    else if (!message.system) this.receipts.raise({ [this.reading.isGroup ? "delivered" : "read"]: message.seq });
    const isUnread = !known && !message.deleted && message.seq > this.unread.readSeq;
    if (isUnread) this.unread.welcome(this.merging.find(message), live);
    else this.place.update();
    if (known && message.deleted && !mine) this.unread.wasDeleted(message._id);
    if (known) return;
    this.shorten();
    this.lookForMissing();
  }

  showPin(messageId, pinnedAt) {
    const item = this.merging.find({ _id: messageId });
    if (item && !item.matches(".is-deleted")) item.dataset.pinnedAt = pinnedAt ?? "";
  }

  /** With `expiresAt`, it has disappeared: nothing of it stays. */
  forget({ messageId, senderId, receiverId, seq, expiresAt }) {
    this.place.unmiss(messageId);
    const item = this.merging.find({ _id: messageId });
    if (expiresAt && peerOf({ senderId, receiverId }, this.reading.userId) === this.reading.peerId) this.missing.giveUp(seq);
    if (!item || (item.matches(".is-deleted") && !expiresAt)) return;
    keepFocus(this, item, () => this.place.keep(() => (expiresAt ? this.merging.discard(item) : clearMessage(item))));
    if (!item.matches(".is-mine")) this.unread.wasDeleted(messageId);
  }

  /** What the reader has deleted for themselves: from which `seq` to which. */
  hide({ peerId, hidden }) {
    if (peerId !== this.reading.peerId) return;
    this.missing.askAgain();
    const isHidden = (seq) => hidden.some(([from, to]) => from <= seq && seq <= to);
    const gone = messagesOf(this.list).filter(({ dataset }) => dataset.seq && isHidden(Number(dataset.seq)));
    if (!gone.length) return;
    const takeOut = () => gone.forEach((item) => this.merging.discard(item));
    keepFocusIn(this, this.list, () => this.place.keep(takeOut));
    for (const { dataset } of gone) {
      this.unread.wasDeleted(dataset.messageId);
      emit("message-hidden", dataset);
      this.renewReplies(repliesTo(this.list, dataset.messageId));
    }
  }

  showRead({ readerId, peerId, seq }) {
    const { userId, peerId: other } = this.reading;
    if (readerId === userId && peerId === other) this.unread.hasRead(seq);
    else if (this.isPeers(readerId, peerId)) this.receipts.raise({ read: seq });
  }

  /** A mark of the other side, in this conversation. */
  isPeers(personId, peerId) {
    const { userId, peerId: other } = this.reading;
    return personId !== userId && (peerId === other || (personId === other && peerId === userId));
  }

  follow(entry, change) {
    if (entry.receiverId !== this.reading.peerId) return;
    const item = this.merging.find({ ...entry, senderId: this.reading.userId });
    const discard = () => this.place.keep(() => this.merging.discard(item));
    keepFocus(this, item, () => (change === "discarded" ? discard() : this.showEntry(entry)));
    if (change === "added") this.place.toEnd();
  }

  /** What is still in the outbox, unless it has arrived already. */
  showEntry({ image, attachments, ...entry }) {
    const { userId } = this.reading;
    const known = this.merging.find({ ...entry, senderId: userId });
    if (known?.dataset.messageId) return;
    const picture = image && { image: image.dataUrl, imageWidth: image.width, imageHeight: image.height };
    const files = attachments && !entry.viewOnce && { attachments: localFiles({ ...entry, attachments }) };
    const message = { ...entry, ...picture, ...files, isLocal: true, senderId: userId };
    this.place.keep(() => this.merging.upsert(message, known));
  }

  showUpload({ clientMessageId, ...progress }) {
    const item = this.merging.find({ clientMessageId, senderId: this.reading.userId });
    if (item) showUpload(item, progress);
  }

  /** Those of messages that were here before their names. */
  nameAuthors() {
    if (!this.reading.isGroup) return;
    this.reactions.name();
    this.renewReplies(this.replies);
    this.list.querySelectorAll('.message:not([data-mentions=""])').forEach(decorateText);
    for (const item of messagesOf(this.list).filter((each) => !each.matches(".is-mine, .is-system"))) {
      fillAuthor(item, { senderId: item.dataset.senderId }, this.reading);
    }
  }

  followChat({ readsHidden = false }) {
    this.receipts.hide(readsHidden);
    this.lookForMissing();
  }

  get replies() {
    return this.list.querySelectorAll('[data-field="reply"]');
  }

  renewReplies(fields) {
    if (!fields.length) return;
    this.place.keep(() => fields.forEach((field) => showReply(field, field.dataset.replyTo, this.reading)));
  }

  showTyping(ids) {
    const line = this.list.querySelector(".typing-row");
    const isTyping = ids.length > 0;
    if (isTyping && this.reading.isGroup) write(line.querySelector('[data-field="typing"]'), typingWords(ids));
    if (line.hidden === isTyping) this.place.keep(() => (line.hidden = !isTyping));
  }

  press({ target }) {
    const button = target.closest("[data-action]");
    if (button?.dataset.action === "jump") emit("jump", placeOf(button));
    else if (button?.dataset.action === "date") this.askForDay(neighbour(button.parentElement, "nextElementSibling"));
    else if (button) decide(button.dataset.action, button.closest(".message"));
  }

  /** Groups have but one name. */
  get firstName() {
    const { peerName } = this.reading;
    return this.reading.isGroup ? peerName : peerName.split(/\s+/)[0];
  }

  steer(event) {
    if (this.selection?.handle(event) || this.toolbar.handle(event)) return event.preventDefault();
    moveAmong(this.list, event);
    this.selection?.follow(event);
  }
}

customElements.define("message-list", MessageList);
