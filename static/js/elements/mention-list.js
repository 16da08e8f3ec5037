import { getJSON } from "../api.js";
import { begunIn } from "../lib/mentions.js";
import { folded } from "../lib/text.js";
import { counted } from "../lib/texts.js";
import { slot, write } from "../render/slots.js";
import { learn } from "../stores/people.js";

const PAUSE = 150;
const MOST = 8;
const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const NOTHING = { start: -1, query: "", people: [], isAll: false };

/**
 * The members of a group whose names have what is typed after an "@": one of them is put into the text. The field keeps the
 * focus; arrow keys choose, Enter and Tab take, Escape closes.
 */
export class MentionList {
  #field;
  #list;
  #status;
  #group;
  #chosen;
  #ends;
  #timer = 0;
  #begun = null;
  /** What the server has found, for what was typed then. */
  #found = NOTHING;
  /** What was typed when the list was closed, or what was put in. */
  #done = null;

  /** Calls `chosen(key)` before the name is put into the text. */
  constructor(form, group, { chosen }) {
    this.#field = form.querySelector("textarea");
    this.#list = form.parentElement.querySelector("#mentions");
    this.#status = form.parentElement.querySelector(".mentions__status");
    this.#group = group;
    this.#chosen = chosen;
    const look = () => this.#look();
    document.addEventListener("selectionchange", look);
    this.#ends = () => document.removeEventListener("selectionchange", look);
    this.#field.addEventListener("input", look);
    this.#field.addEventListener("blur", () => this.#show([]));
    // The field keeps the focus, and a touch keyboard stays.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#ends();
  }

  /** Whether it was a key for the list. */
  handle({ key, keyCode, altKey, ctrlKey, metaKey, shiftKey, isComposing }) {
    // While an input method composes, keys are its own.
    if (this.#list.hidden || altKey || ctrlKey || metaKey || shiftKey || isComposing || keyCode === 229) return false;
    if (key in STEPS) this.#step(STEPS[key]);
    else if (key === "Enter" || key === "Tab") this.#take(this.#active);
    else if (key === "Escape") this.#close();
    else return false;
    return true;
  }

  #look() {
    const { selectionStart, selectionEnd, value } = this.#field;
    const isTyping = document.activeElement === this.#field && selectionStart === selectionEnd;
    const begun = isTyping ? begunIn(value.slice(0, selectionStart)) : null;
    if (begun?.start === this.#begun?.start && begun?.query === this.#begun?.query) return;
    this.#begun = begun;
    clearTimeout(this.#timer);
    // Who is in the group may change: for another mention the server is asked again.
    if (!begun) this.#found = NOTHING;
    if (!begun || this.#isDone(begun)) return this.#show([]);
    this.#done = null;
    const isNew = !continues(begun, this.#found);
    this.#show(isNew ? [] : matching(begun.query, this.#found.people));
    if (isNew || !this.#found.isAll) this.#timer = setTimeout(() => this.#search(begun), PAUSE);
  }

  #isDone(begun) {
    return this.#done && continues(begun, this.#done);
  }

  async #search({ start, query }) {
    const path = `/api/conversations/${this.#group}/members?search=${encodeURIComponent(query)}&limit=${MOST + 1}`;
    const members = await getJSON(path).catch(() => null);
    if (!members || !this.#begun || !continues(this.#begun, { start, query })) return;
    const people = members.filter(({ _id }) => _id !== document.body.dataset.userId);
    this.#found = { start, query, people, isAll: members.length <= MOST };
    if (!this.#isDone(this.#begun)) this.#show(matching(this.#begun.query, people));
  }

  #show(people) {
    this.#list.replaceChildren(...people.slice(0, MOST).map(optionOf));
    this.#list.hidden = !people.length;
    write(this.#status, people.length ? counted("people-to-mention", this.#list.childElementCount) : "");
    this.#activate(this.#list.firstElementChild);
  }

  #close() {
    this.#done = this.#begun;
    this.#show([]);
  }

  get #active() {
    return this.#list.querySelector("[aria-selected=true]");
  }

  /** Round and round. */
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

  /** As if it was typed: so it can be undone, and `input` is fired. */
  #take(option) {
    if (!option) return;
    const { key, name } = option.dataset;
    const { start } = this.#begun;
    const { selectionEnd: caret, value } = this.#field;
    learn(key, { fullName: name, profilePic: option.querySelector("img").getAttribute("src") });
    this.#chosen(key);
    this.#done = { start, query: name };
    this.#field.setSelectionRange(start, caret);
    document.execCommand("insertText", false, `@${name}${/^\s/.test(value.slice(caret)) ? "" : " "}`);
    this.#show([]);
  }
}

const continues = (begun, before) => begun.start === before.start && begun.query.startsWith(before.query);

/** Those first that have a word which begins like that. */
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
  write(slot(option, "name"), fullName);
  return option;
}
