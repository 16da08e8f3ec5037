import { on } from "../lib/bus.js";
import { showPreview } from "../render/row.js";
import { getDraft } from "../stores/drafts.js";
import { entriesFor } from "../stores/outbox.js";
import { Typists } from "./typists.js";

/** What a row shows instead of its last message: somebody typing, a message that was not sent, a draft. */
export class Covers {
  #rows;
  #typing = new Set();
  #failed = new Map();
  #typists;
  #end;

  /** `rows()` are the rows there are. */
  constructor(rows) {
    this.#rows = rows;
    this.#typists = new Typists((ids) => this.#type(ids));
    this.#end = on("outbox", ({ entry }) => this.#look(entry.receiverId));
  }

  stop() {
    this.#typists.stop();
    this.#end();
  }

  refresh() {
    this.#rows().forEach((row) => this.show(row));
  }

  /** Looks for messages that were not sent on an earlier visit. */
  look() {
    this.#rows().forEach((row) => this.#look(row.dataset.peerId));
  }

  show(row) {
    showPreview(row, this.#coverOf(row));
  }

  #coverOf(row) {
    const { peerId } = row.dataset;
    if (this.#typing.has(peerId)) return { hint: "typing" };
    if (this.#failed.has(peerId)) return { hint: "failed", text: this.#failed.get(peerId) };
    const draft = getDraft(document.body.dataset.userId, peerId).trim();
    return draft && !row.hasAttribute("aria-current") ? { hint: "draft", text: draft } : null;
  }

  #type(ids) {
    this.#typing = ids;
    this.refresh();
  }

  async #look(peerId) {
    const entries = await entriesFor(peerId);
    const failed = entries.findLast((entry) => entry.state === "failed");
    if (failed?.text === this.#failed.get(peerId)) return;
    if (failed) this.#failed.set(peerId, failed.text);
    else this.#failed.delete(peerId);
    const row = this.#rows().find((each) => each.dataset.peerId === peerId);
    if (row) this.show(row);
  }
}
