/** Milliseconds without a scroll event after which scrolling has ended. Not all browsers have `scrollend`, and it does not tell which scroll ended. */
const IDLE_TIME = 200;
/** Events by which the reader interrupts it. */
const INTERRUPTIONS = ["wheel", "pointerdown", "keydown", "focusin"];
const prefersReducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Scrolls a list smoothly to its end. Only the reader can stop it; if anything else does, it jumps there. */
export class ScrollToLatest {
  #timer = 0;

  /** Calls `scrollEnded()` whenever it stops, at the end or before. */
  constructor(log, scrollEnded) {
    Object.assign(this, { log, scrollEnded });
    log.addEventListener("scroll", () => this.isRunning && this.#restartTimer(), { passive: true });
    for (const name of INTERRUPTIONS) log.addEventListener(name, () => this.#interrupt(), { passive: true });
  }

  get isRunning() {
    return this.#timer > 0;
  }

  start() {
    this.#restartTimer();
    this.log.scrollTo({ top: 0, behavior: prefersReducedMotion.matches ? "instant" : "smooth" });
  }

  /** Stops without jumping to the end. */
  cancel() {
    if (!this.isRunning) return;
    this.stop();
    this.scrollEnded();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #restartTimer() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(), IDLE_TIME);
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
