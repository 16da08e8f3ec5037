import { mentions as isMention, peerOf } from "../lib/peers.js";
import { isPast } from "../lib/time.js";
import { happenedAt, isMuted, lastAt, setGroup, setLastMessage, setMentions, setSettings, setUnread } from "../render/row.js";

/** Keeps the rows of the chats up to date: last message, unread counts, order. */
export class ChatRows {
  #root;
  #userId;
  #callbacks;
  #isCountScheduled = false;
  /** By row, the read `seq` for which its mentions were counted. */
  #counted = new WeakMap();

  /**
   * Calls `previewChanged(row)` for a new last message, `countsChanged()`, `rowMissing()` for a chat without a row, and
   * `countsUncertain()` if only the server can count the unread mentions.
   */
  constructor(root, userId, callbacks) {
    this.#root = root;
    this.#userId = userId;
    this.#callbacks = callbacks;
  }

  get all() {
    return [...this.#root.querySelectorAll("#chat-rows .row")];
  }

  /** The total for tab and title. Muted and archived chats only count their mentions. */
  get unread() {
    const isSilenced = (row) => isMuted(row) || "archived" in row.dataset;
    const counts = this.all.filter(({ dataset }) => !("request" in dataset)).map((row) => numbers(row)[isSilenced(row) ? "mentions" : "unread"]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  get archivedMentions() {
    return this.all.filter(({ dataset }) => "archived" in dataset && "mentions" in dataset).length;
  }

  get requests() {
    return this.all.filter(({ dataset }) => "request" in dataset).length;
  }

  get archived() {
    return this.all.filter(({ dataset }) => "archived" in dataset).length;
  }

  /** When the next mute ends. */
  get mutedUntil() {
    return this.all.map((row) => row.dataset.mutedUntil ?? "").filter(Boolean).sort()[0];
  }

  onMessage(message) {
    const mine = message.senderId === this.#userId;
    const row = this.rowOf(peerOf(message, this.#userId));
    if (!row) return this.#callbacks.rowMissing();
    const { lastSeq, readSeq, unread, mentions } = numbers(row);
    const mentionsMe = isMention(message, this.#userId);
    if (message.seq <= lastSeq && message.seq > readSeq && (mentions || mentionsMe)) this.#callbacks.countsUncertain();
    if (message.seq < lastSeq) return;
    if (message.seq > lastSeq && !isMuted(row)) delete row.dataset.archived;
    this.#showLast(row, message);
    // A scheduled message is not a sign that the reader has read the chat.
    const isThere = mine && !(unread && message.clientMessageId?.startsWith("scheduled:"));
    if (isThere) this.#setRead(row, message.seq, 0, 0);
    else if (message.seq > lastSeq && message.seq > readSeq && !message.deleted) {
      this.#setRead(row, readSeq, unread + 1, mentions + Number(mentionsMe));
    }
  }

  /** A replayed event (`live` is false) is counted already. */
  onDeleted({ senderId, receiverId, seq, expiresAt, live = true }) {
    const mine = senderId === this.#userId;
    const row = this.rowOf(peerOf({ senderId, receiverId }, this.#userId));
    if (!row) return;
    const { lastSeq, readSeq, unread, mentions } = numbers(row);
    if (live && !mine && seq > readSeq && unread) this.#setRead(row, readSeq, unread - 1, mentions);
    if (mentions && seq > readSeq) this.#callbacks.countsUncertain();
    if (seq === lastSeq) this.#showLast(row, { senderId, seq, deleted: true, expiresAt, createdAt: lastAt(row) });
  }

  /** Removes previews that have disappeared since they were rendered, as in a cached page. Until then the styles hide them. */
  expire() {
    for (const row of this.all.filter(({ dataset }) => isPast(dataset.expiresAt))) {
      const { lastSeq: seq, expiresAt } = row.dataset;
      this.#showLast(row, { seq, deleted: true, expiresAt, createdAt: lastAt(row) });
    }
  }

  /** `isConfirmed` if the server has confirmed it. */
  markRead(peerId, seq, isConfirmed) {
    const row = this.rowOf(peerId);
    if (!row) return;
    const { lastSeq, readSeq, unread, mentions } = numbers(row);
    const left = Math.max(0, lastSeq - seq);
    if (seq > readSeq) this.#setRead(row, seq, Math.min(unread, left), Math.min(mentions, left));
    if (!isConfirmed || !("mentions" in row.dataset) || seq <= (this.#counted.get(row) ?? 0)) return;
    this.#counted.set(row, seq);
    this.#callbacks.countsUncertain();
  }

  /** Applies a chat from sync, unless something newer has arrived meanwhile. */
  update({ _id, lastMessage, lastSeq, lastReadSeq, unreadCount, unreadMentions = 0, ...settings }) {
    const row = this.rowOf(_id);
    if (!row) return lastMessage && this.#callbacks.rowMissing();
    // The reader has deleted the whole chat for themselves.
    if (!lastMessage) return this.#callbacks.rowMissing();
    if (lastSeq < numbers(row).lastSeq) return;
    if (lastReadSeq >= numbers(row).readSeq) {
      this.#counted.set(row, lastReadSeq);
      this.#setRead(row, lastReadSeq, unreadCount, unreadMentions);
    }
    this.#showLast(row, lastMessage);
    this.applySettings({ peerId: _id, ...settings });
  }

  /** Applies the reader's settings for a chat. */
  applySettings({ peerId, ...settings }) {
    const row = this.rowOf(peerId);
    if (!row) return this.#callbacks.rowMissing();
    setSettings(row, settings);
    this.reposition(row);
    this.#scheduleCount();
  }

  onGroup(group) {
    const row = this.rowOf(group._id);
    if (row) setGroup(row, group);
  }

  setClosed(group, closed) {
    const row = this.rowOf(group);
    if (row) row.dataset.closed = closed;
  }

  #showLast(row, message) {
    row.dataset.lastSeq = message.seq;
    setLastMessage(row, message, this.#userId);
    this.#callbacks.previewChanged(row);
  }

  #setRead(row, seq, unread, mentions) {
    if (seq > numbers(row).readSeq) delete row.dataset.markedUnread;
    row.dataset.readSeq = Math.max(seq, numbers(row).readSeq);
    setUnread(row, unread);
    setMentions(row, mentions);
    this.#scheduleCount();
  }

  /** Once for all changes in the same task. */
  #scheduleCount() {
    if (!this.#isCountScheduled) queueMicrotask(() => this.#notifyCount());
    this.#isCountScheduled = true;
  }

  #notifyCount() {
    this.#isCountScheduled = false;
    this.#callbacks.countsChanged();
  }

  /** Pinned chats come first, the last pinned on top; then the latest. */
  reposition(row) {
    const others = this.all.filter((each) => each !== row);
    const next = others.find((each) => comesBefore(row, each));
    const item = row.parentElement;
    if (item.nextElementSibling !== (next?.parentElement ?? null)) this.#insert(item, next?.parentElement ?? null);
  }

  #insert(item, next) {
    const hadFocus = item.contains(document.activeElement);
    item.parentElement.insertBefore(item, next);
    if (hadFocus) item.firstElementChild.focus({ preventScroll: true });
  }

  rowOf(peerId) {
    return document.getElementById(`chats-${peerId}`);
  }
}

function comesBefore(one, other) {
  const [pinned, otherPinned] = [one, other].map(({ dataset }) => dataset.pinnedAt ?? "");
  return pinned === otherPinned ? happenedAt(one) > happenedAt(other) : pinned > otherPinned;
}

function numbers({ dataset }) {
  const { lastSeq, readSeq, unread, mentions = 0 } = dataset;
  return { lastSeq: Number(lastSeq), readSeq: Number(readSeq), unread: Number(unread), mentions: Number(mentions) };
}
