import { emit, on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { decorateReply, repliesTo, targetOf } from "../render/parts/reply.js";
import { moveFocus } from "./arrow-keys.js";
import { replay } from "./event-replay.js";

const DELAY = 100;
/** Milliseconds over which the clients of a group spread their requests: there may be a thousand. */
const SPREAD = 2000;

/** The bar of pinned messages: a click jumps to the one shown, and shows the next. The server renders them. */
class PinnedMessages extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    const { userId } = document.body.dataset;
    const { peerId } = this.closest(".conversation").dataset;
    const isHere = (message) => peerOf(message, userId) === peerId;
    this.spread = isGroup(peerId) ? SPREAD : 0;
    this.path = `/chat/${peerId}/pins`;
    const handlers = {
      pin: (change) => isHere(change) && this.refresh(),
      message: ({ message, live }) => isHere(message) && (message.pinnedAt || this.has(message._id)) && this.refresh(live === false ? 0 : this.spread),
      "message-deleted": ({ messageId }) => this.has(messageId) && this.remove(messageId),
      "history-loaded": () => this.refresh(0),
      hidden: (change) => change.peerId === peerId && this.hide(change.hidden),
    };
    this.cleanups = Object.entries(handlers).map(([name, handler]) => on(name, handler));
    this.addEventListener("click", ({ target }) => this.onClick(target));
    this.addEventListener("keydown", (event) => this.onKeydown(event));
    this.setOpen(false);
    this.items.forEach(decorateReply);
    replay(handlers);
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
    clearTimeout(this.#timer);
  }

  get items() {
    return [...this.querySelectorAll("li")];
  }

  has(messageId) {
    return repliesTo(this, messageId).length > 0;
  }

  /** Removes it at once; the server then numbers the rest. */
  remove(messageId) {
    repliesTo(this, messageId).forEach((button) => this.removeItem(button.closest("li")));
    this.refresh();
  }

  /** Removes messages that the reader has deleted for themselves. */
  hide(ranges) {
    const isHidden = ({ seq }) => ranges.some(([first, last]) => first <= seq && seq <= last);
    const buttons = [...this.querySelectorAll(".reply")].filter((button) => isHidden(targetOf(button)));
    buttons.forEach((button) => this.remove(button.dataset.replyTo));
  }

  removeItem(item) {
    if (item.matches(".is-current")) this.show(this.nextOf(item));
    item.remove();
  }

  /** Once for all changes until then; `spread` is 0 for changes by this client, which are shown soon. */
  refresh(spread = this.spread) {
    if (spread && this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), DELAY + Math.random() * spread);
  }

  /** Keeps showing the same message, if it is still pinned. */
  async load() {
    this.#timer = 0;
    const shown = this.querySelector(".is-current .reply")?.dataset.replyTo;
    const before = new Set(this.items.map((item) => item.querySelector(".reply").dataset.replyTo));
    const hadFocus = this.contains(document.activeElement);
    await htmx.ajax("GET", this.path, { source: this, target: this, swap: "innerHTML show:none" }).catch(() => {});
    this.items.forEach(decorateReply);
    const isNew = this.items.find((item) => !before.has(item.querySelector(".reply").dataset.replyTo));
    const same = shown && repliesTo(this, shown)[0]?.closest("li");
    if (before.size && !isNew && same) this.show(same);
    this.setOpen(this.isOpen && this.items.length > 1);
    if (hadFocus) this.querySelector(".is-current .reply")?.focus({ preventScroll: true });
  }

  nextOf(item) {
    return item.nextElementSibling ?? this.querySelector("li");
  }

  show(item) {
    this.items.forEach((each) => each.classList.toggle("is-current", each === item));
  }

  get isOpen() {
    return this.classList.contains("is-open");
  }

  setOpen(isOpen) {
    this.classList.toggle("is-open", isOpen);
    this.querySelector("[data-all]")?.setAttribute("aria-expanded", isOpen);
  }

  onClick(target) {
    if (target.closest("[data-all]")) return this.setOpen(!this.isOpen);
    const button = target.closest(".reply");
    if (!button) return;
    this.setOpen(false);
    this.show(this.nextOf(button.closest("li")));
    emit("jump", targetOf(button));
  }

  onKeydown(event) {
    if (event.key === "Escape" && this.isOpen) {
      this.setOpen(false);
      this.querySelector("[data-all]").focus();
      event.preventDefault();
    } else if (this.isOpen) moveFocus(event, [...this.querySelectorAll(".reply")]);
  }
}

customElements.define("pinned-messages", PinnedMessages);
