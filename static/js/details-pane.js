// Loaded when the details are first opened (elements/details.js), apart from the page's bundle: imports are copies, and what it
// shares with the page is passed in.
import { moveFocus, stepAcross } from "./elements/arrow-keys.js";
import { isConfirmed } from "./lib/dialog.js";
import { formatted } from "./lib/markup.js";
import { peerOf } from "./lib/peers.js";
import { text } from "./lib/texts.js";
import { lastSeen, showTime } from "./lib/time.js";

const DELAY = 300;
const SECTIONS = ["pictures", "files", "voice", "links"];

class DetailsPane extends HTMLElement {
  #page;
  #cleanups = [];
  #timers = [];
  /** Scroll position, selected tab and open menu, for the pane that replaces this one. */
  #viewState = {};

  disconnectedCallback() {
    this.#cleanups.forEach((cleanup) => cleanup());
    this.#timers.forEach(clearTimeout);
  }

  /** `old` is the pane that this one replaces. */
  start(page, old, hadFocus) {
    this.#page = page;
    this.peerId = this.dataset.peerId;
    this.body = this.querySelector(".details__body");
    this.addEventListener("click", ({ target }) => this.#onClick(target));
    this.addEventListener("keydown", (event) => this.#onKeydown(event));
    this.addEventListener("htmx:load", () => this.#decorate());
    this.addEventListener("change", ({ target }) => target.name === "lifetime" && this.#chooseLifetime(target));
    this.addEventListener("submit", (event) => this.#setOwnLifetime(event));
    const { on } = page;
    this.#cleanups = [
      on("presence", () => this.#onPresence()),
      on("privacy", () => this.#isPerson && page.showDetails()),
      on("chat-settings", () => this.#showMute()),
      on("chat", () => this.#showMute()),
      on("message", ({ message }) => this.#onMessage(message)),
      on("message-deleted", ({ messageId }) => this.#removeItems(({ dataset }) => dataset.messageId === messageId)),
      on("hidden", ({ peerId, hidden }) => peerId === this.peerId && this.#removeHidden(hidden)),
    ];
    if (old) this.#restoreFrom(old, hadFocus);
    this.#showMute();
    this.#onPresence();
    this.#decorate();
    const lifetime = this.querySelector("#lifetime");
    if (lifetime) lifetime.disabled = false;
  }

  /** Called before another pane replaces this one. */
  saveViewState() {
    this.#viewState = {
      top: this.body?.scrollTop,
      tab: this.querySelector('[role="tab"][aria-selected="true"]')?.id,
      menu: this.querySelector(".member__menu[open]")?.dataset.person,
    };
  }

  /** Restores what was open and loaded in the previous pane. */
  #restoreFrom(old, hadFocus) {
    const { top, tab, menu } = old.#viewState;
    for (const name of SECTIONS) {
      const [before, now] = [old, this].map((each) => each.querySelector(`#details-${name}`));
      if (!before?.querySelector(".shared")) continue;
      now.replaceChildren(...before.childNodes);
      htmx.process(now);
    }
    const chosen = tab && this.querySelector(`#${tab}`);
    if (chosen) this.#selectTab(chosen);
    this.body.scrollTop = top;
    const opened = menu && this.querySelector(`[data-person="${menu}"]`);
    if (opened) opened.open = true;
    if (hadFocus) (opened?.firstElementChild ?? this.querySelector("h1")).focus({ preventScroll: true });
  }

  get #tabs() {
    return [...this.querySelectorAll('[role="tab"]')];
  }

  get #isPerson() {
    return !this.peerId.startsWith("f");
  }

  #onClick(target) {
    const button = target.closest("button");
    if (!button) return;
    const { rowOf, openChatMenu, updateChatSettings } = this.#page;
    if (button.role === "tab") this.#selectTab(button);
    else if ("call" in button.dataset) this.#runCall(button);
    else if (!rowOf(this.peerId)) return;
    else if ("mute" in button.dataset) openChatMenu(this.peerId, button, "mute");
    else if ("unmute" in button.dataset) updateChatSettings(this.peerId, { mute: "off" });
    else if ("options" in button.dataset) openChatMenu(this.peerId, button);
  }

  #selectTab(tab) {
    for (const each of this.#tabs) {
      const isChosen = each === tab;
      each.setAttribute("aria-selected", isChosen);
      each.tabIndex = isChosen ? 0 : -1;
      this.#panelOf(each).hidden = !isChosen;
    }
    const panel = this.#panelOf(tab);
    if (panel.dataset.shared && !panel.firstElementChild) this.#load(panel);
  }

  #panelOf(tab) {
    return this.querySelector(`#${tab.getAttribute("aria-controls")}`);
  }

  #load(panel) {
    return htmx.ajax("GET", panel.dataset.shared, { source: panel, target: panel, swap: "innerHTML show:none" }).catch(() => {});
  }

  #onKeydown(event) {
    const { target } = event;
    if (target.role === "tab") {
      const step = stepAcross(event);
      const tabs = this.#tabs;
      const next = step && tabs[(tabs.indexOf(target) + step + tabs.length) % tabs.length];
      if (!next) return;
      event.preventDefault();
      next.focus();
      this.#selectTab(next);
    } else if (target.closest(".shared.is-pictures")) {
      const pictures = [...this.querySelectorAll(".is-pictures .shared__item > a")];
      const step = stepAcross(event);
      if (step) pictures[pictures.indexOf(target) + step]?.focus();
      else moveFocus(event, pictures);
    } else if (target.matches(".shared a, #details-groups a")) {
      moveFocus(event, [...target.closest('[role="tabpanel"]').querySelectorAll("a")]);
    }
  }

  async #runCall(button) {
    const { dataset } = button;
    const { showDetails, closeDetails, emit } = this.#page;
    if (dataset.title && !(await confirmCall(dataset))) return;
    // Before the request, so that a menu opened meanwhile stays open.
    button.closest("details")?.removeAttribute("open");
    try {
      await this.#call(dataset);
      if ("leaves" in dataset) closeDetails();
      else await showDetails();
    } catch (error) {
      emit("notice", { text: error.status ? error.message : text("no-answer"), kind: "error" });
    }
  }

  #chooseLifetime({ form, value }) {
    const own = form.querySelector("[data-own]");
    own.hidden = value !== "own";
    if (own.hidden) this.#setLifetime(form, Number(value));
    else own.querySelector("input").focus();
  }

  #setOwnLifetime(event) {
    event.preventDefault();
    const { count, unit } = event.target.elements;
    this.#setLifetime(event.target, count.value * unit.value);
  }

  /** The system message about it refreshes the pane anyway; this puts the field back if nothing changed or the call failed. */
  async #setLifetime({ dataset }, seconds) {
    const { putJSON, showDetails, emit } = this.#page;
    try {
      await putJSON(dataset.lifetime, { seconds });
    } catch (error) {
      emit("notice", { text: error.status ? error.message : text("no-answer"), kind: "error" });
    }
    await showDetails();
  }

  async #call({ call, path, role }) {
    const { patchJSON, putJSON, deleteJSON, emit } = this.#page;
    const settings = await { PATCH: () => patchJSON(path, { role }), PUT: () => putJSON(path), DELETE: () => deleteJSON(path) }[call]();
    if (path.startsWith("/api/blocks/")) emit("chat-settings", settings);
  }

  #showMute() {
    const { rowOf, isMuted } = this.#page;
    const row = rowOf(this.peerId);
    const show = (name, isShown) => this.querySelectorAll(`[data-${name}]`).forEach((button) => (button.hidden = !isShown));
    show("mute", row && !isMuted(row));
    show("unmute", row && isMuted(row));
    show("options", row);
  }

  /** Somebody who goes offline while this is open was last seen now. */
  #onPresence() {
    this.#showPresence();
    const state = this.querySelector(".details__state");
    const { online, isOnline } = this.#page;
    if (!state || !online().size) return;
    const [isNowOnline, wasOnline] = [isOnline(this.peerId), state.dataset.state === "online"];
    const moment = new Date().toISOString();
    if (wasOnline && !isNowOnline && "showsLastSeen" in state.dataset) showTime(state.querySelector("time"), moment, lastSeen(moment));
    state.dataset.state = isNowOnline ? "online" : "";
    this.querySelector(".avatar.is-large").classList.toggle("is-online", isNowOnline);
  }

  #showPresence() {
    const { online, isOnline } = this.#page;
    if (!online().size) return;
    for (const avatar of this.querySelectorAll("[data-presence]")) {
      avatar.classList.toggle("is-online", isOnline(avatar.dataset.presence));
    }
  }

  #decorate() {
    this.#showPresence();
    this.querySelectorAll(".is-links .shared__text:not(.is-done)").forEach(showLinks);
  }

  #debounce(callback) {
    this.#timers.forEach(clearTimeout);
    this.#timers = [setTimeout(callback, DELAY)];
  }

  /** Refreshes the lists for a new message, unless the reader has scrolled far down in one of them. */
  #onMessage(message) {
    if (peerOf(message, document.body.dataset.userId) !== this.peerId) return;
    if (message.deleted) return this.#removeItems(({ dataset }) => dataset.messageId === message._id);
    if (!message.image && !message.attachments && !message.editedAt && !/:\/\/|www\./i.test(message.text ?? "")) return;
    const isKnown = Boolean(this.querySelector(`:is(.is-pictures, .is-files, .is-voice) [data-message-id="${message._id}"]`));
    if (isKnown && !message.editedAt) return;
    this.#debounce(() => this.#refreshSections());
  }

  #refreshSections() {
    for (const panel of SECTIONS.map((name) => this.querySelector(`#details-${name}`))) {
      const isDeep = panel.querySelectorAll(".shared__item").length > 30 && this.body.scrollTop > 0;
      if (!panel.hidden && !isDeep) this.#load(panel);
      else if (panel.hidden) panel.replaceChildren();
    }
  }

  #removeHidden(hidden) {
    this.#removeItems(({ dataset }) => hidden.some(([from, to]) => from <= dataset.seq && dataset.seq <= to));
  }

  #removeItems(isGone) {
    const gone = [...this.querySelectorAll(".shared__item")].filter(isGone);
    gone.forEach((item) => item.remove());
    if (gone.length && !this.querySelector(".details__part:not([hidden]) .shared__item")) this.#debounce(() => this.#refreshSections());
  }
}

/** Replaces a text by its web links; a text without links, such as code, stays. */
function showLinks(words) {
  words.classList.add("is-done");
  const links = [...formatted(words.textContent).querySelectorAll("a")].filter(({ protocol }) => protocol !== "mailto:");
  for (const link of links) link.classList.add("shared__link");
  if (links.length) words.replaceChildren(...links);
}

function confirmCall({ title, words, verb }) {
  const dialog = document.getElementById("confirm-group");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = words;
  dialog.querySelector(".is-danger").textContent = verb;
  return isConfirmed(dialog, "agree");
}

customElements.define("details-pane", DetailsPane);
