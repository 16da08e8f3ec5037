import { counted, text } from "../lib/texts.js";
import { write } from "../render/slots.js";
import { ScrollToLatest } from "./scroll-to-latest.js";

const NEAR = 80;
const MARGIN = 16;

/** Where the reader is in the list: at its end, or further up. What comes into view while the reader looks counts as read. */
export class ReadingPlace {
  #missed = new Set();
  #anchor = null;
  /** What rounding kept the list from being scrolled by. */
  #rest = 0;
  #frame = 0;
  #isShown = false;

  /**
   * Calls `seen(message)` when the reader looks: with the last one in view, or null at the end, where all are seen;
   * `halted()` after each way there.
   */
  constructor(log, button, { seen, halted }) {
    Object.assign(this, { log, button, notify: seen, halted });
    this.scrolling = new ScrollToLatest(log, () => this.#halt());
    this.looks = () => this.look();
    log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", this.looks);
    addEventListener("focus", this.looks);
    button.onclick = () => this.#goToEnd();
    button.addEventListener("wheel", (event) => this.#forwardWheel(event), { passive: true });
    this.#measureEnd();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.looks);
    removeEventListener("focus", this.looks);
    cancelAnimationFrame(this.#frame);
    this.scrolling.stop();
  }

  get isReading() {
    return this.isAtEnd && this.#isLooking();
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
    if (this.isReading) this.notify(null);
  }

  /** Something else may have come into view. */
  look() {
    this.update();
    if (this.#isLooking() && !this.isAtEnd) this.notifySoon();
  }

  /** Opens at a line further up; where less than the window has room for follows, that is the end. */
  startAt(line) {
    const top = line.getBoundingClientRect().top - this.log.getBoundingClientRect().top;
    this.log.scrollTop += top - MARGIN;
    this.#measureEnd();
  }

  /** In the middle of the window; what is longer, from its beginning. */
  show(item) {
    this.#anchor = null;
    this.scrolling.cancel();
    const [box, view] = [item.getBoundingClientRect(), this.log.getBoundingClientRect()];
    const above = Math.max(MARGIN, (view.height - box.height) / 2);
    this.log.scrollBy({ top: box.top - view.top - above, behavior: "instant" });
    this.#scrolled();
  }

  /** At the end the list follows what comes. Whoever does not look is to find the line where the unread ones begin. */
  holdAt(line) {
    if (this.isAtEnd && line && !this.#isLooking() && line.getBoundingClientRect().top < this.log.getBoundingClientRect().top) {
      this.startAt(line);
    }
  }

  /** Once for all that happens until the next frame, because it is measured. */
  notifySoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      if (!this.#isLooking() || this.isOnTheWay) return;
      const seen = this.#lastSeen();
      if (seen) this.notify(seen);
    });
  }

  /** Being scrolled to the end, which takes a moment. */
  get isOnTheWay() {
    return this.scrolling.isRunning;
  }

  toEnd() {
    this.#anchor = null;
    this.isAtEnd = true;
    this.log.scrollTo({ top: 0, behavior: "instant" });
    this.scrolling.cancel();
  }

  #goToEnd() {
    this.#anchor = null;
    // The button goes away.
    if (document.activeElement === this.button) this.log.focus({ preventScroll: true });
    this.scrolling.start();
  }

  /** The button lies over the list, often right where the pointer was left. */
  #forwardWheel({ ctrlKey, deltaY }) {
    if (ctrlKey) return;
    this.scrolling.cancel();
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

  /** Something else may cover the list. That it is seen holds until the next frame, because to ask costs a layout. */
  #isLooking() {
    if (document.hidden || !document.hasFocus() || !this.log.isConnected) return false;
    if (!this.#isShown) {
      this.#isShown = this.log.checkVisibility({ visibilityProperty: true });
      requestAnimationFrame(() => (this.#isShown = false));
    }
    return this.#isShown;
  }

  get #isMeasuring() {
    return !this.isAtEnd && !this.isOnTheWay;
  }

  #scrolled() {
    this.#measureEnd();
    this.look();
  }

  #halt() {
    this.#scrolled();
    this.halted();
  }

  /** Only here, because to ask in between would cost a layout as well. */
  #measureEnd() {
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
    return messages[countUntil(messages, ({ bottom }) => bottom > top)];
  }

  /** The last one whose end is in view. */
  #lastSeen() {
    const { bottom: end } = this.log.getBoundingClientRect();
    const messages = this.log.querySelectorAll(".message");
    return messages[countUntil(messages, ({ bottom }) => bottom > end + 1) - 1];
  }

  #words() {
    return this.#missed.size ? counted("new-messages", this.#missed.size) : text("newest");
  }
}

/** How many messages come before the first one whose box is that far down. */
function countUntil(messages, isThere) {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isThere(messages[middle].getBoundingClientRect())) high = middle;
    else low = middle + 1;
  }
  return low;
}
