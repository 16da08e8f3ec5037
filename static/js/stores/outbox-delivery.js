import { backoff } from "../lib/backoff.js";
import { newClientId } from "../lib/ids.js";

const RENEW_EVERY = 1000;
const LOOK_EVERY = 10_000;
const MOST_FAULTS = 5;
const LONGEST_PAUSE = 10_000;

/**
 * Sends what waits: in order for each receiver, from one tab at a time. What failed holds up all that follows it to the same
 * receiver until somebody decides what becomes of it. `post(entry)` answers with the message; `isConnected()` tells whether
 * the server is well apart from that.
 * Then come `sent(entry, message)` or `failed(entry, error)`, `heldUp(message)` when the server asks for patience,
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
    else this.#run(receiverId, { again: true, notBefore: 0 });
  }

  async #run(receiverId, lane) {
    this.#lanes.set(receiverId, lane);
    while (lane.again && !this.#isOver) {
      lane.again = false;
      await this.#empty(receiverId, lane);
    }
    this.#lanes.delete(receiverId);
    if (this.#lanes.size) return;
    await this.release();
    this.#calls.released();
  }

  async #empty(receiverId, lane) {
    for (let tries = 0; !this.#isOver; ) {
      await this.#waitForTurn(lane);
      const entry = await this.#entries.first(receiverId);
      if (entry?.state !== "pending") return;
      tries = (await this.#send(entry, lane)) ? 0 : tries + 1;
      if (tries) await this.#sleep(backoff(tries - 1, LONGEST_PAUSE));
    }
  }

  /** Waits until this tab may send: there is no network, another one has the right, or the server asked for a pause. */
  async #waitForTurn(lane) {
    for (let wait; (wait = await this.#wait(lane)) > 0; ) await this.#sleep(wait);
  }

  async #wait({ notBefore }) {
    if (!navigator.onLine) return LOOK_EVERY;
    const pause = Math.max(notBefore, this.#notBefore) - performance.now();
    return pause > 0 ? pause : this.#entries.lease(this.#owner);
  }

  /** False when it is to be tried again. */
  async #send(entry, lane) {
    const renewal = setInterval(() => this.#entries.lease(this.#owner), RENEW_EVERY);
    try {
      await this.#calls.sent(entry, await this.#calls.post(entry));
      return true;
    } catch (error) {
      return await this.#handleError(entry, error, lane).catch(() => false);
    } finally {
      clearInterval(renewal);
    }
  }

  async #handleError(entry, error, lane) {
    const isRefused = this.#isRefused(entry, error);
    if (error.status === 401) this.#end();
    else if (isRefused) await this.#calls.failed(entry, error);
    else this.#applyPause(error, lane);
    return isRefused;
  }

  /** Only being too quick concerns the other receivers, too. */
  #applyPause({ status, retryAfter, isSlowMode, message }, lane) {
    const notBefore = performance.now() + retryAfter;
    if (status !== 429 || isSlowMode) lane.notBefore = notBefore;
    else this.#notBefore = notBefore;
    if (status === 429) this.#calls.heldUp(isSlowMode ? message : undefined);
  }

  /**
   * However long a server is busy or away, that says nothing about the message. One that is well, and breaks over this
   * message again and again, will not take it.
   */
  #isRefused({ clientMessageId }, error) {
    if (!error.isTemporary) return error.status >= 400;
    if (error.isBusy || !this.#calls.isConnected()) return false;
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
