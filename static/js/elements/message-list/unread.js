import { emit } from "../../lib/bus.js";
import { markRead } from "../../realtime/live.js";
import { toggleClass } from "../../render/slots.js";
import { clearUnread, lastSent, lastSentUpTo, markUnread, neighbour, unreadLine } from "../../render/timeline.js";

/** The read position, and the line above unread messages. */
export class Unread {
  #log;
  #list;
  #peerId;
  #scrollPosition;
  #hasUnread;

  constructor(log, list, { peerId, readSeq, scrollPosition }) {
    this.#log = log;
    this.#list = list;
    this.#peerId = peerId;
    this.#scrollPosition = scrollPosition;
    this.readSeq = readSeq;
    const line = unreadLine(list);
    this.#hasUnread = Boolean(line);
    if (line) scrollPosition.openAt(line);
    /** The first unread message when the conversation was opened. */
    this.first = line && neighbour(line, "nextElementSibling")?.dataset;
  }

  /** A new message from somebody else: animated, and either read at once or marked as unread. */
  onMessage(item, live) {
    toggleClass(item, "is-new", live);
    if (this.#scrollPosition.isReading) return this.readTo();
    if (!this.#hasUnread) this.#scrollPosition.preserve(() => markUnread(this.#list, item));
    this.#hasUnread = true;
    this.#scrollPosition.stopAtUnread(unreadLine(this.#list));
    if (this.#scrollPosition.isAtEnd) this.#scrollPosition.update();
    else this.#scrollPosition.addUnseen(item.dataset.messageId);
  }

  /** Marks messages as read, up to that one or to the newest. */
  readTo(item) {
    // Reading a request sends no receipt.
    if (this.#log.isProvisional || this.#log.closest(".conversation").dataset.closed === "request") return;
    const seq = Number((item ? lastSentUpTo(item) : lastSent(this.#list))?.dataset.seq);
    if (!(seq > this.readSeq)) return;
    this.setReadSeq(seq);
    markRead(this.#peerId, seq);
    emit("read-here", { peerId: this.#peerId, seq });
  }

  setReadSeq(seq) {
    this.readSeq = Math.max(this.readSeq, seq);
    if (!(Number(lastSent(this.#list)?.dataset.seq) > this.readSeq)) this.#hasUnread = false;
  }

  /** A message from somebody else was deleted, so it no longer counts as new. */
  onDeleted(messageId) {
    this.#scrollPosition.removeUnseen(messageId);
    this.#scrollPosition.preserve(() => clearUnread(this.#list) && (this.#hasUnread = false));
  }
}
