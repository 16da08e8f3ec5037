import { write } from "../render/message.js";

const NEAR = 80;

/** Where the reader is in the list: at its end, where messages count as read, or further up. */
export class ReadingPlace {
  #missed = new Set();
  #anchor = null;

  /** `atEnd()` is called whenever the reader is at the end and looking. */
  constructor(log, button, atEnd) {
    Object.assign(this, { log, button, atEnd });
    this.looks = () => this.update();
    log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", this.looks);
    button.onclick = () => this.toEnd({ behavior: "smooth" });
    this.#look();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.looks);
  }

  get isReading() {
    return this.isAtEnd && !document.hidden;
  }

  miss(item) {
    this.#missed.add(item);
    this.update();
  }

  /** It was taken back before anybody saw it. */
  unmiss(item) {
    if (this.#missed.delete(item)) this.update();
  }

  update() {
    if (this.isAtEnd) this.#missed.clear();
    this.button.hidden = this.isAtEnd;
    this.button.classList.toggle("is-quiet", !this.#missed.size);
    write(this.button.lastElementChild, this.#words());
    if (this.isReading) this.atEnd();
  }

  toEnd(options) {
    this.#anchor = null;
    this.isAtEnd ||= !options;
    this.log.scrollTo({ top: 0, ...options });
  }

  /**
   * Does what changes the list while what the reader sees stays where it is. At its end that needs nothing; further up
   * it is measured once for all changes that come together, because each time costs a layout.
   */
  keep(change) {
    if (!this.isAtEnd && !this.#anchor) {
      this.#anchor = this.#measure();
      queueMicrotask(() => this.#restore());
    }
    change();
  }

  #scrolled() {
    this.#look();
    this.update();
  }

  /** Only here, because to ask in between would cost a layout as well. */
  #look() {
    this.isAtEnd = this.log.scrollTop > -NEAR;
  }

  #measure() {
    const seen = this.#firstSeen();
    return { seen, top: seen?.getBoundingClientRect().top };
  }

  #restore() {
    const { seen, top } = this.#anchor ?? {};
    this.#anchor = null;
    if (seen?.isConnected) this.log.scrollTop += seen.getBoundingClientRect().top - top;
  }

  #firstSeen() {
    const { top } = this.log.getBoundingClientRect();
    const messages = this.log.querySelectorAll(".message");
    return [...messages].find((each) => each.getBoundingClientRect().bottom > top);
  }

  #words() {
    const { none, one, many } = this.button.dataset;
    if (!this.#missed.size) return none;
    return this.#missed.size === 1 ? one : many.replace("{n}", this.#missed.size);
  }
}
