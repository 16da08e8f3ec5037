import { backoff } from "../lib/backoff.js";
import { newClientId } from "../lib/ids.js";

const RENEW_EVERY = 1000;

/**
 * Sends what waits: in order for each receiver, from one tab at a time. `post(entry)` answers with the message.
 * Then come `sent(entry, message)` or `failed(entry, error)`, `signedOut()` once, and `released()` when all is done.
 */
export class Delivery {
  #entries;
  #calls;
  #owner = newClientId();
  #lanes = new Map();
  #sleepers = new Set();
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

  /** Waits until this tab may send: another one has the right, or the server asked for a pause. */
  async #turn() {
    for (let wait; (wait = await this.#wait()) > 0; ) await this.#sleep(wait);
  }

  async #wait() {
    const pause = this.#notBefore - Date.now();
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
    const isRefused = error.status >= 400 && !error.isTemporary;
    if (error.status === 401) this.#end();
    else if (isRefused) await this.#calls.failed(entry, error);
    else this.#notBefore = Date.now() + (error.retryAfter ?? 0);
    return isRefused;
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
