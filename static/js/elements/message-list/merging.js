import { isSkipped, join } from "../../render/list-window.js";
import { createMessage, decorateMessage, fillMessage, seqOf } from "../../render/message.js";
import { firstMessage, messagesOf, place, regroup, takeOut } from "../../render/timeline.js";

/** Puts messages into the list, each once and where it belongs, whichever way they came. */
export class Merging {
  #log;
  #list;
  #reading;
  #words;

  constructor(log, list, reading) {
    this.#log = log;
    this.#list = list;
    this.#reading = reading;
    this.#words = log.querySelector(".empty");
    this.#adopt(messagesOf(list));
  }

  /** By key, then by the key that the sender's browser gave it. */
  find({ _id, clientMessageId, senderId }) {
    const items = messagesOf(this.#list);
    const byKey = _id && items.findLast(({ dataset }) => dataset.messageId === _id);
    if (byKey || !clientMessageId) return byKey || null;
    const isIt = ({ dataset }) => dataset.clientId === clientMessageId && dataset.senderId === senderId;
    return items.findLast(isIt) ?? null;
  }

  upsert(message, known) {
    if (this.isBeyond(message)) return known && takeOut(known);
    const item = known ?? createMessage();
    fillMessage(item, message, this.#reading);
    place(this.#list, item);
    this.greet();
  }

  discard(item) {
    if (item) takeOut(item);
    this.greet();
  }

  /** Among those that are not loaded: it comes with its page. */
  isBeyond({ seq }) {
    const first = firstMessage(this.#list);
    return Boolean(first && seq < seqOf(first) && this.#log.querySelector(".older")) || isSkipped(this.#list, seq);
  }

  /** A page of older messages, which htmx put in. */
  fitIn(items, excerpt) {
    const fresh = join(this.#list, items, excerpt);
    this.#adopt(fresh);
    const all = messagesOf(this.#list);
    const next = all[all.indexOf(fresh.at(-1)) + 1];
    if (next) regroup(next);
  }

  /** As long as nothing was said, an invitation. */
  greet() {
    this.#words.hidden = !this.#log.isAbsent && Boolean(firstMessage(this.#list));
  }

  #adopt(items) {
    items.forEach(decorateMessage);
    items.forEach(regroup);
  }
}
