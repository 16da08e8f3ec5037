import { emit } from "../../lib/bus.js";
import { text } from "../../lib/texts.js";
import { seqOf } from "../../render/message.js";
import { neighbour } from "../../render/timeline.js";

const AROUND = 25;
const MAX_TRIES = 3;
const HIGHLIGHT_TIME = 2000;

/** Jumps to a message and highlights it briefly; one that is not in the page is loaded with those around it. */
export class Jump {
  #list;
  #scrollPosition;
  #target = null;
  #timer = 0;

  constructor(list, scrollPosition) {
    this.#list = list;
    this.#scrollPosition = scrollPosition;
  }

  /** Without a `seq`, the reader cannot see the message. */
  start(messageId, seq, keepsFocus = false) {
    if (!seq) return;
    this.#target = { messageId, seq, keepsFocus, tries: 0 };
    this.resume();
  }

  /** Continues after a page was loaded. */
  resume() {
    if (!this.#target) return;
    const { messageId, seq } = this.#target;
    const item = this.#list.querySelector(`.message[data-message-id="${CSS.escape(messageId)}"]`);
    if (item) return this.#finish(item);
    const line = this.#placeholderFor(seq);
    this.#target.tries += 1;
    if (line && this.#target.tries <= MAX_TRIES) return line.firstElementChild.click();
    this.#target = null;
    emit("notice", { text: text("load-failed"), kind: "info" });
  }

  /** The `before` parameter for that line, if the target is among the messages it stands for; else 0. */
  beforeParam(line) {
    return this.#target && line === this.#placeholderFor(this.#target.seq) ? this.#target.seq + AROUND : 0;
  }

  /** Meanwhile, no messages may be removed from the list. */
  get isActive() {
    return this.#target !== null;
  }

  stop() {
    this.#target = null;
  }

  #placeholderFor(seq) {
    const isAround = (line) => {
      const [before, after] = [neighbour(line, "previousElementSibling"), neighbour(line, "nextElementSibling")];
      return (!before || seqOf(before) < seq) && after && seq < seqOf(after);
    };
    return [...this.#list.querySelectorAll(":scope > :is(.older, .skipped)")].find(isAround);
  }

  #finish(item) {
    const { keepsFocus } = this.#target;
    this.#target = null;
    this.#scrollPosition.scrollToMessage(item);
    if (!keepsFocus) item.focus({ preventScroll: true });
    emit("jump-completed", { item });
    clearTimeout(this.#timer);
    this.#removeHighlight();
    item.classList.add("is-highlighted");
    this.#timer = setTimeout(() => this.#removeHighlight(), HIGHLIGHT_TIME);
  }

  #removeHighlight() {
    this.#list.querySelectorAll(".is-highlighted").forEach((item) => item.classList.remove("is-highlighted"));
  }
}
