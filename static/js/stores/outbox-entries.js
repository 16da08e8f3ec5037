import { OutboxDatabase } from "./outbox-database.js";

const RETRY_DELAY = 3000;

/** The unsent messages of one account: in the database, or in memory for as long as the browser cannot store them. */
export class OutboxEntries {
  #database;
  #memory = new Map();
  #flushing = Promise.resolve();
  #retryTimer = 0;

  constructor(userId) {
    this.#database = new OutboxDatabase(userId);
  }

  /** Whether something would be lost with the page. */
  get hasUnsaved() {
    return this.#memory.size > 0;
  }

  put(entry) {
    this.#memory.set(entry.clientMessageId, entry);
    return this.#flush();
  }

  /** The oldest one for this receiver, whatever its state. */
  async first(receiverId) {
    await this.#flushing;
    const stored = await this.#database.first(receiverId).catch(() => undefined);
    return merge(stored ? [stored] : [], this.#inMemory(receiverId))[0];
  }

  async all() {
    await this.#flushing;
    return merge(await this.#database.all().catch(() => []), [...this.#memory.values()]);
  }

  async of(receiverId) {
    await this.#flushing;
    return merge(await this.#database.of(receiverId).catch(() => []), this.#inMemory(receiverId));
  }

  async receivers() {
    await this.#flushing;
    const stored = await this.#database.receivers().catch(() => []);
    const unsaved = [...this.#memory.values()].filter(isPending);
    return new Set([...stored, ...unsaved.map((entry) => entry.receiverId)]);
  }

  /** Also true if the database fails, which is the safe answer. */
  async has(clientMessageId) {
    await this.#flushing;
    return this.#memory.has(clientMessageId) || this.#database.has(clientMessageId).catch(() => true);
  }

  async change(clientMessageId, change) {
    await this.#flushing;
    const entry = this.#memory.get(clientMessageId);
    if (entry) return Object.assign(entry, change);
    return this.#database.change(clientMessageId, change);
  }

  async remove(clientMessageId) {
    await this.#flushing;
    const entry = this.#memory.get(clientMessageId);
    if (this.#memory.delete(clientMessageId)) return entry;
    return this.#database.remove(clientMessageId);
  }

  lease(owner) {
    return this.#database.lease(owner).catch(() => 0);
  }

  release(owner) {
    return this.#database.release(owner).catch(() => {});
  }

  #flush() {
    this.#flushing = this.#flushing.then(() => this.#flushAll());
    return this.#flushing;
  }

  /** Stores entries from memory, in the order in which they were written. */
  async #flushAll() {
    clearTimeout(this.#retryTimer);
    try {
      for (const [clientMessageId, entry] of this.#memory) {
        await this.#database.put(entry);
        this.#memory.delete(clientMessageId);
      }
    } catch {
      this.#retryTimer = setTimeout(() => this.#flush(), RETRY_DELAY);
    }
  }

  #inMemory(receiverId) {
    return [...this.#memory.values()].filter((entry) => entry.receiverId === receiverId);
  }
}

const isPending = (entry) => entry.state === "pending";

function merge(stored, unsaved) {
  if (!unsaved.length) return stored;
  return [...stored, ...unsaved].sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
}
