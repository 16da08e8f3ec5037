import { counted, text } from "../lib/texts.js";
import { setText } from "../render/slots.js";
import { ScrollToLatest } from "./scroll-to-latest.js";

const NEAR = 80;
const MARGIN = 16;

/** The reader's position in the list: at its end, or further up. What is in view while the window has the focus counts as read. */
export class ScrollPosition {
  #unseen = new Set();
  #anchor = null;
  /** The part of a scroll distance that was lost to rounding. */
  #roundingError = 0;
  #frame = 0;
  #isVisible = false;

  /**
   * Calls `seen(message)` while the list is viewed, with the last message in view, or null at the end, where all are seen; and
   * `scrollEnded()` after each scroll to the latest.
   */
  constructor(log, button, { seen, scrollEnded }) {
    Object.assign(this, { log, button, notify: seen, scrollEnded });
    this.scrolling = new ScrollToLatest(log, () => this.#onScrollEnd());
    this.checkView = () => this.check();
    log.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    document.addEventListener("visibilitychange", this.checkView);
    addEventListener("focus", this.checkView);
    button.onclick = () => this.#scrollToLatest();
    button.addEventListener("wheel", (event) => this.#forwardWheel(event), { passive: true });
    this.#measureEnd();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.checkView);
    removeEventListener("focus", this.checkView);
    cancelAnimationFrame(this.#frame);
    this.scrolling.stop();
  }

  get isReading() {
    return this.isAtEnd && this.#isViewed();
  }

  /** The first message at least partly in view; null at the end, where the last ones matter. */
  get firstVisible() {
    return this.#isMeasuring ? this.#firstVisible() : null;
  }

  addUnseen(messageId) {
    this.#unseen.add(messageId);
    this.update();
  }

  /** The message was deleted before it was seen. */
  removeUnseen(messageId) {
    if (this.#unseen.delete(messageId)) this.update();
  }

  update() {
    if (this.isAtEnd) this.#unseen.clear();
    this.button.hidden = this.isAtEnd;
    this.button.classList.toggle("is-quiet", !this.#unseen.size);
    setText(this.button.lastElementChild, this.#label());
    if (this.isReading) this.notify(null);
  }

  /** The view may have changed. */
  check() {
    this.update();
    if (this.#isViewed() && !this.isAtEnd) this.scheduleNotify();
  }

  /** Opens at a line further up; if less than a windowful follows, that is the end. */
  openAt(line) {
    const top = line.getBoundingClientRect().top - this.log.getBoundingClientRect().top;
    this.log.scrollTop += top - MARGIN;
    this.#measureEnd();
  }

  /** Centres a message; a long one from its beginning. */
  scrollToMessage(item) {
    this.#anchor = null;
    this.scrolling.cancel();
    const [box, view] = [item.getBoundingClientRect(), this.log.getBoundingClientRect()];
    const above = Math.max(MARGIN, (view.height - box.height) / 2);
    this.log.scrollBy({ top: box.top - view.top - above, behavior: "instant" });
    this.#onScroll();
  }

  /** At its end, the list follows new messages; while it is not viewed, it stops at the unread line. */
  stopAtUnread(line) {
    if (this.isAtEnd && line && !this.#isViewed() && line.getBoundingClientRect().top < this.log.getBoundingClientRect().top) {
      this.openAt(line);
    }
  }

  /** Once per frame, because it measures layout. */
  scheduleNotify() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      if (!this.#isViewed() || this.isScrollingToLatest) return;
      const seen = this.#lastVisible();
      if (seen) this.notify(seen);
    });
  }

  /** Whether a smooth scroll to the end is under way. */
  get isScrollingToLatest() {
    return this.scrolling.isRunning;
  }

  jumpToLatest() {
    this.#anchor = null;
    this.isAtEnd = true;
    this.log.scrollTo({ top: 0, behavior: "instant" });
    this.scrolling.cancel();
  }

  #scrollToLatest() {
    this.#anchor = null;
    // The button is about to be hidden.
    if (document.activeElement === this.button) this.log.focus({ preventScroll: true });
    this.scrolling.start();
  }

  /** The button covers the list, often where the pointer rests. */
  #forwardWheel({ ctrlKey, deltaY }) {
    if (ctrlKey) return;
    this.scrolling.cancel();
    this.log.scrollBy({ top: deltaY, behavior: "instant" });
  }

  /**
   * Changes the list without moving what the reader sees. At its end nothing is needed; further up, the position is measured once
   * for all changes in the same task, because each measurement forces a layout.
   */
  preserve(change) {
    if (this.#isMeasuring && !this.#anchor) {
      this.#anchor = this.#measure();
      queueMicrotask(() => this.#restore());
    }
    change();
  }

  /** Whether the list is visible and its window has the focus. Visibility is cached for a frame, because checking it forces a layout. */
  #isViewed() {
    if (document.hidden || !document.hasFocus() || !this.log.isConnected) return false;
    if (!this.#isVisible) {
      this.#isVisible = this.log.checkVisibility({ visibilityProperty: true });
      requestAnimationFrame(() => (this.#isVisible = false));
    }
    return this.#isVisible;
  }

  get #isMeasuring() {
    return !this.isAtEnd && !this.isScrollingToLatest;
  }

  #onScroll() {
    this.#measureEnd();
    this.check();
  }

  #onScrollEnd() {
    this.#onScroll();
    this.scrollEnded();
  }

  /** Only called on scrolling, because reading the position at other times would force a layout. */
  #measureEnd() {
    this.isAtEnd = this.log.scrollTop > -NEAR;
  }

  #measure() {
    const seen = this.#firstVisible();
    return { seen, top: seen?.getBoundingClientRect().top };
  }

  #restore() {
    const { seen, top } = this.#anchor ?? {};
    this.#anchor = null;
    if (seen?.isConnected) this.#scrollBy(seen.getBoundingClientRect().top - top + this.#roundingError);
  }

  #scrollBy(distance) {
    const before = this.log.scrollTop;
    this.log.scrollTop = before + distance;
    this.#roundingError = (distance - (this.log.scrollTop - before)) % 1;
  }

  /** By binary search. */
  #firstVisible() {
    const { top } = this.log.getBoundingClientRect();
    const messages = this.log.querySelectorAll(".message");
    return messages[countUntil(messages, ({ bottom }) => bottom > top)];
  }

  /** The last message whose end is in view. */
  #lastVisible() {
    const { bottom: end } = this.log.getBoundingClientRect();
    const messages = this.log.querySelectorAll(".message");
    return messages[countUntil(messages, ({ bottom }) => bottom > end + 1) - 1];
  }

  #label() {
    return this.#unseen.size ? counted("new-messages", this.#unseen.size) : text("newest");
  }
}

/** The number of messages before the first one whose box matches. */
function countUntil(messages, matches) {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (matches(messages[middle].getBoundingClientRect())) high = middle;
    else low = middle + 1;
  }
  return low;
}
