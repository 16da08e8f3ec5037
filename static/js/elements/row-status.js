import { on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { isBlank } from "../lib/text.js";
import { lastAt, previewOf, showPreview } from "../render/row.js";
import { getDraft } from "../stores/drafts.js";
import { allEntries } from "../stores/outbox.js";
import { text } from "../lib/texts.js";
import { Typists, typingWords } from "./typing-users.js";

/** What a row shows instead of its last message: somebody typing, a message that was not sent yet, a draft. */
export class RowStatus {
  #rows;
  #shown;
  #typing = new Map();
  #unsent = new Map();
  #typists;
  #ends;

  /** `rows` are those of the chats; `shown(row)` is called for each that may belong elsewhere now. */
  constructor(rows, shown) {
    this.#rows = rows;
    this.#shown = shown;
    this.#typists = new Typists((typing) => this.#type(typing));
    this.#ends = [
      on("outbox", ({ entry, change }) => this.#follow(entry, change)),
      on("people", () => this.refresh()),
      on("draft", ({ peerId }) => this.show(this.#rows.rowOf(peerId))),
      on("message", ({ message }) => this.#onMessage(message)),
    ];
    this.#read();
  }

  stop() {
    this.#typists.stop();
    this.#ends.forEach((end) => end());
  }

  refresh() {
    for (const row of this.#rows.all) {
      if (this.#paint(row)?.createdAt) this.#shown(row);
    }
  }

  show(row) {
    if (!row) return;
    this.#paint(row);
    this.#shown(row);
  }

  #paint(row) {
    const status = this.#statusOf(row);
    showPreview(row, status);
    return status;
  }

  #statusOf(row) {
    const { peerId } = row.dataset;
    const typing = this.#typing.get(peerId);
    if (typing) return { hint: "typing", typing: isGroup(peerId) ? typingWords(typing) : text("typing") };
    const unsent = [...this.#unsent.values()].filter((entry) => entry.receiverId === peerId);
    const failed = unsent.findLast((entry) => entry.state === "failed");
    if (failed) return { hint: "failed", text: failed.text };
    const draft = getDraft(document.body.dataset.userId, peerId);
    if (!isBlank(draft) && !row.hasAttribute("aria-current")) return { hint: "draft", text: draft.trim() };
    const waiting = unsent.at(-1);
    return waiting && waiting.createdAt > lastAt(row) ? previewOf(waiting) : null;
  }

  #type(typing) {
    const before = this.#typing;
    this.#typing = typing;
    for (const peerId of new Set([...before.keys(), ...typing.keys()])) {
      if (String(before.get(peerId)) !== String(typing.get(peerId))) this.show(this.#rows.rowOf(peerId));
    }
  }

  /** What was left from an earlier visit. */
  async #read() {
    for (const entry of await allEntries()) this.#follow(entry, "added");
  }

  #follow(entry, change) {
    if (change === "discarded") this.#unsent.delete(entry.clientMessageId);
    else this.#unsent.set(entry.clientMessageId, entry);
    this.show(this.#rows.rowOf(entry.receiverId));
  }

  #onMessage({ clientMessageId, receiverId }) {
    if (this.#unsent.delete(clientMessageId)) this.show(this.#rows.rowOf(receiverId));
  }
}
