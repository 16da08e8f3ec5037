import { OutboxDatabase } from "./outbox-database.js";

const AGAIN_AFTER = 3000;

/** The unsent messages of one account: in the database, or in memory as long as the browser will not keep them. */
export class OutboxEntries {
  #database;
  #memory = new Map();
  #moving = Promise.resolve();
  #again = 0;

  constructor(userId) {
    this.#database = new OutboxDatabase(userId);
  }

  /** Is there something that would be lost with the page? */
  get hasUnkept() {
    return this.#memory.size > 0;
  }

  put(entry) {
    this.#memory.set(entry.clientMessageId, entry);
    return this.#move();
  }

  /** The oldest one for this receiver, whatever its state. */
  async first(receiverId) {
    await this.#moving;
    const kept = await this.#database.first(receiverId).catch(() => undefined);
    return merge(kept ? [kept] : [], this.#unkept(receiverId))[0];
  }

  async all() {
    await this.#moving;
    return merge(await this.#database.all().catch(() => []), [...this.#memory.values()]);
  }

  async of(receiverId) {
    await this.#moving;
    return merge(await this.#database.of(receiverId).catch(() => []), this.#unkept(receiverId));
  }

  async receivers() {
    await this.#moving;
    const kept = await this.#database.receivers().catch(() => []);
    const unkept = [...this.#memory.values()].filter(isPending);
    return new Set([...kept, ...unkept.map((entry) => entry.receiverId)]);
  }

  /** Also when the browser cannot tell: nothing is lost by that. */
  async has(clientMessageId) {
    await this.#moving;
    return this.#memory.has(clientMessageId) || this.#database.has(clientMessageId).catch(() => true);
  }

  async change(clientMessageId, change) {
    await this.#moving;
    const entry = this.#memory.get(clientMessageId);
    if (entry) return Object.assign(entry, change);
    return this.#database.change(clientMessageId, change);
  }

  async remove(clientMessageId) {
    await this.#moving;
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

  #move() {
    this.#moving = this.#moving.then(() => this.#moveAll());
    return this.#moving;
  }

  /** Into the database, in the order in which they were written. */
  async #moveAll() {
    clearTimeout(this.#again);
    try {
      for (const [clientMessageId, entry] of this.#memory) {
        await this.#database.put(entry);
        this.#memory.delete(clientMessageId);
      }
    } catch {
      this.#again = setTimeout(() => this.#move(), AGAIN_AFTER);
    }
  }

  #unkept(receiverId) {
    return [...this.#memory.values()].filter((entry) => entry.receiverId === receiverId);
  }
}

const isPending = (entry) => entry.state === "pending";

function merge(kept, unkept) {
  if (!unkept.length) return kept;
  return [...kept, ...unkept].sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
}
