/** How long (ms) the list rests until it counts as having come to a halt. Not every browser tells, and none tells of which way. */
const REST = 200;
/** What readers do who want to be elsewhere. */
const INTERRUPTIONS = ["wheel", "pointerdown", "keydown", "focusin"];
const prefersStill = matchMedia("(prefers-reduced-motion: reduce)");

/** Scrolls a list smoothly to its end. Only the reader can stop it: whatever else cuts it short, it jumps there. */
export class ScrollToLatest {
  #timer = 0;

  /** Calls `halted()` whenever it stops, at the end or not. */
  constructor(log, halted) {
    Object.assign(this, { log, halted });
    log.addEventListener("scroll", () => this.isRunning && this.#wait(), { passive: true });
    for (const name of INTERRUPTIONS) log.addEventListener(name, () => this.#interrupt(), { passive: true });
  }

  get isRunning() {
    return this.#timer > 0;
  }

  start() {
    this.#wait();
    this.log.scrollTo({ top: 0, behavior: prefersStill.matches ? "instant" : "smooth" });
  }

  /** Whoever calls it scrolls elsewhere, or not at all any more. */
  cancel() {
    if (!this.isRunning) return;
    this.stop();
    this.halted();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(), REST);
  }

  #finish() {
    this.log.scrollTo({ top: 0, behavior: "instant" });
    this.cancel();
  }

  #interrupt() {
    if (!this.isRunning) return;
    this.log.scrollTo({ top: this.log.scrollTop, behavior: "instant" });
    this.cancel();
  }
}
