import { done, keysOf, result } from "../lib/idb.js";

const LEASE = 5000;
const OPEN_WITHIN = 3000;
const WAITING = IDBKeyRange.bound(["pending"], ["pending", []]);

/** One account's unsent messages in IndexedDB, in the order in which they were written, whatever tab that was in. */
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

  /** Whom something waits to be sent to. */
  receivers() {
    return this.#read(async (entries) => {
      const keys = await keysOf(entries.index("waiting").openKeyCursor(WAITING, "nextunique"));
      return keys.map(([, receiverId]) => receiverId);
    });
  }

  /** How many wait to be sent, to whomever. */
  count() {
    return this.#read((entries) => result(entries.index("waiting").count(WAITING)));
  }

  has(clientMessageId) {
    return this.#read(async (entries) => Boolean(await result(entries.index("clientMessageId").count(clientMessageId))));
  }

  /** The entry after the change, or undefined when it is gone: another tab may have sent it. */
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

  /** Takes or renews the right to send: 0, or the milliseconds until its owner loses it. */
  lease(owner) {
    return this.#write("leases", async (leases) => {
      const others = (await result(leases.getAll())).filter((lease) => lease.owner !== owner);
      const left = Math.max(0, ...others.map(timeLeft));
      if (!left) leases.clear();
      if (!left) leases.put({ owner, until: Date.now() + LEASE });
      return left;
    });
  }

  /** Waits for nothing: it gets through even while the page closes. */
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

  /** Who asks while it takes too long is refused at once; whoever asks once it is open is served. */
  #startOpening() {
    const forget = () => (this.#opening = null);
    const opening = openDatabase(this.#name, forget);
    this.#opening = Promise.race([opening, tooLate()]);
    opening.then(() => (this.#opening = opening), forget);
  }
}

async function openDatabase(name, forget) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => build(request.result);
  const database = await result(request);
  database.onclose = forget;
  database.onversionchange = () => {
    database.close();
    forget();
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

function tooLate() {
  return new Promise((_, reject) => setTimeout(reject, OPEN_WITHIN, new Error("IndexedDB does not open")));
}

const find = (entries, clientMessageId) => result(entries.index("clientMessageId").get(clientMessageId));

function timeLeft({ until }) {
  const left = until - Date.now();
  // More than a whole lease is left only when the clock was set back.
  return left <= LEASE ? left : 0;
}
