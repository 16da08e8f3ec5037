import { backoff } from "../lib/backoff.js";
import { newClientId } from "../lib/ids.js";

const RENEW_EVERY = 1000;
const LOOK_EVERY = 10_000;
const MOST_FAULTS = 5;

/**
 * Sends what waits: in order for each receiver, from one tab at a time. `post(entry)` answers with the message;
 * `isConnected()` tells whether the server is well apart from that.
 * Then come `sent(entry, message)` or `failed(entry, error)`, `heldUp()` when the server asks for patience,
 * `signedOut()` once, and `released()` when all is done.
 */
export class Delivery {
  #entries;
  #calls;
  #owner = newClientId();
  #lanes = new Map();
  #sleepers = new Set();
  #faults = new Map();
  #notBefore = 0;
  #isOver = false;

  constructor(entries, calls) {
    this.#entries = entries;
    this.#calls = calls;
  }

  /** Looks for work, and ends every wait that a new try may end. */
  async wake() {
    this.#sleepers.forEach((end) => end());
    for (const receiverId of await this.#entries.receivers()) this.#serve(receiverId);
  }

  /** Lets another tab go on at once. */
  release() {
    return this.#entries.release(this.#owner);
  }

  #serve(receiverId) {
    const lane = this.#lanes.get(receiverId);
    if (lane) lane.again = true;
    else this.#run(receiverId, { again: true });
  }

  async #run(receiverId, lane) {
    this.#lanes.set(receiverId, lane);
    while (lane.again && !this.#isOver) {
      lane.again = false;
      await this.#empty(receiverId);
    }
    this.#lanes.delete(receiverId);
    if (this.#lanes.size) return;
    await this.release();
    this.#calls.released();
  }

  async #empty(receiverId) {
    for (let tries = 0; !this.#isOver; ) {
      await this.#turn();
      const entry = await this.#entries.next(receiverId);
      if (!entry) return;
      tries = (await this.#send(entry)) ? 0 : tries + 1;
      if (tries) await this.#sleep(backoff(tries - 1));
    }
  }

  /** Waits until this tab may send: there is no network, another one has the right, or the server asked for a pause. */
  async #turn() {
    for (let wait; (wait = await this.#wait()) > 0; ) await this.#sleep(wait);
  }

  async #wait() {
    if (!navigator.onLine) return LOOK_EVERY;
    const pause = this.#notBefore - performance.now();
    return pause > 0 ? pause : this.#entries.lease(this.#owner);
  }

  /** False when it is to be tried again. */
  async #send(entry) {
    const renewal = setInterval(() => this.#entries.lease(this.#owner), RENEW_EVERY);
    try {
      await this.#calls.sent(entry, await this.#calls.post(entry));
      return true;
    } catch (error) {
      return await this.#judge(entry, error).catch(() => false);
    } finally {
      clearInterval(renewal);
    }
  }

  async #judge(entry, error) {
    const isRefused = this.#isRefused(entry, error);
    if (error.status === 401) this.#end();
    else if (isRefused) await this.#calls.failed(entry, error);
    else this.#heed(error);
    return isRefused;
  }

  #heed({ status, retryAfter }) {
    if (retryAfter) this.#notBefore = performance.now() + retryAfter;
    if (status === 429) this.#calls.heldUp();
  }

  /** A server that is well, and fails with this message again and again, will not take it. */
  #isRefused({ clientMessageId }, error) {
    if (!error.isTemporary) return error.status >= 400;
    if (error.status < 500 || !this.#calls.isConnected()) return false;
    const faults = (this.#faults.get(clientMessageId) ?? 0) + 1;
    this.#faults.set(clientMessageId, faults);
    return faults >= MOST_FAULTS && this.#faults.delete(clientMessageId);
  }

  #end() {
    this.#isOver = true;
    this.#calls.signedOut();
  }

  #sleep(delay) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#sleepers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, delay);
      this.#sleepers.add(end);
    });
  }
}
