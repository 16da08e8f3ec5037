import { moveFocus } from "./arrow-keys.js";
import { actionsFor } from "./message-actions.js";
import { watchTouch } from "./message-touch.js";

const SIDEWAYS = { ArrowLeft: -1, ArrowRight: 1 };

/** The one toolbar: in the message that is pointed at or has the focus, or, after a long press, in a sheet of its own. */
export class MessageToolbar {
  #list;
  #peer;
  #bar = document.getElementById("message-actions-template").content.firstElementChild.cloneNode(true);
  #sheet = document.getElementById("message-sheet");
  #item = null;
  #isReady = true;

  constructor(list, peer) {
    this.#list = list;
    this.#peer = peer;
    list.addEventListener("pointerover", ({ target, pointerType }) => pointerType !== "touch" && this.#offer(target));
    list.addEventListener("focusin", ({ target }) => this.#offer(target));
    list.addEventListener("contextmenu", (event) => this.#openReactors(event));
    this.#bar.addEventListener("click", (event) => this.#press(event));
    this.#bar.addEventListener("keydown", (event) => this.#steer(event));
    watchTouch(list, { pressed: (item, target) => this.#pressed(item, target), swiped: (item) => this.#run("reply", item) });
  }

  /** A key on the message itself; true when it did something. */
  handle({ key, target, altKey, ctrlKey, metaKey, shiftKey }) {
    if (altKey || ctrlKey || metaKey || !target.matches(".message")) return false;
    if (key === "Enter" || key === "ContextMenu" || (key === "F10" && shiftKey)) return this.#enter(target);
    const action = actionsFor(target, this.#peer).find((each) => each.key?.toLowerCase() === key.toLowerCase());
    action?.run(target, this.#peer);
    return Boolean(action);
  }

  /** What somebody is about to press stays where it is. */
  #offer(target) {
    const item = target.closest(".message");
    if (!item || this.#sheet.open || this.#bar.contains(target) || this.#bar.contains(document.activeElement)) return;
    this.#fill(item);
    if (this.#bar.parentNode !== item) item.append(this.#bar);
  }

  #fill(item) {
    this.#item = item;
    const names = actionsFor(item, this.#peer).map(({ name }) => name);
    for (const button of this.#bar.querySelectorAll("[data-action]")) button.hidden = !names.includes(button.dataset.action);
  }

  #enter(item) {
    this.#fill(item);
    const [first] = this.#buttons;
    if (!first) return false;
    item.append(this.#bar);
    first.focus({ preventScroll: true });
    return true;
  }

  get #buttons() {
    return [...this.#bar.querySelectorAll("button:not([hidden])")];
  }

  /** Of a reaction: by the right button, or by the key for menus. */
  #openReactors(event) {
    if (event.defaultPrevented || !event.target.closest(".reaction")) return;
    event.preventDefault();
    this.#run("reactors", event.target.closest(".message"));
  }

  #pressed(item, target) {
    if (target.closest(".reaction")) this.#run("reactors", item);
    else this.#openSheet(item);
  }

  #openSheet(item) {
    this.#fill(item);
    if (this.#sheet.open || !this.#buttons.length) return;
    this.#sheet.replaceChildren(this.#bar);
    // The finger that opened it is still down, perhaps where a button is now: only a new one closes it or chooses.
    this.#isReady = false;
    this.#sheet.onpointerdown = () => (this.#isReady = true);
    this.#sheet.onclick = ({ target }) => this.#isReady && target === this.#sheet && this.#sheet.close();
    this.#sheet.showModal();
  }

  #press(event) {
    event.stopPropagation();
    const name = event.target.closest("[data-action]")?.dataset.action;
    // Keys press without a pointer.
    if (!name || (this.#sheet.open && event.detail && !this.#isReady)) return;
    this.#sheet.close();
    if (this.#bar.contains(document.activeElement)) this.#item.focus({ preventScroll: true });
    this.#run(name, this.#item);
  }

  #run(name, item) {
    actionsFor(item, this.#peer).find((each) => each.name === name)?.run(item, this.#peer);
  }

  #steer(event) {
    event.stopPropagation();
    if (event.key === "Escape" && !this.#sheet.open) return this.#item.focus({ preventScroll: true });
    if (moveFocus(event, this.#buttons) || !SIDEWAYS[event.key]) return;
    const isMirrored = getComputedStyle(this.#bar).direction === "rtl";
    const buttons = this.#buttons;
    const next = buttons.indexOf(document.activeElement) + SIDEWAYS[event.key] * (isMirrored ? -1 : 1);
    buttons[next]?.focus();
    event.preventDefault();
  }
}
