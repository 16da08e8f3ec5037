import { getJSON } from "../api.js";
import { backoff } from "../lib/backoff.js";

const DELAY = 300;

/**
 * Fetches what has changed since the cursor, one request at a time.
 * Calls `apply({messages, chats})` for each page and `settled(error | null)` after each run.
 */
export class Sync {
  #cursor;
  #apply;
  #settled;
  #isRunning = false;
  #runAgain = false;
  #failures = 0;
  #retryAfter = 0;
  #timer = 0;
  #due = Infinity;
  #interval = 0;

  constructor(cursor, { apply, settled }) {
    this.#cursor = cursor;
    this.#apply = apply;
    this.#settled = settled;
  }

  get isRunning() {
    return this.#isRunning;
  }

  /** Runs now; during a run, one more follows, since its response may predate this call. */
  runNow() {
    if (this.#isRunning) this.#runAgain = true;
    else this.#run();
  }

  /** Starts without a cursor, after the server has refused it; if that is refused, too, waits for the next regular run. */
  restart() {
    if (!this.#cursor) return;
    this.#cursor = "";
    this.runNow();
  }

  /** Runs a little later, so that messages merely out of order arrive first. */
  runSoon() {
    this.#runIn(DELAY);
  }

  /** Runs at this interval (milliseconds) from now on; 0 stops it. */
  runEvery(interval) {
    this.#interval = interval;
    this.#cancel();
    this.#runNext();
  }

  async #run() {
    this.#isRunning = true;
    this.#cancel();
    const error = await this.#catchUp().catch((failure) => failure);
    this.#isRunning = false;
    this.#failures = error ? this.#failures + 1 : 0;
    this.#retryAfter = error?.retryAfter ?? 0;
    this.#runNext();
    this.#settled(error ?? null);
  }

  async #catchUp() {
    for (let more = true; more || this.#runAgain; ) {
      this.#runAgain = false;
      const since = this.#cursor ? `?since=${encodeURIComponent(this.#cursor)}` : "";
      const answer = await getJSON(`/api/messages/sync${since}`);
      this.#apply(answer);
      this.#cursor = answer.cursor;
      more = answer.more;
    }
  }

  #runNext() {
    if (this.#interval) this.#runIn(this.#failures ? Math.max(this.#retryAfter, backoff(this.#failures)) : this.#interval);
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
    this.runNow();
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }
}
