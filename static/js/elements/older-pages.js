const AHEAD = "600px";

/** Follows the links to messages that are not here as soon as they come near; the list is busy meanwhile, so that history is not read out. */
export class OlderPages {
  constructor(log) {
    this.log = log;
    this.observer = new IntersectionObserver((entries) => this.#near(entries), { root: log, rootMargin: `${AHEAD} 0px` });
    this.#watch();
    log.addEventListener("htmx:beforeRequest", () => log.setAttribute("aria-busy", "true"));
    log.addEventListener("htmx:afterRequest", () => this.#rest());
  }

  /** A page came, or something was left out: where are the links now? */
  renew() {
    this.#rest();
    this.#watch();
    if (document.activeElement === document.body) this.log.focus({ preventScroll: true });
  }

  stop() {
    this.observer.disconnect();
  }

  #watch() {
    this.observer.disconnect();
    this.log.querySelectorAll(":is(.older, .skipped) > a").forEach((link) => this.observer.observe(link));
  }

  #near(entries) {
    for (const { isIntersecting, target } of entries) if (isIntersecting) target.click();
  }

  #rest() {
    this.log.removeAttribute("aria-busy");
  }
}
