import { getJSON } from "../api.js";
import { partialMentionIn } from "../lib/mentions.js";
import { folded } from "../lib/text.js";
import { counted } from "../lib/texts.js";
import { setText, slot } from "../render/slots.js";
import { addPerson } from "../stores/people.js";

const DEBOUNCE = 150;
const MAX_OPTIONS = 8;
const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const EMPTY = { start: -1, query: "", people: [], isAll: false };

/**
 * Suggests members of a group whose names match what is typed after an "@". The field keeps the focus; arrow keys move, Enter and
 * Tab insert, Escape closes.
 */
export class MentionList {
  #field;
  #list;
  #status;
  #group;
  #onChosen;
  #cleanup;
  #timer = 0;
  #partial = null;
  /** The server's result, and the query it is for. */
  #found = EMPTY;
  /** The mention for which the list was closed, or that was inserted. */
  #dismissed = null;

  /** Calls `chosen(key)` before the name is put into the text. */
  constructor(form, group, { chosen }) {
    this.#field = form.querySelector("textarea");
    this.#list = form.parentElement.querySelector("#mentions");
    this.#status = form.parentElement.querySelector(".mentions__status");
    this.#group = group;
    this.#onChosen = chosen;
    const update = () => this.#update();
    document.addEventListener("selectionchange", update);
    this.#cleanup = () => document.removeEventListener("selectionchange", update);
    this.#field.addEventListener("input", update);
    this.#field.addEventListener("blur", () => this.#show([]));
    // Keeps the focus in the field, and a touch keyboard open.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => this.#insert(target.closest("[role=option]")));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#cleanup();
  }

  /** Returns whether the list has handled the key. */
  handleKey({ key, keyCode, altKey, ctrlKey, metaKey, shiftKey, isComposing }) {
    // Leave keys to an input method that is composing.
    if (this.#list.hidden || altKey || ctrlKey || metaKey || shiftKey || isComposing || keyCode === 229) return false;
    if (key in STEPS) this.#step(STEPS[key]);
    else if (key === "Enter" || key === "Tab") this.#insert(this.#active);
    else if (key === "Escape") this.#close();
    else return false;
    return true;
  }

  #update() {
    const { selectionStart, selectionEnd, value } = this.#field;
    const isTyping = document.activeElement === this.#field && selectionStart === selectionEnd;
    const partial = isTyping ? partialMentionIn(value.slice(0, selectionStart)) : null;
    if (partial?.start === this.#partial?.start && partial?.query === this.#partial?.query) return;
    this.#partial = partial;
    clearTimeout(this.#timer);
    // The members may have changed by the next mention.
    if (!partial) this.#found = EMPTY;
    if (!partial || this.#isDismissed(partial)) return this.#show([]);
    this.#dismissed = null;
    const isNew = !continues(partial, this.#found);
    this.#show(isNew ? [] : matching(partial.query, this.#found.people));
    if (isNew || !this.#found.isAll) this.#timer = setTimeout(() => this.#search(partial), DEBOUNCE);
  }

  #isDismissed(partial) {
    return this.#dismissed && continues(partial, this.#dismissed);
  }

  async #search({ start, query }) {
    const path = `/api/conversations/${this.#group}/members?search=${encodeURIComponent(query)}&limit=${MAX_OPTIONS + 1}`;
    const members = await getJSON(path).catch(() => null);
    if (!members || !this.#partial || !continues(this.#partial, { start, query })) return;
    const people = members.filter(({ _id }) => _id !== document.body.dataset.userId);
    this.#found = { start, query, people, isAll: members.length <= MAX_OPTIONS };
    if (!this.#isDismissed(this.#partial)) this.#show(matching(this.#partial.query, people));
  }

  #show(people) {
    this.#list.replaceChildren(...people.slice(0, MAX_OPTIONS).map(optionOf));
    this.#list.hidden = !people.length;
    setText(this.#status, people.length ? counted("people-to-mention", this.#list.childElementCount) : "");
    this.#activate(this.#list.firstElementChild);
  }

  #close() {
    this.#dismissed = this.#partial;
    this.#show([]);
  }

  get #active() {
    return this.#list.querySelector("[aria-selected=true]");
  }

  /** Wraps around. */
  #step(step) {
    const options = [...this.#list.children];
    this.#activate(options.at((options.indexOf(this.#active) + step) % options.length));
  }

  #activate(option) {
    this.#active?.setAttribute("aria-selected", "false");
    if (!option) return this.#field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", option.id);
  }

  /** Like typing: it can be undone, and fires `input`. */
  #insert(option) {
    if (!option) return;
    const { key, name } = option.dataset;
    const { start } = this.#partial;
    const { selectionEnd: caret, value } = this.#field;
    addPerson(key, { fullName: name, profilePic: option.querySelector("img").getAttribute("src") });
    this.#onChosen(key);
    this.#dismissed = { start, query: name };
    this.#field.setSelectionRange(start, caret);
    document.execCommand("insertText", false, `@${name}${/^\s/.test(value.slice(caret)) ? "" : " "}`);
    this.#show([]);
  }
}

const continues = (partial, before) => partial.start === before.start && partial.query.startsWith(before.query);

/** Matches at the start of a word come first. */
function matching(query, people) {
  const words = folded(query).split(/\s+/);
  const [first, others] = [[], []];
  for (const person of people) {
    const name = folded(person.fullName);
    if (words.every((word) => ` ${name}`.includes(` ${word}`))) first.push(person);
    else if (words.every((word) => name.includes(word))) others.push(person);
  }
  return [...first, ...others];
}

function optionOf({ _id, fullName, profilePic }) {
  const option = document.getElementById("mention-template").content.firstElementChild.cloneNode(true);
  option.id = `mention-${_id}`;
  Object.assign(option.dataset, { key: _id, name: fullName });
  option.querySelector("img").src = profilePic;
  setText(slot(option, "name"), fullName);
  return option;
}
