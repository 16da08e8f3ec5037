import { backoff } from "../lib/backoff.js";

const OPEN_TIMEOUT = 15_000;
const PING_INTERVAL = 25_000;
const PONG_TIMEOUT = 10_000;
const PROBE_TIMEOUT = 4000;
const STABLE_AFTER = 10_000;
const SESSION_ENDED = 4401;
/** Milliseconds: the longest wait of a visible page. */
const MAX_RETRY_DELAY = 5000;
/** How many attempts a close code counts as: all clients return after a restart (1012), and one that flooded waits longer (4429). */
const ATTEMPTS_BY_CODE = { 1012: 2, 4429: 5 };

/**
 * A WebSocket that reconnects. Calls `opened()`, `received(event, data)`, `closed({wasOpen, timedOut})` whenever the connection
 * breaks, is refused or times out, and `ended()` when the session is over.
 */
export class Socket {
  #url;
  #calls;
  #socket = null;
  #openedAt = 0;
  #attempts = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #deadlineTimer = 0;
  #due = Infinity;

  constructor(path, calls) {
    this.#url = new URL(path, location.href.replace(/^http/, "ws"));
    this.#calls = calls;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.#retryTimer);
    // Without network, wait for it to return: see `checkNow`.
    if (!navigator.onLine) return this.#calls.closed({ wasOpen: false, timedOut: false });
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#openedAt = 0;
    this.#startDeadline(OPEN_TIMEOUT);
    socket.onopen = () => socket === this.#socket && this.#opened();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#received(data);
    socket.onclose = ({ code }) => socket === this.#socket && this.#closed(code);
  }

  /** False without an open connection. */
  send(event, data) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify({ event, data }));
    return true;
  }

  /** Reconnects now, or checks that the open connection is alive. */
  checkNow() {
    this.#attempts = 0;
    if (this.isOpen) this.#probe(PROBE_TIMEOUT);
    else if (!this.#socket) this.connect();
  }

  /** Replaces the connection, which may be dead without an event. */
  reconnect({ timedOut = false } = {}) {
    if (!this.#socket) return;
    this.#socket.close();
    this.#closed(undefined, timedOut);
  }

  stop() {
    const socket = this.#socket;
    this.#socket = null;
    [this.#retryTimer, this.#pingTimer, this.#deadlineTimer].forEach(clearTimeout);
    this.#due = Infinity;
    socket?.close();
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
    clearTimeout(this.#deadlineTimer);
    clearTimeout(this.#pingTimer);
    this.#due = Infinity;
    this.#pingTimer = setTimeout(() => this.#probe(PONG_TIMEOUT), PING_INTERVAL);
  }

  #probe(timeout) {
    this.send("ping", {});
    this.#startDeadline(timeout);
  }

  /** An earlier deadline stays in force. */
  #startDeadline(timeout) {
    const due = performance.now() + timeout;
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#deadlineTimer);
    this.#deadlineTimer = setTimeout(() => this.reconnect({ timedOut: true }), timeout);
  }

  #closed(code, timedOut = false) {
    const wasOpen = this.#openedAt > 0;
    this.stop();
    if (code === SESSION_ENDED) return this.#calls.ended();
    if (wasOpen && performance.now() - this.#openedAt > STABLE_AFTER) this.#attempts = 0;
    this.#attempts = Math.max(this.#attempts, ATTEMPTS_BY_CODE[code] ?? 0);
    this.#retryTimer = setTimeout(() => this.connect(), this.#retryDelay(code));
    this.#attempts += 1;
    this.#calls.closed({ wasOpen, timedOut });
  }

  #retryDelay(code) {
    const isVisible = !document.hidden && !(code in ATTEMPTS_BY_CODE);
    return backoff(this.#attempts, isVisible ? MAX_RETRY_DELAY : undefined);
  }
}
