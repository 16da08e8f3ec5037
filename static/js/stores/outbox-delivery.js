import { backoff } from "../lib/backoff.js";
import { newClientId } from "../lib/ids.js";

const RENEW_INTERVAL = 1000;
const CHECK_INTERVAL = 10_000;
const MAX_FAULTS = 5;
const MAX_RETRY_DELAY = 10_000;

/**
 * Sends pending entries, in order for each receiver and from one tab at a time. A failed entry holds up those after it to the same
 * receiver until the user retries or discards it. `post(entry)` resolves to the message; `isConnected()` tells whether the server
 * is otherwise working.
 * Calls `sent(entry, message)` or `failed(entry, error)`, `rateLimited(message)`, `signedOut()` once, and `released()` when all is
 * done.
 */
export class Delivery {
  #entries;
  #calls;
  #owner = newClientId();
  #lanes = new Map();
  #waits = new Set();
  #faults = new Map();
  #notBefore = 0;
  #isOver = false;

  constructor(entries, calls) {
    this.#entries = entries;
    this.#calls = calls;
  }

  /** Looks for pending entries, and ends all waits. */
  async wake() {
    this.#waits.forEach((cleanup) => cleanup());
    for (const receiverId of await this.#entries.receivers()) this.#startLane(receiverId);
  }

  /** Lets another tab take over at once. */
  release() {
    return this.#entries.release(this.#owner);
  }

  #startLane(receiverId) {
    const lane = this.#lanes.get(receiverId);
    if (lane) lane.again = true;
    else this.#run(receiverId, { again: true, notBefore: 0 });
  }

  async #run(receiverId, lane) {
    this.#lanes.set(receiverId, lane);
    while (lane.again && !this.#isOver) {
      lane.again = false;
      await this.#drain(receiverId, lane);
    }
    this.#lanes.delete(receiverId);
    if (this.#lanes.size) return;
    await this.release();
    this.#calls.released();
  }

  async #drain(receiverId, lane) {
    for (let tries = 0; !this.#isOver; ) {
      await this.#waitForTurn(lane);
      const entry = await this.#entries.first(receiverId);
      if (entry?.state !== "pending") return;
      tries = (await this.#send(entry, lane)) ? 0 : tries + 1;
      if (tries) await this.#sleep(backoff(tries - 1, MAX_RETRY_DELAY));
    }
  }

  /** Waits until this tab may send: for the network, for another tab's lease, or for a pause that the server asked for. */
  async #waitForTurn(lane) {
    for (let wait; (wait = await this.#wait(lane)) > 0; ) await this.#sleep(wait);
  }

  async #wait({ notBefore }) {
    if (!navigator.onLine) return CHECK_INTERVAL;
    const pause = Math.max(notBefore, this.#notBefore) - performance.now();
    return pause > 0 ? pause : this.#entries.lease(this.#owner);
  }

  /** False if it is to be retried. */
  async #send(entry, lane) {
    const renewal = setInterval(() => this.#entries.lease(this.#owner), RENEW_INTERVAL);
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

  /** Only a rate limit pauses the other receivers, too. */
  #applyPause({ status, retryAfter, isSlowMode, message }, lane) {
    const notBefore = performance.now() + retryAfter;
    if (status !== 429 || isSlowMode) lane.notBefore = notBefore;
    else this.#notBefore = notBefore;
    if (status === 429) this.#calls.rateLimited(isSlowMode ? message : undefined);
  }

  /**
   * A server that is busy or down says nothing about the message. One that otherwise works, but fails on this message again and
   * again, has refused it.
   */
  #isRefused({ clientMessageId }, error) {
    if (!error.isTemporary) return error.status >= 400;
    if (error.isBusy || !this.#calls.isConnected()) return false;
    const faults = (this.#faults.get(clientMessageId) ?? 0) + 1;
    this.#faults.set(clientMessageId, faults);
    return faults >= MAX_FAULTS && this.#faults.delete(clientMessageId);
  }

  #end() {
    this.#isOver = true;
    this.#calls.signedOut();
  }

  #sleep(delay) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waits.delete(end);
        resolve();
      };
      const timer = setTimeout(end, delay);
      this.#waits.add(end);
    });
  }
}
