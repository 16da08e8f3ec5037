const AHEAD = "600px";

/** Follows the links to messages that are not here as soon as they come near; the list is busy meanwhile, so that history is not read out. */
export class OlderPages {
  #frame = 0;

  /** `isWanted()` tells whether to follow a link now; after a no, `look()` is to be called. */
  constructor(log, isWanted) {
    Object.assign(this, { log, isWanted });
    this.observer = new IntersectionObserver((entries) => this.#onIntersection(entries), { root: log, rootMargin: `${AHEAD} 0px` });
    this.look();
    for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) log.addEventListener(name, () => this.#setBusy());
    log.addEventListener("htmx:afterRequest", () => this.#clearBusy());
  }

  /** A page came: where is the next link? */
  renew() {
    this.shift();
    if (document.activeElement === document.body) this.log.focus({ preventScroll: true });
  }

  /** Something was left out, and maybe a link that was being followed: nobody tells of its end. */
  shift() {
    this.#clearBusy();
    this.look();
  }

  stop() {
    this.observer.disconnect();
  }

  look() {
    this.observer.disconnect();
    this.log.querySelectorAll(":is(.older, .skipped) > a").forEach((link) => this.observer.observe(link));
  }

  #onIntersection(entries) {
    if (!this.isWanted()) return;
    for (const { isIntersecting, target } of entries) if (isIntersecting) target.click();
  }

  #setBusy() {
    cancelAnimationFrame(this.#frame);
    this.log.setAttribute("aria-busy", "true");
  }

  /** Two frames later: screen readers are told of what came once it is drawn, and of whether the list is busy by then. */
  #clearBusy() {
    this.#nextFrame(() => this.#nextFrame(() => this.log.removeAttribute("aria-busy")));
  }

  #nextFrame(call) {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(call);
  }
}
