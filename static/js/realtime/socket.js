import { backoff } from "../lib/backoff.js";

const OPEN_WITHIN = 15_000;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;
const PROBE_WITHIN = 4000;
const STEADY_AFTER = 10_000;
const SESSION_ENDED = 4401;
/** The longest wait of a page that somebody looks at, in milliseconds. */
const PATIENCE = 5000;
/** How many tries a close code counts as: a whole crowd comes back after a restart, a flooder later still. */
const WEIGHT = { 1012: 2, 4429: 5 };

/**
 * One WebSocket that comes back by itself. Calls `opened()`, `received(event, data)`, `closed({wasOpen, isSilent})` after
 * each link that broke, was refused, or fell silent, and `ended()` when the session is over.
 */
export class Socket {
  #url;
  #calls;
  #link = null;
  #openedAt = 0;
  #tries = 0;
  #retry = 0;
  #ping = 0;
  #deadline = 0;
  #due = Infinity;

  constructor(path, calls) {
    this.#url = new URL(path, location.href.replace(/^http/, "ws"));
    this.#calls = calls;
  }

  get isOpen() {
    return this.#link?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.#retry);
    // Without network only a change of that is worth a try: see `checkNow`.
    if (!navigator.onLine) return this.#calls.closed({ wasOpen: false, isSilent: false });
    const link = new WebSocket(this.#url);
    this.#link = link;
    this.#openedAt = 0;
    this.#startDeadline(OPEN_WITHIN);
    link.onopen = () => link === this.#link && this.#opened();
    link.onmessage = ({ data }) => link === this.#link && this.#received(data);
    link.onclose = ({ code }) => link === this.#link && this.#closed(code);
  }

  /** False when there is nothing to send it by. */
  send(event, data) {
    if (!this.isOpen) return false;
    this.#link.send(JSON.stringify({ event, data }));
    return true;
  }

  /** Tries again now, or makes sure that the open link is still alive. */
  checkNow() {
    this.#tries = 0;
    if (this.isOpen) this.#probe(PROBE_WITHIN);
    else if (!this.#link) this.connect();
  }

  /** Gives up the link, which may be dead without knowing it, for a new one. */
  renew({ isSilent = false } = {}) {
    if (!this.#link) return;
    this.#link.close();
    this.#closed(undefined, isSilent);
  }

  stop() {
    const link = this.#link;
    this.#link = null;
    [this.#retry, this.#ping, this.#deadline].forEach(clearTimeout);
    this.#due = Infinity;
    link?.close();
  }

  #opened() {
    this.#openedAt = performance.now();
    this.#resetHeartbeat();
    this.#calls.opened();
  }

  #received(text) {
    this.#resetHeartbeat();
    const { event, data } = JSON.parse(text);
    this.#calls.received(event, data);
  }

  #resetHeartbeat() {
    clearTimeout(this.#deadline);
    clearTimeout(this.#ping);
    this.#due = Infinity;
    this.#ping = setTimeout(() => this.#probe(PONG_WITHIN), PING_EVERY);
  }

  #probe(patience) {
    this.send("ping", {});
    this.#startDeadline(patience);
  }

  /** A deadline that is set already is never put off. */
  #startDeadline(patience) {
    const due = performance.now() + patience;
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.renew({ isSilent: true }), patience);
  }

  #closed(code, isSilent = false) {
    const wasOpen = this.#openedAt > 0;
    this.stop();
    if (code === SESSION_ENDED) return this.#calls.ended();
    if (wasOpen && performance.now() - this.#openedAt > STEADY_AFTER) this.#tries = 0;
    this.#tries = Math.max(this.#tries, WEIGHT[code] ?? 0);
    this.#retry = setTimeout(() => this.connect(), this.#pause(code));
    this.#tries += 1;
    this.#calls.closed({ wasOpen, isSilent });
  }

  #pause(code) {
    const isWatched = !document.hidden && !(code in WEIGHT);
    return backoff(this.#tries, isWatched ? PATIENCE : undefined);
  }
}
