import { moveFocus, stepAcross } from "./arrow-keys.js";
import { itemsOf, openMenu, steerMenu } from "./menu.js";
import { actionsFor, QUICK, quickest } from "./message-actions.js";
import { watchTouch } from "./message-touch.js";

const STEADY = 10;
/** What decides about what a message offers. */
const CHANGES = { attributes: true, attributeFilter: ["class", "data-message-id", "data-state", "data-pinned-at", "data-closed"] };

/**
 * What can be done with a message. The first of it is in the one toolbar, in the message that is pointed at or has the focus;
 * all of it is in the one menu, which a long press opens too.
 */
export class MessageToolbar {
  #peer;
  #menu = document.getElementById("message-menu");
  #bar = makeBar(this.#menu);
  #item = null;
  /** Where the pointer last was on that message. */
  #point = new DOMPoint();
  #isMarked = false;
  #isReady = true;
  #observer = new MutationObserver(() => this.#renew());

  constructor(list, peer) {
    this.#peer = peer;
    list.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.#track(event));
    list.addEventListener("focusin", ({ target }) => this.#offer(target.closest(".message")));
    list.addEventListener("pointerdown", ({ target }) => (this.#isMarked = isMarked(target.closest(".bubble"))));
    list.addEventListener("contextmenu", (event) => this.#ask(event));
    this.#bar.addEventListener("click", (event) => this.#press(event));
    this.#bar.addEventListener("keydown", (event) => this.#steer(event));
    watchTouch(list, { pressed: (item, target) => this.#pressed(item, target), swiped: (item) => this.#run("reply", item) });
  }

  stop() {
    this.#observer.disconnect();
    this.#menu.close();
  }

  /** A key on the message itself; true when it did something. */
  handle({ key, target, altKey, ctrlKey, metaKey, shiftKey }) {
    if (altKey || ctrlKey || metaKey || !target.matches(".message")) return false;
    if (key === "Enter" || key === "ContextMenu" || (key === "F10" && shiftKey)) return this.#openAt(target);
    const action = actionsFor(target, this.#peer).find((each) => each.key?.toLowerCase() === key.toLowerCase());
    action?.run(target, this.#peer);
    return Boolean(action);
  }

  /**
   * When messages move under a pointer that rests, the toolbar leaves with its own: whoever is about to press one of its
   * buttons hits nothing then, rather than the button of another message.
   */
  #track({ target, clientX, clientY }) {
    const item = target.closest(".message");
    const isSteady = Math.hypot(clientX - this.#point.x, clientY - this.#point.y) < STEADY;
    if (this.#item?.isConnected && item !== this.#item && isSteady) return;
    this.#point = new DOMPoint(clientX, clientY);
    this.#offer(item);
  }

  /** What somebody is about to press stays where it is. */
  #offer(item) {
    if (item && !this.#menu.open && !this.#bar.contains(document.activeElement)) this.#show(item);
  }

  #show(item) {
    if (item === this.#item && this.#bar.parentNode === item) return;
    this.#item = item;
    item.append(this.#bar);
    this.#observer.disconnect();
    this.#observer.observe(item, CHANGES);
    this.#observer.observe(item.closest(".conversation"), CHANGES);
    this.#observer.observe(item.parentNode, { childList: true });
    this.#fill();
  }

  /** The message was sent, edited, deleted, taken away … */
  #renew() {
    if (!this.#menu.open) return this.#fill();
    const { activeElement } = document;
    this.#fill();
    if (!this.#actions.length) this.#menu.close();
    else if (activeElement.hidden) itemsOf(this.#menu)[0].focus();
  }

  get #actions() {
    return actionsFor(this.#item, this.#peer);
  }

  #fill() {
    const actions = this.#actions;
    const hadFocus = this.#bar.contains(document.activeElement);
    show(this.#bar, quickest(actions));
    this.#bar.lastElementChild.hidden = !actions.length;
    show(this.#menu, actions);
    if (hadFocus && !document.activeElement.checkVisibility()) this.#item.focus({ preventScroll: true });
  }

  /** By the right button, unless the browser's own menu has more to offer. With Shift that one comes always. */
  #ask(event) {
    const { target, clientX, clientY, shiftKey } = event;
    const item = target.closest(".message");
    if (event.defaultPrevented || shiftKey || !item) return;
    const isForUs = target.closest(".bubble") && !target.closest("a") && !this.#isMarked;
    if (target.closest(".reaction")) this.#run("reactors", item);
    else if (!isForUs || !this.#open(item, new DOMRect(clientX, clientY))) return;
    event.preventDefault();
  }

  #pressed(item, target) {
    if (target.closest(".reaction")) return this.#run("reactors", item);
    // The finger that opened it is still down, perhaps where an item is now: only a new one closes it or chooses.
    this.#isReady = !this.#openAt(item);
  }

  #openAt(item) {
    return this.#open(item, item.querySelector(".bubble").getBoundingClientRect(), { atEnd: item.matches(".is-mine") });
  }

  /** True when there is anything to choose. */
  #open(item, place, how) {
    if (this.#menu.open) return false;
    this.#show(item);
    this.#fill();
    if (!this.#actions.length) return false;
    // It comes back there.
    item.focus({ preventScroll: true });
    this.#isReady = true;
    this.#menu.onpointerdown = () => (this.#isReady = true);
    this.#menu.onclick = (event) => this.#choose(event);
    this.#menu.onkeydown = (event) => steerMenu(event, this.#menu);
    this.#menu.oncontextmenu = (event) => event.preventDefault();
    openMenu(this.#menu, place, how);
    return true;
  }

  #choose({ target, detail }) {
    // Keys press without a pointer.
    if (detail && !this.#isReady) return;
    const name = target.closest("[data-action]")?.dataset.action;
    if (!name && target !== this.#menu) return;
    this.#menu.close();
    if (name) this.#run(name, this.#item);
  }

  #press(event) {
    event.stopPropagation();
    const button = event.target.closest("[data-action]");
    if (!button) return;
    const { action } = button.dataset;
    const place = button.getBoundingClientRect();
    if (this.#bar.contains(document.activeElement)) this.#item.focus({ preventScroll: true });
    if (action === "more") this.#open(this.#item, place, { atEnd: true });
    else this.#run(action, this.#item);
  }

  #run(name, item) {
    actionsFor(item, this.#peer).find((each) => each.name === name)?.run(item, this.#peer);
  }

  #steer(event) {
    event.stopPropagation();
    const buttons = [...this.#bar.children].filter((button) => !button.hidden);
    if (event.key === "Escape") return this.#item.focus({ preventScroll: true });
    const step = stepAcross(event);
    if (moveFocus(event, buttons) || !step) return;
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }
}

/** The buttons of what is quick, and of all else. */
function makeBar(menu) {
  const bar = document.getElementById("message-actions-template").content.firstElementChild.cloneNode(true);
  bar.prepend(...QUICK.map(({ name }) => buttonOf(menu.querySelector(`[data-action="${name}"]`))));
  return bar;
}

function buttonOf(menuItem) {
  const button = menuItem.cloneNode(true);
  button.removeAttribute("role");
  button.title = menuItem.textContent;
  button.setAttribute("aria-label", button.title);
  button.replaceChildren(button.firstElementChild);
  return button;
}

function show(place, actions) {
  for (const button of place.querySelectorAll("[data-action]")) {
    const action = actions.find(({ name }) => name === button.dataset.action);
    button.hidden = !action;
    if (action?.key) button.setAttribute("aria-keyshortcuts", action.key);
  }
}

/** Whether something of it is selected. */
function isMarked(bubble) {
  const selection = getSelection();
  return Boolean(bubble) && !selection.isCollapsed && selection.containsNode(bubble, true);
}
