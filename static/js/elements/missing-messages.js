// `seq` has no gaps, so a number missing between two messages of the list, or after the last, is a message lost on its way.
import { getJSON } from "../api.js";
import { backoff } from "../lib/backoff.js";
import { emit } from "../lib/bus.js";
import { endSession } from "../lib/session.js";
import { isSyncing } from "../realtime/live.js";
import { seqOf } from "../render/message.js";
import { messagesOf, separator } from "../render/timeline.js";

/** Leaves time for messages merely out of order, and for a sync. */
const DELAY = 2000;
const PAGE = 100;

/** Fetches messages missing in a list, until they are there or the server does not have them for the reader. */
export class MissingMessages {
  #list;
  #peerId;
  #unavailable = new Set();
  #timer = 0;
  #failures = 0;
  #isStopped = false;

  constructor(list, peerId) {
    this.#list = list;
    this.#peerId = peerId;
  }

  schedule(delay = DELAY) {
    if (!this.#isStopped) this.#timer ||= setTimeout(() => this.#fetchGaps(), delay);
  }

  ignore(seq) {
    this.#unavailable.add(seq);
  }

  /** Messages that were unavailable may be available by now. */
  resetIgnored() {
    this.#unavailable.clear();
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #fetchGaps() {
    this.#timer = 0;
    if (isSyncing()) return this.schedule();
    try {
      for (const gap of this.#findGaps()) await this.#fill(gap);
      this.#failures = 0;
    } catch {
      this.#failures += 1;
      this.schedule(backoff(this.#failures));
    }
  }

  #findGaps() {
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
    for (let seq = from; seq <= to; seq += 1) if (!this.#unavailable.has(seq)) return true;
    return false;
  }

  async #fill({ from, to }) {
    for (let end = to; end >= from; ) {
      const limit = Math.min(PAGE, end - from + 1);
      const messages = (await this.#fetch(end + 1, limit)).filter(({ seq }) => seq >= from);
      const first = messages.length < limit ? from : messages[0].seq;
      const found = new Set(messages.map(({ seq }) => seq));
      for (let seq = first; seq <= end; seq += 1) if (!found.has(seq)) this.#unavailable.add(seq);
      if (this.#isStopped) return;
      messages.forEach((message) => emit("message", { message, live: false }));
      end = first - 1;
    }
  }

  /** Returns no messages if the conversation itself is unavailable. */
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
