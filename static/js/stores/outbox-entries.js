import { OutboxDatabase } from "./outbox-database.js";

/** The unsent messages of one account: in the database, or in memory where the browser will not keep them. */
export class OutboxEntries {
  #database;
  #memory = new Map();

  constructor(userId) {
    this.#database = new OutboxDatabase(userId);
  }

  async put(entry) {
    try {
      await this.#database.put(entry);
    } catch {
      this.#memory.set(entry.clientMessageId, entry);
    }
  }

  async next(receiverId) {
    const kept = await this.#database.next(receiverId).catch(() => undefined);
    const unkept = this.#unkept(receiverId).find(isPending);
    return merge(kept ? [kept] : [], unkept ? [unkept] : [])[0];
  }

  async of(receiverId) {
    return merge(await this.#database.of(receiverId).catch(() => []), this.#unkept(receiverId));
  }

  async receivers() {
    const kept = await this.#database.receivers().catch(() => []);
    const unkept = [...this.#memory.values()].filter(isPending);
    return new Set([...kept, ...unkept.map((entry) => entry.receiverId)]);
  }

  async change(clientMessageId, change) {
    const entry = this.#memory.get(clientMessageId);
    if (entry) return Object.assign(entry, change);
    return this.#database.change(clientMessageId, change);
  }

  async remove(clientMessageId) {
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

  #unkept(receiverId) {
    return [...this.#memory.values()].filter((entry) => entry.receiverId === receiverId);
  }
}

const isPending = (entry) => entry.state === "pending";

function merge(kept, unkept) {
  if (!unkept.length) return kept;
  return [...kept, ...unkept].sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
}
