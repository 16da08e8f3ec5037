import { write } from "../render/message.js";
import { WayToEnd } from "./way-to-end.js";

const NEAR = 80;

/** Where the reader is in the list: at its end, where messages count as read, or further up. */
export class ReadingPlace {
  #missed = new Set();
  #anchor = null;
  /** What rounding kept the list from being scrolled by. */
  #rest = 0;

  /** `atEnd()` is called whenever the reader is at the end and looking, `halted()` after each way there. */
  constructor(log, button, { atEnd, halted }) {
    Object.assign(this, { log, button, atEnd, halted });
    this.way = new WayToEnd(log, () => this.#halt());
    this.looks = () => this.update();
    log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", this.looks);
    button.onclick = () => this.#goToEnd();
    button.addEventListener("wheel", (event) => this.#turn(event), { passive: true });
    this.#look();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.looks);
    this.way.stop();
  }

  get isReading() {
    return this.isAtEnd && !document.hidden;
  }

  /** The first message that the reader sees, at least in part; null at the end, where the last ones matter. */
  get seen() {
    return this.#isMeasuring ? this.#firstSeen() : null;
  }

  miss(messageId) {
    this.#missed.add(messageId);
    this.update();
  }

  /** It was taken back before anybody saw it. */
  unmiss(messageId) {
    if (this.#missed.delete(messageId)) this.update();
  }

  update() {
    if (this.isAtEnd) this.#missed.clear();
    this.button.hidden = this.isAtEnd;
    this.button.classList.toggle("is-quiet", !this.#missed.size);
    write(this.button.lastElementChild, this.#words());
    if (this.isReading) this.atEnd();
  }

  /** Being scrolled to the end, which takes a moment. */
  get isOnTheWay() {
    return this.way.isUnderWay;
  }

  toEnd() {
    this.#anchor = null;
    this.isAtEnd = true;
    this.log.scrollTo({ top: 0, behavior: "instant" });
    this.way.leave();
  }

  #goToEnd() {
    this.#anchor = null;
    // The button goes away.
    if (document.activeElement === this.button) this.log.focus({ preventScroll: true });
    this.way.go();
  }

  /** The button lies over the list, often right where the pointer was left. */
  #turn({ ctrlKey, deltaY }) {
    if (ctrlKey) return;
    this.way.leave();
    this.log.scrollBy({ top: deltaY, behavior: "instant" });
  }

  /**
   * Does what changes the list while what the reader sees stays where it is. At its end that needs nothing; further up
   * it is measured once for all changes that come together, because each time costs a layout.
   */
  keep(change) {
    if (this.#isMeasuring && !this.#anchor) {
      this.#anchor = this.#measure();
      queueMicrotask(() => this.#restore());
    }
    change();
  }

  get #isMeasuring() {
    return !this.isAtEnd && !this.isOnTheWay;
  }

  #scrolled() {
    this.#look();
    this.update();
  }

  #halt() {
    this.#scrolled();
    this.halted();
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
    if (seen?.isConnected) this.#scrollBy(seen.getBoundingClientRect().top - top + this.#rest);
  }

  #scrollBy(distance) {
    const before = this.log.scrollTop;
    this.log.scrollTop = before + distance;
    this.#rest = (distance - (this.log.scrollTop - before)) % 1;
  }

  /** They lie in order, so that a few have to be asked. */
  #firstSeen() {
    const { top } = this.log.getBoundingClientRect();
    const messages = this.log.querySelectorAll(".message");
    let [low, high] = [0, messages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (messages[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    return messages[low];
  }

  #words() {
    const { none, one, many } = this.button.dataset;
    if (!this.#missed.size) return none;
    return this.#missed.size === 1 ? one : many.replace("{n}", this.#missed.size);
  }
}
