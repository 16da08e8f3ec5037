// The filters of the side bar's search (templates/messaging/_search.html): chips, added and removed here and rendered by the server,
// which also turns typed filters into chips.
const PARTIAL_FILTER = /(^|\s)(?:from|in|has|before|after):(?:"[^"]*"?|\S*)$/i;

export class SearchFilters {
  #bar;
  #wantsDay = false;

  constructor(bar) {
    this.#bar = bar;
    bar.addEventListener("click", ({ target }) => this.#onClick(target.closest("#found button")));
    bar.addEventListener("keydown", (event) => this.#onKeydown(event));
    // Before htmx sends the request.
    bar.addEventListener("change", (event) => event.target.type === "date" && this.#onDateChange(event), { capture: true });
    bar.addEventListener("htmx:afterSwap", ({ target }) => target.id === "found" && this.#onSwap());
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

  #onClick(button) {
    if (!button) return;
    if ("remove" in button.dataset) this.#remove(button.parentElement);
    else if (button.dataset.add) this.#add(button.dataset.add);
    else if (button.matches(".suggestion")) this.#choose(button);
    else if ("retry" in button.dataset) this.#search();
  }

  #search() {
    this.#field.focus();
    htmx.trigger(this.#field, "search");
  }

  #add(name) {
    this.#removePartial();
    this.#field.value = `${this.#field.value.trimEnd()} ${name}:`.trimStart();
    this.#wantsDay = ["before", "after"].includes(name);
    this.#search();
  }

  #choose({ name, value }) {
    this.#removePartial();
    this.#found.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    this.#search();
  }

  /** While a year is being typed, the date is in the distant past: 0002, 0020, 0202. */
  #onDateChange(event) {
    if (event.target.validity.valid) this.#removePartial();
    else event.stopPropagation();
  }

  #remove(chip) {
    chip.remove();
    this.#search();
  }

  /** Removes a filter that is only partly typed, since one was chosen. */
  #removePartial() {
    this.#field.value = this.#field.value.replace(PARTIAL_FILTER, "$1");
  }

  /** Backspace at the beginning of the field removes the last chip. */
  #onKeydown({ key, target }) {
    if (key !== "Backspace" || target !== this.#field || target.selectionEnd) return;
    const last = [...(this.#found?.querySelectorAll("[data-remove]") ?? [])].at(-1);
    if (last) this.#remove(last.parentElement);
  }

  /** Removes typed filters that are chips now, unless the field has changed meanwhile. */
  #onSwap() {
    const chips = this.#found.querySelector(".chips");
    if (chips && this.#field.value === chips.dataset.query) this.#field.value = chips.dataset.rest;
    if (this.#wantsDay) this.#found.querySelector("[type=date]")?.focus();
    this.#wantsDay = false;
  }
}
