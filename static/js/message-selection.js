// Loaded when messages are first selected (elements/message-list/selection.js), apart from the page's bundle: imports are copies,
// and what it shares with the page is passed in.
import { clock, isoDay } from "./lib/time.js";
import { setText, slot } from "./render/slots.js";

/** The server forwards and deletes at most this many at once. */
const MAX_SELECTED = 100;
const EXTENDING_KEYS = ["ArrowUp", "ArrowDown", "Home", "End"];
/** The mutations that may change whether a message can be selected. */
const CHANGES = { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "data-message-id"] };

const boxOf = (item) => item.querySelector(":scope > .message__select");

/** "[minutes.pdf]", or "[Picture]" where there is no name. */
function namesIn(item) {
  const files = item.querySelectorAll(".bubble__picture:not([hidden]) img, .album img, .file bdi");
  return [...files].map((each) => `[${each.alt ?? each.textContent}]`);
}

/**
 * Selects several messages for one action. Their check boxes are the only state, so a message that is deleted or leaves the list
 * is no longer selected.
 */
class MessageSelection extends HTMLElement {
  #page;
  #list;
  #scrollPosition;
  /** Shift selects from the anchor to the end. */
  #anchor = null;
  #end = null;
  #observer = new MutationObserver(() => this.#updateBoxes());
  #cleanups = [];

  disconnectedCallback() {
    this.stop();
  }

  /** Starts with `item` selected. */
  start(page, { list, scrollPosition, item }) {
    this.onclick = ({ target }) => this.#run(target.closest("[data-selected]")?.dataset.selected);
    this.#page = page;
    this.#list = list;
    this.#scrollPosition = scrollPosition;
    const listening = new AbortController();
    const { signal } = listening;
    const { peerId } = this.#pane.dataset;
    list.addEventListener("click", (event) => this.#onClick(event), { capture: true, signal });
    list.addEventListener("copy", (event) => this.#copySource(event), { signal });
    document.addEventListener("keydown", (event) => this.#onKeydown(event), { signal });
    this.#cleanups = [() => listening.abort(), page.on("group-left", ({ groupId }) => groupId === peerId && this.#finish())];
    scrollPosition.preserve(() => this.#pane.classList.add("is-selecting"));
    this.#observer.observe(list, CHANGES);
    this.#updateBoxes();
    this.#toggle(item);
    item.focus({ preventScroll: true });
  }

  /** Ends the selection without restoring the list, which may be gone. */
  stop() {
    this.#observer.disconnect();
    this.#cleanups.splice(0).forEach((cleanup) => cleanup());
    this.#pane?.classList.remove("is-selecting");
  }

  get #pane() {
    return this.closest(".conversation");
  }

  /** A key on a message; true when it did something. */
  handleKey({ key, target, altKey, ctrlKey, metaKey }) {
    if (altKey || ctrlKey || metaKey || !target.matches(".message")) return false;
    if (key !== " ") return false;
    this.#toggle(target);
    return true;
  }

  /** Delete works wherever the focus is, except in fields and dialogs. */
  #onKeydown(event) {
    const { key, target, defaultPrevented, altKey, ctrlKey, metaKey } = event;
    if (key !== "Delete" || altKey || ctrlKey || metaKey || defaultPrevented || target.closest("dialog, input:not([type=checkbox]), textarea")) return;
    event.preventDefault();
    this.#run("delete");
  }

  /** After a key that moved the focus from one message to another. */
  onFocusMoved({ key, target, shiftKey }) {
    const item = document.activeElement;
    if (!shiftKey || !EXTENDING_KEYS.includes(key) || !item.matches(".message")) return;
    if (target !== this.#end) this.#anchor = this.#end = target.matches(".message") ? target : item;
    this.#extend(item);
  }

  #finish() {
    const { activeElement } = document;
    const hadFocus = activeElement === document.body || this.contains(activeElement);
    this.#scrollPosition.preserve(() => {
      this.stop();
      this.#list.querySelectorAll(".message__select").forEach((box) => box.remove());
    });
    if (hadFocus) (this.#end?.isConnected ? this.#end : this.#list.parentElement).focus({ preventScroll: true });
    this.#anchor = this.#end = null;
  }

  /** Messages were added, sent or deleted. */
  #updateBoxes() {
    for (const item of this.#page.messagesOf(this.#list)) {
      const isSelectable = item.dataset.messageId && this.#page.hasContent(item);
      if (!isSelectable) boxOf(item)?.remove();
      else if (!boxOf(item)) item.prepend(document.getElementById("select-template").content.firstElementChild.cloneNode(true));
    }
    this.#observer.takeRecords();
    this.#updateBar();
  }

  get #selected() {
    return this.#page.messagesOf(this.#list).filter((item) => boxOf(item)?.checked);
  }

  #updateBar() {
    const selected = this.#selected;
    const status = this.querySelector("[role=status]");
    setText(status, this.#page.counted("selected", selected.length));
    const isEnabled = { forward: selected.length && !selected.some((item) => item.querySelector(".view-once")), copy: this.#sourceOf(selected), delete: selected.length };
    for (const [name, is] of Object.entries(isEnabled)) this.querySelector(`[data-selected="${name}"]`).disabled = !is;
  }

  /** While selecting, a click only selects. */
  #onClick(event) {
    const item = event.target.closest(".message");
    const box = item && boxOf(item);
    if (!box) return;
    event.stopPropagation();
    // A check box that was clicked itself has its new state already.
    if (event.target !== box) event.preventDefault();
    if (event.shiftKey) this.#extend(item);
    else this.#toggle(item, event.target === box ? box.checked : !box.checked);
  }

  #toggle(item, isSelected = !boxOf(item)?.checked) {
    if (!boxOf(item)) return;
    this.#anchor = this.#end = item;
    if (isSelected) this.#select([item]);
    else boxOf(item).checked = false;
    this.#updateBar();
  }

  /** Replaces the previous Shift selection. */
  #extend(item) {
    const anchor = this.#anchor?.isConnected ? this.#anchor : item;
    if (this.#end?.isConnected) this.#between(anchor, this.#end).forEach((each) => (boxOf(each).checked = false));
    this.#anchor = anchor;
    this.#end = item;
    this.#select(this.#between(anchor, item));
    this.#updateBar();
  }

  /** The selectable messages in between that are in the page. */
  #between(from, to) {
    const items = this.#page.messagesOf(this.#list);
    const [start, end] = [items.indexOf(from), items.indexOf(to)];
    const all = start < end ? items.slice(start, end + 1) : items.slice(end, start + 1).reverse();
    return all.filter(boxOf);
  }

  #select(items) {
    const left = MAX_SELECTED - this.#selected.filter((each) => !items.includes(each)).length;
    items.forEach((each, index) => (boxOf(each).checked = index < left));
    if (items.length > left) this.#page.emit("notice", { text: this.#page.text("select-most"), kind: "info" });
  }

  async #run(name) {
    const items = this.#selected;
    if (name === "cancel" || (name && items.length && (await this.#do(name, items)))) this.#finish();
  }

  /** Returns whether the action was done. */
  #do(name, items) {
    if (name === "forward") return this.#page.openForwardDialog(items.map(({ dataset }) => dataset.messageId));
    if (name === "copy") return this.#page.copyText(this.#sourceOf(items), "copied");
    return this.#page.deleteMessages(items, this.#pane.dataset.peerId);
  }

  #copySource(event) {
    const source = this.#sourceOf(this.#selected);
    if (!source) return;
    event.clipboardData.setData("text/plain", source);
    event.preventDefault();
    event.stopPropagation();
  }

  /** The text of one message; for several, with author and time. Files appear by name. */
  #sourceOf(items) {
    const { createdAt, sourceOf } = this.#page;
    const contentOf = (item) => [sourceOf(item), ...namesIn(item)].filter(Boolean).join("\n");
    const attributed = (item) => {
      const moment = createdAt(item);
      return `[${isoDay(moment)}, ${clock(moment)}] ${slot(item, "sender").textContent}: ${contentOf(item)}`;
    };
    return items.length > 1 ? items.map(attributed).join("\n") : items.map(contentOf).join("");
  }
}

const sheet = document.createElement("link");
const define = () => customElements.define("message-selection", MessageSelection);
Object.assign(sheet, { rel: "stylesheet", href: document.querySelector("message-selection").dataset.sheet, onload: define, onerror: define });
document.head.append(sheet);
