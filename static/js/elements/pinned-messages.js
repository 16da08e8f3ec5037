import { emit, on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { decorateReply, placeOf, repliesTo } from "../render/parts/reply.js";
import { moveFocus } from "./arrow-keys.js";
import { replay } from "./event-replay.js";

const SOON = 100;
/** Over how long (ms) the windows of a group spread what they ask: a thousand may be open. */
const SPREAD = 2000;

/** The bar that leads to the pinned messages: a click jumps to the one that is shown, and shows the next. The server renders them. */
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
    this.ends = Object.entries(handlers).map(([name, handler]) => on(name, handler));
    this.addEventListener("click", ({ target }) => this.press(target));
    this.addEventListener("keydown", (event) => this.steer(event));
    this.open(false);
    this.items.forEach(decorateReply);
    replay(handlers);
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    clearTimeout(this.#timer);
  }

  get items() {
    return [...this.querySelectorAll("li")];
  }

  has(messageId) {
    return repliesTo(this, messageId).length > 0;
  }

  /** At once; what is left is numbered by the server. */
  remove(messageId) {
    repliesTo(this, messageId).forEach((button) => this.takeOut(button.closest("li")));
    this.refresh();
  }

  /** What the reader deleted for themselves. */
  hide(parts) {
    const isHidden = ({ seq }) => parts.some(([first, last]) => first <= seq && seq <= last);
    const buttons = [...this.querySelectorAll(".reply")].filter((button) => isHidden(placeOf(button)));
    buttons.forEach((button) => this.remove(button.dataset.replyTo));
  }

  takeOut(item) {
    if (item.matches(".is-current")) this.show(this.after(item));
    item.remove();
  }

  /** Once for all that changes until then; what was not told live, as a pin of this window, is shown soon. */
  refresh(spread = this.spread) {
    if (spread && this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), SOON + Math.random() * spread);
  }

  /** The one that was shown stays so, if it is still pinned. */
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
    this.open(this.isOpen && this.items.length > 1);
    if (hadFocus) this.querySelector(".is-current .reply")?.focus({ preventScroll: true });
  }

  after(item) {
    return item.nextElementSibling ?? this.querySelector("li");
  }

  show(item) {
    this.items.forEach((each) => each.classList.toggle("is-current", each === item));
  }

  get isOpen() {
    return this.classList.contains("is-open");
  }

  open(isOpen) {
    this.classList.toggle("is-open", isOpen);
    this.querySelector("[data-all]")?.setAttribute("aria-expanded", isOpen);
  }

  press(target) {
    if (target.closest("[data-all]")) return this.open(!this.isOpen);
    const button = target.closest(".reply");
    if (!button) return;
    this.open(false);
    this.show(this.after(button.closest("li")));
    emit("jump", placeOf(button));
  }

  steer(event) {
    if (event.key === "Escape" && this.isOpen) {
      this.open(false);
      this.querySelector("[data-all]").focus();
      event.preventDefault();
    } else if (this.isOpen) moveFocus(event, [...this.querySelectorAll(".reply")]);
  }
}

customElements.define("pinned-messages", PinnedMessages);
