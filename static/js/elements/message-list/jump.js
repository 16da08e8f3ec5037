import { emit } from "../../lib/bus.js";
import { text } from "../../lib/texts.js";
import { seqOf } from "../../render/message.js";
import { neighbour } from "../../render/timeline.js";

const AROUND = 25;
const MOST_TRIES = 3;
const SHOWN = 2000;

/** Leads to a message, and marks it for a moment; one that is not here is fetched with those around it. */
export class Jump {
  #list;
  #place;
  #target = null;
  #timer = 0;

  constructor(list, place) {
    this.#list = list;
    this.#place = place;
  }

  /** Without a `seq` there is nothing that the reader can see. */
  to(messageId, seq, keepsFocus = false) {
    if (!seq) return;
    this.#target = { messageId, seq, keepsFocus, tries: 0 };
    this.goOn();
  }

  /** What was fetched is here now. */
  goOn() {
    if (!this.#target) return;
    const { messageId, seq } = this.#target;
    const item = this.#list.querySelector(`.message[data-message-id="${CSS.escape(messageId)}"]`);
    if (item) return this.#arrive(item);
    const line = this.#lineOver(seq);
    this.#target.tries += 1;
    if (line && this.#target.tries <= MOST_TRIES) return line.firstElementChild.click();
    this.#target = null;
    emit("notice", { text: text("load-failed"), kind: "info" });
  }

  /** Whether somebody is on the way to a message in what that line stands for: then up to which `seq` is to be fetched. */
  endOfPage(line) {
    return this.#target && line === this.#lineOver(this.#target.seq) ? this.#target.seq + AROUND : 0;
  }

  /** Then nothing that was fetched is to be left out again. */
  get isUnderWay() {
    return this.#target !== null;
  }

  stop() {
    this.#target = null;
  }

  #lineOver(seq) {
    const isOver = (line) => {
      const [before, after] = [neighbour(line, "previousElementSibling"), neighbour(line, "nextElementSibling")];
      return (!before || seqOf(before) < seq) && after && seq < seqOf(after);
    };
    return [...this.#list.querySelectorAll(":scope > :is(.older, .skipped)")].find(isOver);
  }

  #arrive(item) {
    const { keepsFocus } = this.#target;
    this.#target = null;
    this.#place.show(item);
    if (!keepsFocus) item.focus({ preventScroll: true });
    emit("jump-completed", { item });
    clearTimeout(this.#timer);
    this.#unmark();
    item.classList.add("is-found");
    this.#timer = setTimeout(() => this.#unmark(), SHOWN);
  }

  #unmark() {
    this.#list.querySelectorAll(".is-found").forEach((item) => item.classList.remove("is-found"));
  }
}
