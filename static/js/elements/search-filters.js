// The filters of a search in the side bar (templates/messaging/_search.html): chips that are added and removed here, and shown
// by the server, which also makes chips of those that are typed.
const BEING_TYPED = /(^|\s)(?:from|in|has|before|after):(?:"[^"]*"?|\S*)$/i;

export class SearchFilters {
  #bar;
  #wantsDay = false;

  constructor(bar) {
    this.#bar = bar;
    bar.addEventListener("click", ({ target }) => this.#press(target.closest("#found button")));
    bar.addEventListener("keydown", (event) => this.#erase(event));
    // Before htmx asks for what was chosen.
    bar.addEventListener("change", (event) => event.target.type === "date" && this.#pick(event), { capture: true });
    bar.addEventListener("htmx:afterSwap", ({ target }) => target.id === "found" && this.#show());
  }

  get #field() {
    return this.#bar.querySelector("#filter");
  }

  get #found() {
    return this.#bar.querySelector("#found");
  }

  clear() {
    this.#found?.replaceChildren();
  }

  #press(button) {
    if (!button) return;
    if ("remove" in button.dataset) this.#remove(button.parentElement);
    else if (button.dataset.add) this.#add(button.dataset.add);
    else if (button.matches(".suggestion")) this.#choose(button);
    else if ("retry" in button.dataset) this.#ask();
  }

  #ask() {
    this.#field.focus();
    htmx.trigger(this.#field, "search");
  }

  #add(name) {
    this.#settle();
    this.#field.value = `${this.#field.value.trimEnd()} ${name}:`.trimStart();
    this.#wantsDay = ["before", "after"].includes(name);
    this.#ask();
  }

  #choose({ name, value }) {
    this.#settle();
    this.#found.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    this.#ask();
  }

  /** While a year is typed it is one of long ago: 0002, 0020, 0202. */
  #pick(event) {
    if (event.target.validity.valid) this.#settle();
    else event.stopPropagation();
  }

  #remove(chip) {
    chip.remove();
    this.#ask();
  }

  /** What is chosen need not be typed to its end. */
  #settle() {
    this.#field.value = this.#field.value.replace(BEING_TYPED, "$1");
  }

  /** At the beginning of the field, the last chip. */
  #erase({ key, target }) {
    if (key !== "Backspace" || target !== this.#field || target.selectionEnd) return;
    const last = [...(this.#found?.querySelectorAll("[data-remove]") ?? [])].at(-1);
    if (last) this.#remove(last.parentElement);
  }

  /** What was typed and is a chip now leaves the field, unless somebody has typed on. */
  #show() {
    const chips = this.#found.querySelector(".chips");
    if (chips && this.#field.value === chips.dataset.query) this.#field.value = chips.dataset.rest;
    if (this.#wantsDay) this.#found.querySelector("[type=date]")?.focus();
    this.#wantsDay = false;
  }
}
