import { on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { isBlank } from "../lib/text.js";
import { lastAt, previewOf, showPreview } from "../render/row.js";
import { getDraft } from "../stores/drafts.js";
import { allEntries } from "../stores/outbox.js";
import { text } from "../lib/texts.js";
import { typingText, TypingUsers } from "./typing-users.js";

/** What a row shows instead of its last message: who is typing, an unsent message, or a draft. */
export class RowStatus {
  #rows;
  #onShown;
  #typing = new Map();
  #unsent = new Map();
  #typingUsers;
  #cleanups;

  /** Calls `shown(row)` for each row whose position may have changed. */
  constructor(rows, shown) {
    this.#rows = rows;
    this.#onShown = shown;
    this.#typingUsers = new TypingUsers((typing) => this.#onTyping(typing));
    this.#cleanups = [
      on("outbox", ({ entry, change }) => this.#onOutbox(entry, change)),
      on("people", () => this.refresh()),
      on("draft", ({ peerId }) => this.show(this.#rows.rowOf(peerId))),
      on("message", ({ message }) => this.#onMessage(message)),
    ];
    this.#readOutbox();
  }

  stop() {
    this.#typingUsers.stop();
    this.#cleanups.forEach((cleanup) => cleanup());
  }

  refresh() {
    for (const row of this.#rows.all) {
      if (this.#paint(row)?.createdAt) this.#onShown(row);
    }
  }

  show(row) {
    if (!row) return;
    this.#paint(row);
    this.#onShown(row);
  }

  #paint(row) {
    const status = this.#statusOf(row);
    showPreview(row, status);
    return status;
  }

  #statusOf(row) {
    const { peerId } = row.dataset;
    const typing = this.#typing.get(peerId);
    if (typing) return { hint: "typing", typing: isGroup(peerId) ? typingText(typing) : text("typing") };
    const unsent = [...this.#unsent.values()].filter((entry) => entry.receiverId === peerId);
    const failed = unsent.findLast((entry) => entry.state === "failed");
    if (failed) return { hint: "failed", text: failed.text };
    const draft = getDraft(document.body.dataset.userId, peerId);
    if (!isBlank(draft) && !row.hasAttribute("aria-current")) return { hint: "draft", text: draft.trim() };
    const waiting = unsent.at(-1);
    return waiting && waiting.createdAt > lastAt(row) ? previewOf(waiting) : null;
  }

  #onTyping(typing) {
    const before = this.#typing;
    this.#typing = typing;
    for (const peerId of new Set([...before.keys(), ...typing.keys()])) {
      if (String(before.get(peerId)) !== String(typing.get(peerId))) this.show(this.#rows.rowOf(peerId));
    }
  }

  /** Entries left from an earlier visit. */
  async #readOutbox() {
    for (const entry of await allEntries()) this.#onOutbox(entry, "added");
  }

  #onOutbox(entry, change) {
    if (change === "discarded") this.#unsent.delete(entry.clientMessageId);
    else this.#unsent.set(entry.clientMessageId, entry);
    this.show(this.#rows.rowOf(entry.receiverId));
  }

  #onMessage({ clientMessageId, receiverId }) {
    if (this.#unsent.delete(clientMessageId)) this.show(this.#rows.rowOf(receiverId));
  }
}
