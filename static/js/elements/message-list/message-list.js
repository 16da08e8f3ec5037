import { emit, on } from "../../lib/bus.js";
import { isGroup, peerOf } from "../../lib/peers.js";
import { text } from "../../lib/texts.js";
import { isPast } from "../../lib/time.js";
import { beforeParam, hasGap, isLong, shorten } from "../../render/list-window.js";
import { clearMessage } from "../../render/message.js";
import { createdAt } from "../../render/parts/meta.js";
import { showUpload } from "../../render/parts/attachments.js";
import { fillAuthor } from "../../render/parts/author.js";
import { decorateText } from "../../render/parts/text.js";
import { repliesTo, showReply, showReplyDeleted, targetOf } from "../../render/parts/reply.js";
import { setText } from "../../render/slots.js";
import { firstMessage, messagesOf, neighbour, relabelDays } from "../../render/timeline.js";
import { entriesFor } from "../../stores/outbox.js";
import { localFiles } from "../../stores/uploads.js";
import { showLifetime } from "../conversation-header.js";
import { chooseDay } from "../date-dialog.js";
import { runButtonAction } from "../message-actions.js";
import { MessageToolbar } from "../message-toolbar.js";
import { MissingMessages } from "../missing-messages.js";
import { onNewDay } from "../new-day.js";
import { OlderPages } from "../older-pages.js";
import { ScrollPosition } from "../scroll-position.js";
import { replay } from "../event-replay.js";
import { typingText, TypingUsers } from "../typing-users.js";
import { moveFocusAmong, preserveFocus, preserveFocusIn } from "./focus.js";
import { Jump } from "./jump.js";
import { MessageMerger } from "./merging.js";
import { findFirstSince, findMessage, linkedMessageId } from "./permalinks.js";
import { Reactions } from "./reactions.js";
import { Receipts } from "./receipts.js";
import { selectionIn, startSelection } from "./selection.js";
import { Unread } from "./unread.js";

/** Replies whose original could not be loaded yet. */
const UNRESOLVED_REPLIES = '[data-field="reply"][data-kind=""][data-seq=""]';

/** The messages of the open conversation: the page's only store of them. */
class MessageList extends HTMLElement {
  connectedCallback() {
    const pane = this.closest(".conversation");
    this.pane = pane;
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = pane.dataset;
    const [peerReadSeq, peerDeliveredSeq] = [Number(this.dataset.peerReadSeq), Number(this.dataset.peerDeliveredSeq)];
    this.context = { userId, userName, peerId, peerName, peerReadSeq, peerDeliveredSeq, isGroup: isGroup(peerId) };
    this.list = this.querySelector("ol");
    this.loadedItems = [];
    const calls = { seen: (item) => this.onViewed(item), scrollEnded: () => this.olderPages.observeLinks() };
    this.scrollPosition = new ScrollPosition(this, pane.querySelector(".scroll-to-latest"), calls);
    this.jump = new Jump(this.list, this.scrollPosition);
    this.olderPages = new OlderPages(this, () => !this.scrollPosition.isScrollingToLatest);
    this.missingMessages = new MissingMessages(this.list, peerId);
    this.typingUsers = new TypingUsers((typing) => this.showTyping(typing.get(peerId) ?? []));
    this.merger = new MessageMerger(this, this.list, this.context);
    this.reactions = new Reactions(this.list, { context: this.context, scrollPosition: this.scrollPosition });
    this.receipts = new Receipts(this.list, this.context, "readsHidden" in this.dataset);
    this.unread = new Unread(this, this.list, { peerId, readSeq: Number(this.dataset.lastReadSeq), scrollPosition: this.scrollPosition });
    this.toolbar = new MessageToolbar(this.list, { id: peerId, firstName: this.firstName });
    showLifetime(pane, this.dataset.lasts);
    if ("kept" in this.dataset) this.expire();
    this.listen();
    this.catchUp();
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
    this.scrollPosition.stop();
    this.olderPages.stop();
    this.missingMessages.stop();
    this.typingUsers.stop();
    this.toolbar.stop();
    this.selection?.stop();
  }

  listen() {
    this.handlers = {
      reaction: (change) => this.reactions.onReaction(change),
      pin: ({ messageId, pinnedAt }) => this.showPin(messageId, pinnedAt),
      message: (detail) => {
        this.onMessage(detail);
        this.updateReplies(repliesTo(this.list, detail.message._id));
      },
      "message-deleted": (detail) => {
        this.onDeleted(detail);
        this.updateReplies(repliesTo(this.list, detail.messageId));
      },
      hidden: (change) => this.hideMessages(change),
      read: (receipt) => this.onRead(receipt),
      delivered: ({ personId, peerId, seq }) => this.isPeerReceipt(personId, peerId) && this.receipts.advance({ delivered: seq }),
      chat: (chat) => chat._id === this.context.peerId && this.onChat(chat),
    };
    this.cleanups = [
      onNewDay(() => relabelDays(this.list)),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
      on("upload", (progress) => this.showUpload(progress)),
      on("outbox", ({ entry, change }) => this.onOutbox(entry, change)),
      on("people", () => this.showNames()),
      on("chat-settings", () => this.scrollPosition.scheduleNotify()), // accepting a request marks it as read
      on("quotes", () => this.updateReplies(this.replies)),
      on("connection", ({ state }) => state === "live" && this.updateReplies(this.list.querySelectorAll(UNRESOLVED_REPLIES))),
      on("select", ({ messageId }) => startSelection(this.list, this.scrollPosition, messageId)),
      on("jump", ({ messageId, seq, keepsFocus }) => this.jump.start(messageId, seq, keepsFocus)),
      () => removeEventListener("hashchange", this.onHashChange),
    ];
    this.onHashChange = () => this.goToLinkedMessage();
    addEventListener("hashchange", this.onHashChange);
    this.addEventListener("click", (event) => this.onClick(event));
    this.addEventListener("date", ({ target }) => this.chooseDay(target));
    this.addEventListener("keydown", (event) => this.onKeydown(event));
    this.addEventListener("htmx:configRequest", ({ detail }) => this.setPageParam(detail));
    this.addEventListener("htmx:beforeSwap", ({ target }) => target.matches(".skipped") && this.scrollPosition.preserve(() => {}));
    this.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful || this.jump.stop());
    this.addEventListener("htmx:load", ({ target }) => this.collectOlder(target));
  }

  async catchUp() {
    replay(this.handlers);
    for (const entry of await entriesFor(this.context.peerId)) this.showEntry(entry);
    this.scrollPosition.check();
    this.lookForMissing();
    this.goToLinkedMessage();
  }

  /** Removes messages that have disappeared since the page was cached. Until then the styles hide them. */
  expire() {
    const isOver = ({ dataset }) => isPast(dataset.expiresAt);
    messagesOf(this.list).filter(isOver).forEach((item) => this.merger.discard(item));
    // Quotes, too, also of messages that are not in the list.
    [...this.pane.querySelectorAll(".reply")].filter(isOver).forEach(showReplyDeleted);
  }

  goToLinkedMessage() {
    const messageId = linkedMessageId();
    if (messageId && !this.isProvisional) this.goTo(() => findMessage(this.context.peerId, messageId));
  }

  /** Asks for a date, starting at the day of that message. */
  async chooseDay(item) {
    const { first } = this.unread;
    const choice = await chooseDay(createdAt(item), { hasUnread: Boolean(first) });
    if (choice === "unread") this.goTo(() => ({ _id: first.messageId, seq: first.seq }));
    else if (choice) this.goTo(() => findFirstSince(this.context.peerId, choice));
  }

  /** Jumps to the message that `find()` resolves to, if any. */
  async goTo(find) {
    try {
      const found = await find();
      if (!this.isConnected) return;
      if (found) this.jump.start(found._id, Number(found.seq));
      else emit("notice", { text: text("no-such-message"), kind: "info" });
    } catch (error) {
      emit("notice", { text: error.status ? error.message : text("load-failed"), kind: "error" });
    }
  }

  /** The messages are not loaded yet. */
  get isAbsent() {
    return "absent" in this.dataset;
  }

  /** A current list is being loaded. */
  get isProvisional() {
    return this.isAbsent || "stale" in this.dataset;
  }

  get selection() {
    return selectionIn(this.pane);
  }

  lookForMissing() {
    if (!this.isProvisional) this.missingMessages.schedule();
  }

  /** Loads a gap from the side next to the reader. */
  setPageParam(request) {
    const line = request.elt.closest(".older, .skipped");
    if (!line) return;
    const end = this.jump.beforeParam(line) || (line.matches(".skipped") && beforeParam(line, this.scrollPosition.firstVisible));
    if (end) request.path = request.path.replace(/before=\d+/, `before=${end}`);
  }

  /** htmx fires an event for each item. */
  collectOlder(item) {
    if (!item.matches(".message")) return;
    if (!this.loadedItems.length) queueMicrotask(() => this.insertOlder());
    this.loadedItems.push(item);
  }

  /** Events from while they were loading are replayed to them. */
  insertOlder() {
    const items = this.loadedItems.splice(0);
    const insertPage = () => this.merger.insertPage(items, this.linkParams);
    // Additions at the top do not move what is in view.
    if (items[0] === firstMessage(this.list)) insertPage();
    else this.scrollPosition.preserve(insertPage);
    replay(this.handlers);
    this.receipts.show();
    this.olderPages.onPageLoaded();
    this.jump.resume();
    this.shorten();
  }

  /** The parameters of links to other pages. */
  get linkParams() {
    return { peerId: this.context.peerId, readSeq: this.unread.readSeq };
  }

  /** Keeps the page small and fast, however long the conversation; not during a selection of text or messages. */
  shorten() {
    if (this.scrollPosition.isScrollingToLatest || this.jump.isActive || this.selection) return;
    if (!isLong(this.list) && !(this.scrollPosition.isAtEnd && hasGap(this.list))) return;
    const selection = getSelection();
    if (!selection.isCollapsed && selection.containsNode(this.list, true)) return;
    const cut = () => shorten(this.list, this.scrollPosition.firstVisible, this.linkParams);
    preserveFocusIn(this, this.list, () => this.scrollPosition.preserve(cut));
    this.olderPages.onTrimmed();
  }

  /** The reader sees the list up to that message, or to its end. Shortens it first, while the previous read position is known. */
  onViewed(item) {
    if (this.scrollPosition.isScrollingToLatest) return;
    if (!item) this.shorten();
    this.unread.readTo(item);
  }

  onMessage({ message, live }) {
    const { userId, peerId } = this.context;
    if (peerOf(message, userId) !== peerId) return;
    if (message.deleted && message.expiresAt) return this.onDeleted({ ...message, messageId: message._id });
    const mine = message.senderId === userId;
    const known = this.merger.find(message);
    if (!known && this.merger.isNotLoaded(message)) return;
    this.scrollPosition.preserve(() => this.merger.upsert(message, known));
    // Sending implies reading: the server moves the read mark itself.
    if (mine) this.unread.setReadSeq(message.seq);
    else if (!message.system) this.receipts.advance({ [this.context.isGroup ? "delivered" : "read"]: message.seq });
    const isUnread = !known && !message.deleted && message.seq > this.unread.readSeq;
    if (isUnread) this.unread.onMessage(this.merger.find(message), live);
    else this.scrollPosition.update();
    if (known && message.deleted && !mine) this.unread.onDeleted(message._id);
    if (known) return;
    this.shorten();
    this.lookForMissing();
  }

  showPin(messageId, pinnedAt) {
    const item = this.merger.find({ _id: messageId });
    if (item && !item.matches(".is-deleted")) item.dataset.pinnedAt = pinnedAt ?? "";
  }

  /** With `expiresAt`, it has disappeared, and is removed entirely. */
  onDeleted({ messageId, senderId, receiverId, seq, expiresAt }) {
    this.scrollPosition.removeUnseen(messageId);
    const item = this.merger.find({ _id: messageId });
    if (expiresAt && peerOf({ senderId, receiverId }, this.context.userId) === this.context.peerId) this.missingMessages.ignore(seq);
    if (!item || (item.matches(".is-deleted") && !expiresAt)) return;
    preserveFocus(this, item, () => this.scrollPosition.preserve(() => (expiresAt ? this.merger.discard(item) : clearMessage(item))));
    if (!item.matches(".is-mine")) this.unread.onDeleted(messageId);
  }

  /** Removes messages that the reader has deleted for themselves; `hidden` is a list of `seq` ranges. */
  hideMessages({ peerId, hidden }) {
    if (peerId !== this.context.peerId) return;
    this.missingMessages.resetIgnored();
    const isHidden = (seq) => hidden.some(([from, to]) => from <= seq && seq <= to);
    const gone = messagesOf(this.list).filter(({ dataset }) => dataset.seq && isHidden(Number(dataset.seq)));
    if (!gone.length) return;
    const takeOut = () => gone.forEach((item) => this.merger.discard(item));
    preserveFocusIn(this, this.list, () => this.scrollPosition.preserve(takeOut));
    for (const { dataset } of gone) {
      this.unread.onDeleted(dataset.messageId);
      emit("message-hidden", dataset);
      this.updateReplies(repliesTo(this.list, dataset.messageId));
    }
  }

  onRead({ readerId, peerId, seq }) {
    const { userId, peerId: other } = this.context;
    if (readerId === userId && peerId === other) this.unread.setReadSeq(seq);
    else if (this.isPeerReceipt(readerId, peerId)) this.receipts.advance({ read: seq });
  }

  /** Whether it is a receipt from the other side of this conversation. */
  isPeerReceipt(personId, peerId) {
    const { userId, peerId: other } = this.context;
    return personId !== userId && (peerId === other || (personId === other && peerId === userId));
  }

  onOutbox(entry, change) {
    if (entry.receiverId !== this.context.peerId) return;
    const item = this.merger.find({ ...entry, senderId: this.context.userId });
    const discard = () => this.scrollPosition.preserve(() => this.merger.discard(item));
    preserveFocus(this, item, () => (change === "discarded" ? discard() : this.showEntry(entry)));
    if (change === "added") this.scrollPosition.jumpToLatest();
  }

  /** Shows an entry of the outbox, unless its message has arrived already. */
  showEntry({ image, attachments, ...entry }) {
    const { userId } = this.context;
    const known = this.merger.find({ ...entry, senderId: userId });
    if (known?.dataset.messageId) return;
    const picture = image && { image: image.dataUrl, imageWidth: image.width, imageHeight: image.height };
    const files = attachments && !entry.viewOnce && { attachments: localFiles({ ...entry, attachments }) };
    const message = { ...entry, ...picture, ...files, isLocal: true, senderId: userId };
    this.scrollPosition.preserve(() => this.merger.upsert(message, known));
  }

  showUpload({ clientMessageId, ...progress }) {
    const item = this.merger.find({ clientMessageId, senderId: this.context.userId });
    if (item) showUpload(item, progress);
  }

  /** Fills in names that have been loaded since the messages were shown. */
  showNames() {
    if (!this.context.isGroup) return;
    this.reactions.showNames();
    this.updateReplies(this.replies);
    this.list.querySelectorAll('.message:not([data-mentions=""])').forEach(decorateText);
    for (const item of messagesOf(this.list).filter((each) => !each.matches(".is-mine, .is-system"))) {
      fillAuthor(item, { senderId: item.dataset.senderId }, this.context);
    }
  }

  onChat({ readsHidden = false }) {
    this.receipts.hide(readsHidden);
    this.lookForMissing();
  }

  get replies() {
    return this.list.querySelectorAll('[data-field="reply"]');
  }

  updateReplies(fields) {
    if (!fields.length) return;
    this.scrollPosition.preserve(() => fields.forEach((field) => showReply(field, field.dataset.replyTo, this.context)));
  }

  showTyping(ids) {
    const line = this.list.querySelector(".typing-row");
    const isTyping = ids.length > 0;
    if (isTyping && this.context.isGroup) setText(line.querySelector('[data-field="typing"]'), typingText(ids));
    if (line.hidden === isTyping) this.scrollPosition.preserve(() => (line.hidden = !isTyping));
  }

  onClick({ target }) {
    const button = target.closest("[data-action]");
    if (button?.dataset.action === "jump") emit("jump", targetOf(button));
    else if (button?.dataset.action === "date") this.chooseDay(neighbour(button.parentElement, "nextElementSibling"));
    else if (button) runButtonAction(button.dataset.action, button.closest(".message"));
  }

  /** For groups, the whole name. */
  get firstName() {
    const { peerName } = this.context;
    return this.context.isGroup ? peerName : peerName.split(/\s+/)[0];
  }

  onKeydown(event) {
    if (this.selection?.handleKey(event) || this.toolbar.handleKey(event)) return event.preventDefault();
    moveFocusAmong(this.list, event);
    this.selection?.onFocusMoved(event);
  }
}

customElements.define("message-list", MessageList);
