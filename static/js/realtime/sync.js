import { getJSON } from "../api.js";
import { backoff } from "../lib/backoff.js";

const SOON = 300;

/**
 * Asks what has changed since the cursor, one request at a time.
 * Calls `apply({messages, chats})` for each page of the answer and `settled(error | null)` after each run.
 */
export class Sync {
  #cursor;
  #apply;
  #settled;
  #running = false;
  #again = false;
  #failures = 0;
  #pause = 0;
  #timer = 0;
  #due = Infinity;
  #interval = 0;

  constructor(cursor, { apply, settled }) {
    this.#cursor = cursor;
    this.#apply = apply;
    this.#settled = settled;
  }

  get isRunning() {
    return this.#running;
  }

  /** Runs now. While it runs, one more run follows: the answer may be older than the reason to ask. */
  now() {
    if (this.#running) this.#again = true;
    else this.#run();
  }

  /** From what is known now, where the server does not know the cursor; one that refuses that, too, is asked in its turn. */
  beginAnew() {
    if (!this.#cursor) return;
    this.#cursor = "";
    this.now();
  }

  /** Runs a little later, so that what is only out of order arrives first. */
  soon() {
    this.#runIn(SOON);
  }

  /** Runs every so many milliseconds from now on; 0 ends that. */
  repeat(interval) {
    this.#interval = interval;
    this.#cancel();
    this.#runNext();
  }

  async #run() {
    this.#running = true;
    this.#cancel();
    const error = await this.#catchUp().catch((failure) => failure);
    this.#running = false;
    this.#failures = error ? this.#failures + 1 : 0;
    this.#pause = error?.retryAfter ?? 0;
    this.#runNext();
    this.#settled(error ?? null);
  }

  async #catchUp() {
    for (let more = true; more || this.#again; ) {
      this.#again = false;
      const since = this.#cursor ? `?since=${encodeURIComponent(this.#cursor)}` : "";
      const answer = await getJSON(`/api/messages/sync${since}`);
      this.#apply(answer);
      this.#cursor = answer.cursor;
      more = answer.more;
    }
  }

  #runNext() {
    if (this.#interval) this.#runIn(this.#failures ? Math.max(this.#pause, backoff(this.#failures)) : this.#interval);
  }

  #runIn(delay) {
    const due = performance.now() + delay;
    if (due >= this.#due) return;
    this.#cancel();
    this.#due = due;
    this.#timer = setTimeout(() => this.#fire(), delay);
  }

  #fire() {
    this.#cancel();
    this.now();
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }
}
