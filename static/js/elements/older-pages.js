const AHEAD = "600px";

/** Follows the link to older messages as soon as it comes near; the list is busy meanwhile, so that history is not read out. */
export class OlderPages {
  constructor(log) {
    this.log = log;
    this.observer = new IntersectionObserver((entries) => this.#near(entries), { root: log, rootMargin: `${AHEAD} 0px` });
    this.#watch();
    log.addEventListener("htmx:beforeRequest", () => log.setAttribute("aria-busy", "true"));
    log.addEventListener("htmx:afterRequest", () => this.#rest());
  }

  /** A page came: where is the next link? */
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
    const link = this.log.querySelector(".older a");
    if (link) this.observer.observe(link);
  }

  #near(entries) {
    if (entries.some((entry) => entry.isIntersecting)) entries[0].target.click();
  }

  #rest() {
    this.log.removeAttribute("aria-busy");
  }
}
