const LOOKAHEAD = "600px";

/** Loads missing messages when the link to them comes near the viewport. The list is `aria-busy` meanwhile, so that screen readers do not announce them. */
export class OlderPages {
  #frame = 0;

  /** `isWanted()` tells whether to load now; if it did not, call `observeLinks()` later. */
  constructor(log, isWanted) {
    Object.assign(this, { log, isWanted });
    this.observer = new IntersectionObserver((entries) => this.#onIntersection(entries), { root: log, rootMargin: `${LOOKAHEAD} 0px` });
    this.observeLinks();
    for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) log.addEventListener(name, () => this.#setBusy());
    log.addEventListener("htmx:afterRequest", () => this.#clearBusy());
  }

  /** A page was loaded: observe the next link. */
  onPageLoaded() {
    this.onTrimmed();
    if (document.activeElement === document.body) this.log.focus({ preventScroll: true });
  }

  /** Messages were removed, perhaps with a link that was loading, whose request then ends without an event. */
  onTrimmed() {
    this.#clearBusy();
    this.observeLinks();
  }

  stop() {
    this.observer.disconnect();
  }

  observeLinks() {
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

  /** Two frames later: screen readers learn of additions after they are painted, and check for busy then. */
  #clearBusy() {
    this.#nextFrame(() => this.#nextFrame(() => this.log.removeAttribute("aria-busy")));
  }

  #nextFrame(call) {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(call);
  }
}
