const NEAR = 80;

/** Where the reader is in the list: at its end, where messages count as read, or further up. */
export class ReadingPlace {
  /** `atEnd()` is called whenever the reader is at the end and looking. */
  constructor(log, button, atEnd) {
    Object.assign(this, { log, button, atEnd, missed: 0 });
    this.looks = () => this.update();
    log.addEventListener("scroll", this.looks, { passive: true });
    document.addEventListener("visibilitychange", this.looks);
    button.onclick = () => this.toEnd({ behavior: "smooth" });
  }

  stop() {
    document.removeEventListener("visibilitychange", this.looks);
  }

  get isAtEnd() {
    return this.log.scrollTop > -NEAR;
  }

  get isReading() {
    return this.isAtEnd && !document.hidden;
  }

  miss() {
    this.missed += 1;
    this.update();
  }

  update() {
    if (this.isAtEnd) this.missed = 0;
    this.button.hidden = this.isAtEnd;
    this.button.classList.toggle("is-quiet", !this.missed);
    this.button.lastElementChild.textContent = this.#words();
    if (this.isReading) this.atEnd();
  }

  toEnd(options) {
    this.log.scrollTo({ top: 0, ...options });
  }

  /** Does what changes the list while what the reader sees stays where it is. */
  keep(change) {
    if (this.isAtEnd) return change();
    const seen = this.#firstSeen();
    const top = seen?.getBoundingClientRect().top;
    change();
    if (seen?.isConnected) this.log.scrollTop += seen.getBoundingClientRect().top - top;
  }

  #firstSeen() {
    const { top } = this.log.getBoundingClientRect();
    const messages = this.log.querySelectorAll(".message");
    return [...messages].find((each) => each.getBoundingClientRect().bottom > top);
  }

  #words() {
    const { none, one, many } = this.button.dataset;
    if (!this.missed) return none;
    return this.missed === 1 ? one : many.replace("{n}", this.missed);
  }
}
