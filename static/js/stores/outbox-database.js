import { done, keysOf, result } from "../lib/idb.js";

const LEASE_DURATION = 5000;
const OPEN_TIMEOUT = 3000;
const WAITING = IDBKeyRange.bound(["pending"], ["pending", []]);

/** One account's unsent messages in IndexedDB, in the order in which they were written in any tab. */
export class OutboxDatabase {
  #name;
  #opening = null;

  constructor(userId) {
    this.#name = `outbox-${userId}`;
  }

  put(entry) {
    return this.#write("entries", (entries) => result(entries.put(entry)));
  }

  /** The oldest one for this receiver. */
  first(receiverId) {
    return this.#read((entries) => result(entries.index("receiverId").get(receiverId)));
  }

  all() {
    return this.#read((entries) => result(entries.getAll()));
  }

  of(receiverId) {
    return this.#read((entries) => result(entries.index("receiverId").getAll(receiverId)));
  }

  /** The receivers of pending entries. */
  receivers() {
    return this.#read(async (entries) => {
      const keys = await keysOf(entries.index("waiting").openKeyCursor(WAITING, "nextunique"));
      return keys.map(([, receiverId]) => receiverId);
    });
  }

  /** The number of pending entries. */
  count() {
    return this.#read((entries) => result(entries.index("waiting").count(WAITING)));
  }

  has(clientMessageId) {
    return this.#read(async (entries) => Boolean(await result(entries.index("clientMessageId").count(clientMessageId))));
  }

  /** The changed entry, or undefined if it is gone: another tab may have sent it. */
  change(clientMessageId, change) {
    return this.#write("entries", async (entries) => {
      const entry = await find(entries, clientMessageId);
      if (entry) entries.put(Object.assign(entry, change));
      return entry;
    });
  }

  remove(clientMessageId) {
    return this.#write("entries", async (entries) => {
      const entry = await find(entries, clientMessageId);
      if (entry) entries.delete(entry.order);
      return entry;
    });
  }

  /** Takes or renews the lease for sending: returns 0, or the milliseconds until another owner's lease expires. */
  lease(owner) {
    return this.#write("leases", async (leases) => {
      const others = (await result(leases.getAll())).filter((lease) => lease.owner !== owner);
      const left = Math.max(0, ...others.map(timeLeft));
      if (!left) leases.clear();
      if (!left) leases.put({ owner, until: Date.now() + LEASE_DURATION });
      return left;
    });
  }

  /** Commits at once, so that it works while the page closes. */
  release(owner) {
    return this.#write("leases", (leases) => {
      leases.delete(owner);
      leases.transaction.commit();
    });
  }

  async #read(work) {
    const database = await this.#open();
    return work(database.transaction("entries").objectStore("entries"));
  }

  async #write(name, work) {
    const database = await this.#open();
    const transaction = database.transaction(name, "readwrite");
    const [outcome] = await Promise.all([work(transaction.objectStore(name)), done(transaction)]);
    return outcome;
  }

  #open() {
    if (!this.#opening) this.#startOpening();
    return this.#opening;
  }

  /** Fails callers while opening takes too long; once it is open, later calls work. */
  #startOpening() {
    const reset = () => (this.#opening = null);
    const opening = openDatabase(this.#name, reset);
    this.#opening = Promise.race([opening, openTimeout()]);
    opening.then(() => (this.#opening = opening), reset);
  }
}

async function openDatabase(name, reset) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => build(request.result);
  const database = await result(request);
  database.onclose = reset;
  database.onversionchange = () => {
    database.close();
    reset();
  };
  return database;
}

function build(database) {
  const entries = database.createObjectStore("entries", { keyPath: "order", autoIncrement: true });
  entries.createIndex("clientMessageId", "clientMessageId", { unique: true });
  entries.createIndex("receiverId", "receiverId");
  entries.createIndex("waiting", ["state", "receiverId"]);
  database.createObjectStore("leases", { keyPath: "owner" });
}

function openTimeout() {
  return new Promise((_, reject) => setTimeout(reject, OPEN_TIMEOUT, new Error("IndexedDB does not open")));
}

const find = (entries, clientMessageId) => result(entries.index("clientMessageId").get(clientMessageId));

function timeLeft({ until }) {
  const left = until - Date.now();
  // More than a full lease is left only if the clock was set back.
  return left <= LEASE_DURATION ? left : 0;
}
