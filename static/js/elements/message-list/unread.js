import { emit } from "../../lib/bus.js";
import { markRead } from "../../realtime/live.js";
import { mark } from "../../render/slots.js";
import { clearUnread, lastSent, lastSentUpTo, markUnread, neighbour, unreadLine } from "../../render/timeline.js";

/** How far the reader has read, and the line above what is unread. */
export class Unread {
  #log;
  #list;
  #peerId;
  #place;
  #hasUnread;

  constructor(log, list, { peerId, readSeq, place }) {
    this.#log = log;
    this.#list = list;
    this.#peerId = peerId;
    this.#place = place;
    this.readSeq = readSeq;
    const line = unreadLine(list);
    this.#hasUnread = Boolean(line);
    if (line) place.startAt(line);
    /** What was unread first when the conversation was opened. */
    this.first = line && neighbour(line, "nextElementSibling")?.dataset;
  }

  /** Something from somebody else: new to the eye, and read at once or marked as unread. */
  welcome(item, live) {
    mark(item, "is-new", live);
    if (this.#place.isReading) return this.readTo();
    if (!this.#hasUnread) this.#place.keep(() => markUnread(this.#list, item));
    this.#hasUnread = true;
    this.#place.holdAt(unreadLine(this.#list));
    if (this.#place.isAtEnd) this.#place.update();
    else this.#place.miss(item.dataset.messageId);
  }

  /** Up to that message, or up to the newest. */
  readTo(item) {
    // A request is read without leaving a mark.
    if (this.#log.isProvisional || this.#log.closest(".conversation").dataset.closed === "request") return;
    const seq = Number((item ? lastSentUpTo(item) : lastSent(this.#list))?.dataset.seq);
    if (!(seq > this.readSeq)) return;
    this.hasRead(seq);
    markRead(this.#peerId, seq);
    emit("read-here", { peerId: this.#peerId, seq });
  }

  hasRead(seq) {
    this.readSeq = Math.max(this.readSeq, seq);
    if (!(Number(lastSent(this.#list)?.dataset.seq) > this.readSeq)) this.#hasUnread = false;
  }

  /** One from somebody else is not new any more, whether the socket or `sync` told of it first. */
  wasDeleted(messageId) {
    this.#place.unmiss(messageId);
    this.#place.keep(() => clearUnread(this.#list) && (this.#hasUnread = false));
  }
}
