// `seq` counts without gaps. What is missing between two messages of the list, or after the last, was lost on its way here.
import { getJSON } from "../api.js";
import { backoff } from "../lib/backoff.js";
import { emit } from "../lib/bus.js";
import { endSession } from "../lib/session.js";
import { isSyncing } from "../realtime/live.js";
import { seqOf } from "../render/message.js";
import { messagesOf, separator } from "../render/timeline.js";

/** What is only out of order, and what a sync brings, comes first. */
const AFTER = 2000;
const PAGE = 100;

/** Fetches what is missing in a list, until it is there or the server says that it is not to be had. */
export class MissingMessages {
  #list;
  #peerId;
  #gone = new Set();
  #timer = 0;
  #failures = 0;
  #isOver = false;

  constructor(list, peerId) {
    this.#list = list;
    this.#peerId = peerId;
  }

  look(delay = AFTER) {
    if (!this.#isOver) this.#timer ||= setTimeout(() => this.#refill(), delay);
  }

  giveUp(seq) {
    this.#gone.add(seq);
  }

  /** What was not to be had may be by now. */
  askAgain() {
    this.#gone.clear();
  }

  stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #refill() {
    this.#timer = 0;
    if (isSyncing()) return this.look();
    try {
      for (const gap of this.#find()) await this.#fill(gap);
      this.#failures = 0;
    } catch {
      this.#failures += 1;
      this.look(backoff(this.#failures));
    }
  }

  #find() {
    const sent = messagesOf(this.#list).filter(({ dataset }) => dataset.seq);
    const gaps = [];
    let from = this.#list.querySelector(":scope > .older") ? Infinity : 1;
    for (const item of sent) {
      if (!separator(item, "skipped")) gaps.push({ from, to: seqOf(item) - 1 });
      from = seqOf(item) + 1;
    }
    // The side bar knows how far the conversation goes.
    const last = Number(document.getElementById(`chats-${this.#peerId}`)?.dataset.lastSeq) || 0;
    gaps.push({ from: Math.max(sent.length ? from : 1, last - PAGE + 1), to: last });
    return gaps.filter(({ from, to }) => this.#isMissing(from, to));
  }

  #isMissing(from, to) {
    for (let seq = from; seq <= to; seq += 1) if (!this.#gone.has(seq)) return true;
    return false;
  }

  async #fill({ from, to }) {
    for (let end = to; end >= from; ) {
      const limit = Math.min(PAGE, end - from + 1);
      const messages = (await this.#fetch(end + 1, limit)).filter(({ seq }) => seq >= from);
      const first = messages.length < limit ? from : messages[0].seq;
      const found = new Set(messages.map(({ seq }) => seq));
      for (let seq = first; seq <= end; seq += 1) if (!found.has(seq)) this.#gone.add(seq);
      if (this.#isOver) return;
      messages.forEach((message) => emit("message", { message, live: false }));
      end = first - 1;
    }
  }

  /** Nothing, if the conversation itself is not to be had. */
  async #fetch(before, limit) {
    try {
      return await getJSON(`/api/messages/${this.#peerId}?before=${before}&limit=${limit}`);
    } catch (error) {
      if (error.status === 401) endSession();
      if (error.isTemporary || error.status === 401) throw error;
      return [];
    }
  }
}
