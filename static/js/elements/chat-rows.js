import { peerOf } from "../lib/peers.js";
import { happenedAt, lastAt, setGroup, setLastMessage, setUnread } from "../render/row.js";

/** The rows of the chats, kept up with what happens: the last message, how much is unread, the latest on top. */
export class ChatRows {
  #root;
  #userId;
  #calls;
  #isCounting = false;

  /** Calls `shown(row)` for a row with another last message, `counted()`, and `missing()` for a chat without a row. */
  constructor(root, userId, calls) {
    this.#root = root;
    this.#userId = userId;
    this.#calls = calls;
  }

  get all() {
    return [...this.#root.querySelectorAll("#chat-rows .row")];
  }

  get unread() {
    return this.all.reduce((sum, row) => sum + numbers(row).unread, 0);
  }

  receive(message) {
    const mine = message.senderId === this.#userId;
    const row = this.rowOf(peerOf(message, this.#userId));
    if (!row) return this.#calls.missing();
    const { lastSeq, readSeq, unread } = numbers(row);
    if (message.seq < lastSeq) return;
    this.#showLast(row, message);
    if (mine) this.#setRead(row, message.seq, 0);
    else if (message.seq > lastSeq && message.seq > readSeq && !message.deleted) this.#setRead(row, readSeq, unread + 1);
  }

  /** Told again (`live` is false), it is counted already. */
  forget({ senderId, receiverId, seq, live = true }) {
    const mine = senderId === this.#userId;
    const row = this.rowOf(peerOf({ senderId, receiverId }, this.#userId));
    if (!row) return;
    const { lastSeq, readSeq, unread } = numbers(row);
    if (live && !mine && seq > readSeq && unread) this.#setRead(row, readSeq, unread - 1);
    if (seq === lastSeq) this.#showLast(row, { senderId, seq, deleted: true, createdAt: lastAt(row) });
  }

  read(peerId, seq) {
    const row = this.rowOf(peerId);
    if (!row) return;
    const { lastSeq, readSeq, unread } = numbers(row);
    if (seq > readSeq) this.#setRead(row, seq, Math.min(unread, Math.max(0, lastSeq - seq)));
  }

  /** What sync says of a chat is exact, unless something newer came meanwhile. */
  update({ _id, lastMessage, lastSeq, lastReadSeq, unreadCount }) {
    const row = this.rowOf(_id);
    if (!row) return this.#calls.missing();
    if (lastSeq < numbers(row).lastSeq) return;
    if (lastMessage) this.#showLast(row, lastMessage);
    if (lastReadSeq >= numbers(row).readSeq) this.#setRead(row, lastReadSeq, unreadCount);
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

  #setRead(row, seq, unread) {
    row.dataset.readSeq = Math.max(seq, numbers(row).readSeq);
    setUnread(row, unread);
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

  /** The latest on top. */
  arrange(row) {
    const others = this.all.filter((each) => each !== row);
    const next = others.find((each) => happenedAt(each) < happenedAt(row));
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

function numbers({ dataset }) {
  const { lastSeq, readSeq, unread } = dataset;
  return { lastSeq: Number(lastSeq), readSeq: Number(readSeq), unread: Number(unread) };
}
