import { mentions as isMention, peerOf } from "../lib/peers.js";
import { isPast } from "../lib/time.js";
import { happenedAt, isMuted, lastAt, setGroup, setLastMessage, setMentions, setSettings, setUnread } from "../render/row.js";

/** The rows of the chats, kept up with what happens: the last message, how much is unread, the latest on top. */
export class ChatRows {
  #root;
  #userId;
  #calls;
  #isCounting = false;
  /** Up to where each had read when its mentions were counted. */
  #counted = new WeakMap();

  /**
   * Calls `shown(row)` for a row with another last message, `counted()`, `missing()` for a chat without a row, and `unsure()` when
   * only the server can count the unread messages that mention the reader.
   */
  constructor(root, userId, calls) {
    this.#root = root;
    this.#userId = userId;
    this.#calls = calls;
  }

  get all() {
    return [...this.#root.querySelectorAll("#chat-rows .row")];
  }

  /** Of what is muted or archived each row tells by itself, but for mentions. */
  get unread() {
    const isQuiet = (row) => isMuted(row) || "archived" in row.dataset;
    const counts = this.all.filter(({ dataset }) => !("request" in dataset)).map((row) => numbers(row)[isQuiet(row) ? "mentions" : "unread"]);
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

  /** When the next one is to be heard again. */
  get mutedUntil() {
    return this.all.map((row) => row.dataset.mutedUntil ?? "").filter(Boolean).sort()[0];
  }

  receive(message) {
    const mine = message.senderId === this.#userId;
    const row = this.rowOf(peerOf(message, this.#userId));
    if (!row) return this.#calls.missing();
    const { lastSeq, readSeq, unread, mentions } = numbers(row);
    const mentionsMe = isMention(message, this.#userId);
    if (message.seq <= lastSeq && message.seq > readSeq && (mentions || mentionsMe)) this.#calls.unsure();
    if (message.seq < lastSeq) return;
    if (message.seq > lastSeq && !isMuted(row)) delete row.dataset.archived;
    this.#showLast(row, message);
    // What goes by itself has read nothing.
    const isThere = mine && !(unread && message.clientMessageId?.startsWith("scheduled:"));
    if (isThere) this.#setRead(row, message.seq, 0, 0);
    else if (message.seq > lastSeq && message.seq > readSeq && !message.deleted) {
      this.#setRead(row, readSeq, unread + 1, mentions + Number(mentionsMe));
    }
  }

  /** Told again (`live` is false), it is counted already. */
  forget({ senderId, receiverId, seq, expiresAt, live = true }) {
    const mine = senderId === this.#userId;
    const row = this.rowOf(peerOf({ senderId, receiverId }, this.#userId));
    if (!row) return;
    const { lastSeq, readSeq, unread, mentions } = numbers(row);
    if (live && !mine && seq > readSeq && unread) this.#setRead(row, readSeq, unread - 1, mentions);
    if (mentions && seq > readSeq) this.#calls.unsure();
    if (seq === lastSeq) this.#showLast(row, { senderId, seq, deleted: true, expiresAt, createdAt: lastAt(row) });
  }

  /** What has disappeared since the row was rendered, as in a page that was kept. Until then the styles hide what may. */
  expire() {
    for (const row of this.all.filter(({ dataset }) => isPast(dataset.expiresAt))) {
      const { lastSeq: seq, expiresAt } = row.dataset;
      this.#showLast(row, { seq, deleted: true, expiresAt, createdAt: lastAt(row) });
    }
  }

  /** Up to there; `isTold` when the server knows it. */
  read(peerId, seq, isTold) {
    const row = this.rowOf(peerId);
    if (!row) return;
    const { lastSeq, readSeq, unread, mentions } = numbers(row);
    const left = Math.max(0, lastSeq - seq);
    if (seq > readSeq) this.#setRead(row, seq, Math.min(unread, left), Math.min(mentions, left));
    if (!isTold || !("mentions" in row.dataset) || seq <= (this.#counted.get(row) ?? 0)) return;
    this.#counted.set(row, seq);
    this.#calls.unsure();
  }

  /** What sync says of a chat is exact, unless something newer came meanwhile. */
  update({ _id, lastMessage, lastSeq, lastReadSeq, unreadCount, unreadMentions = 0, ...settings }) {
    const row = this.rowOf(_id);
    if (!row) return lastMessage && this.#calls.missing();
    // The reader has deleted all of it for themselves.
    if (!lastMessage) return this.#calls.missing();
    if (lastSeq < numbers(row).lastSeq) return;
    if (lastReadSeq >= numbers(row).readSeq) {
      this.#counted.set(row, lastReadSeq);
      this.#setRead(row, lastReadSeq, unreadCount, unreadMentions);
    }
    this.#showLast(row, lastMessage);
    this.keep({ peerId: _id, ...settings });
  }

  /** The reader keeps a chat in another way. */
  keep({ peerId, ...settings }) {
    const row = this.rowOf(peerId);
    if (!row) return this.#calls.missing();
    setSettings(row, settings);
    this.arrange(row);
    this.#count();
  }

  change(group) {
    const row = this.rowOf(group._id);
    if (row) setGroup(row, group);
  }

  close(group, closed) {
    const row = this.rowOf(group);
    if (row) row.dataset.closed = closed;
  }

  #showLast(row, message) {
    row.dataset.lastSeq = message.seq;
    setLastMessage(row, message, this.#userId);
    this.#calls.shown(row);
  }

  #setRead(row, seq, unread, mentions) {
    if (seq > numbers(row).readSeq) delete row.dataset.markedUnread;
    row.dataset.readSeq = Math.max(seq, numbers(row).readSeq);
    setUnread(row, unread);
    setMentions(row, mentions);
    this.#count();
  }

  /** Once for all that come together. */
  #count() {
    if (!this.#isCounting) queueMicrotask(() => this.#tellCount());
    this.#isCounting = true;
  }

  #tellCount() {
    this.#isCounting = false;
    this.#calls.counted();
  }

  /** Those on top that are pinned, the latest of them first; then the latest. */
  arrange(row) {
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
