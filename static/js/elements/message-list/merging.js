import { insertPageItems, isSkipped } from "../../render/list-window.js";
import { createMessage, decorateMessage, fillMessage, seqOf } from "../../render/message.js";
import { firstMessage, insertMessage, messagesOf, regroup, removeMessage } from "../../render/timeline.js";

/** Merges messages into the list, each once and in order, wherever they come from. */
export class MessageMerger {
  #log;
  #list;
  #context;
  #emptyState;

  constructor(log, list, context) {
    this.#log = log;
    this.#list = list;
    this.#context = context;
    this.#emptyState = log.querySelector(".empty");
    this.#decorate(messagesOf(list));
  }

  /** By key, then by the sender's client id. */
  find({ _id, clientMessageId, senderId }) {
    const items = messagesOf(this.#list);
    const byKey = _id && items.findLast(({ dataset }) => dataset.messageId === _id);
    if (byKey || !clientMessageId) return byKey || null;
    const matches = ({ dataset }) => dataset.clientId === clientMessageId && dataset.senderId === senderId;
    return items.findLast(matches) ?? null;
  }

  upsert(message, known) {
    if (this.isNotLoaded(message)) return known && removeMessage(known);
    const item = known ?? createMessage();
    fillMessage(item, message, this.#context);
    insertMessage(this.#list, item);
    this.updateEmptyState();
  }

  discard(item) {
    if (item) removeMessage(item);
    this.updateEmptyState();
  }

  /** Whether it is among messages that are not loaded; it will come with its page. */
  isNotLoaded({ seq }) {
    const first = firstMessage(this.#list);
    return Boolean(first && seq < seqOf(first) && this.#log.querySelector(".older")) || isSkipped(this.#list, seq);
  }

  /** Fits in a page of older messages that htmx has inserted. */
  insertPage(items, linkParams) {
    const fresh = insertPageItems(this.#list, items, linkParams);
    this.#decorate(fresh);
    const all = messagesOf(this.#list);
    const next = all[all.indexOf(fresh.at(-1)) + 1];
    if (next) regroup(next);
  }

  /** Shows the placeholder while there are no messages. */
  updateEmptyState() {
    this.#emptyState.hidden = !this.#log.isAbsent && Boolean(firstMessage(this.#list));
  }

  #decorate(items) {
    items.forEach(decorateMessage);
    items.forEach(regroup);
  }
}
