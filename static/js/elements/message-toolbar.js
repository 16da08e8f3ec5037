import { moveFocus, stepAcross } from "./arrow-keys.js";
import { handleMenuKey, itemsOf, openMenu } from "./menu.js";
import { actionsFor, QUICK, quickActionsOf } from "./message-actions.js";
import { watchTouch } from "./message-touch.js";

const MOVE_TOLERANCE = 10;
/** The mutations that may change which actions a message has. */
const CHANGES = { attributes: true, attributeFilter: ["class", "data-message-id", "data-state", "data-pinned-at", "data-closed"] };

/**
 * The actions of messages. A single toolbar, moved to the message with the pointer or focus, has the quick ones; a single menu, also
 * opened by a long press, has all.
 */
export class MessageToolbar {
  #peer;
  #menu = document.getElementById("message-menu");
  #bar = makeBar(this.#menu);
  #item = null;
  /** The last pointer position on that message. */
  #point = new DOMPoint();
  #hasSelection = false;
  #isReady = true;
  #observer = new MutationObserver(() => this.#update());

  constructor(list, peer) {
    this.#peer = peer;
    list.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.#onPointermove(event));
    list.addEventListener("focusin", ({ target }) => this.#showFor(target.closest(".message")));
    list.addEventListener("pointerdown", ({ target }) => (this.#hasSelection = hasSelection(target.closest(".bubble"))));
    list.addEventListener("contextmenu", (event) => this.#onContextMenu(event));
    this.#bar.addEventListener("click", (event) => this.#onClick(event));
    this.#bar.addEventListener("keydown", (event) => this.#onKeydown(event));
    watchTouch(list, { longPressed: (item, target) => this.#onLongPress(item, target), swiped: (item) => this.#run("reply", item) });
  }

  stop() {
    this.#observer.disconnect();
    this.#menu.close();
  }

  /** Handles a key on the message itself; true if it did. */
  handleKey({ key, target, altKey, ctrlKey, metaKey, shiftKey }) {
    if (altKey || ctrlKey || metaKey || !target.matches(".message")) return false;
    if (key === "Enter" || key === "ContextMenu" || (key === "F10" && shiftKey)) return this.#openAt(target);
    const action = actionsFor(target, this.#peer).find((each) => each.key?.toLowerCase() === key.toLowerCase());
    action?.run(target, this.#peer);
    return Boolean(action);
  }

  /**
   * If messages move under a resting pointer, the toolbar stays with its message, so that a click cannot hit a button for another
   * message.
   */
  #onPointermove({ target, clientX, clientY }) {
    const item = target.closest(".message");
    const isSteady = Math.hypot(clientX - this.#point.x, clientY - this.#point.y) < MOVE_TOLERANCE;
    if (this.#item?.isConnected && item !== this.#item && isSteady) return;
    this.#point = new DOMPoint(clientX, clientY);
    this.#showFor(item);
  }

  /** Does not move while the menu is open or a button has the focus. */
  #showFor(item) {
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

  /** The message was sent, edited, deleted or removed. */
  #update() {
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
    show(this.#bar, quickActionsOf(actions));
    this.#bar.lastElementChild.hidden = !actions.length;
    show(this.#menu, actions);
    if (hadFocus && !document.activeElement.checkVisibility()) this.#item.focus({ preventScroll: true });
  }

  /** Opens the menu on a right click, unless the browser's own is more useful. Shift always opens the browser's. */
  #onContextMenu(event) {
    const { target, clientX, clientY, shiftKey } = event;
    const item = target.closest(".message");
    if (event.defaultPrevented || shiftKey || !item) return;
    const isForUs = target.closest(".bubble") && !target.closest("a") && !this.#hasSelection;
    if (target.closest(".reaction")) this.#run("reactors", item);
    else if (!isForUs || !this.#open(item, new DOMRect(clientX, clientY))) return;
    event.preventDefault();
  }

  #onLongPress(item, target) {
    if (target.closest(".reaction")) return this.#run("reactors", item);
    // The finger is still down, perhaps over an item: only a new touch may choose or close.
    this.#isReady = !this.#openAt(item);
  }

  #openAt(item) {
    return this.#open(item, item.querySelector(".bubble").getBoundingClientRect(), { atEnd: item.matches(".is-mine") });
  }

  /** True if there are any actions. */
  #open(item, place, options) {
    if (this.#menu.open) return false;
    this.#show(item);
    this.#fill();
    if (!this.#actions.length) return false;
    // The focus returns there.
    item.focus({ preventScroll: true });
    this.#isReady = true;
    this.#menu.onpointerdown = () => (this.#isReady = true);
    this.#menu.onclick = (event) => this.#choose(event);
    this.#menu.onkeydown = (event) => handleMenuKey(event, this.#menu);
    this.#menu.oncontextmenu = (event) => event.preventDefault();
    openMenu(this.#menu, place, options);
    return true;
  }

  #choose({ target, detail }) {
    // `detail` is 0 for keyboard clicks.
    if (detail && !this.#isReady) return;
    const name = target.closest("[data-action]")?.dataset.action;
    if (!name && target !== this.#menu) return;
    this.#menu.close();
    if (name) this.#run(name, this.#item);
  }

  #onClick(event) {
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

  #onKeydown(event) {
    event.stopPropagation();
    const buttons = [...this.#bar.children].filter((button) => !button.hidden);
    if (event.key === "Escape") return this.#item.focus({ preventScroll: true });
    const step = stepAcross(event);
    if (moveFocus(event, buttons) || !step) return;
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }
}

/** Creates the toolbar: the quick actions, and "more". */
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

/** Whether text in the bubble is selected. */
function hasSelection(bubble) {
  const selection = getSelection();
  return Boolean(bubble) && !selection.isCollapsed && selection.containsNode(bubble, true);
}
