import { moveFocus } from "./arrow-keys.js";

/** Chooses several people or groups from a searchable list: templates/messaging/groups/_chooser.html. */
export class Chooser {
  #root;
  #chosen = new Map();

  constructor(form) {
    this.#root = form.querySelector(".chooser");
    this.#root.addEventListener("change", ({ target }) => this.#change(target));
    this.#root.addEventListener("keydown", (event) => this.#onKeydown(event));
    this.#root.addEventListener("htmx:afterSwap", () => this.#updateChecked());
  }

  get keys() {
    return [...this.#chosen.keys()];
  }

  nameOf(key) {
    return this.#chosen.get(key);
  }

  #change(field) {
    if (field.name !== "people") return;
    const name = field.closest("label").querySelector("bdi").textContent;
    if (field.checked) this.#chosen.set(field.value, name);
    else this.#chosen.delete(field.value);
    this.#showChips();
  }

  #showChips() {
    const { content } = this.#root.querySelector("template");
    const chips = [...this.#chosen].map(([key, name]) => {
      const chip = content.firstElementChild.cloneNode(true);
      const button = chip.querySelector("button");
      chip.querySelector("bdi").textContent = name;
      button.setAttribute("aria-label", button.dataset.remove.replace("{name}", () => name));
      button.addEventListener("click", () => this.#remove(key));
      return chip;
    });
    this.#root.querySelector(".chips").replaceChildren(...chips);
    chips.at(-1)?.scrollIntoView({ block: "nearest" });
  }

  #remove(key) {
    this.#chosen.delete(key);
    this.#showChips();
    this.#updateChecked();
    this.#search.focus();
  }

  get #search() {
    return this.#root.querySelector("[type=search]");
  }

  get #boxes() {
    return [...this.#root.querySelectorAll("[name=people]")];
  }

  /** Choices survive a new search. */
  #updateChecked() {
    for (const box of this.#boxes) box.checked = this.#chosen.has(box.value);
  }

  /** Enter chooses the first hit, arrow keys move through the list, Backspace removes the last choice. */
  #onKeydown(event) {
    const { key, target } = event;
    if (target === this.#search && key === "Enter") {
      event.preventDefault();
      this.#boxes[0]?.click();
    } else if (target === this.#search && key === "Backspace" && !target.value && this.#chosen.size) {
      this.#remove(this.keys.at(-1));
    } else if (target === this.#search ? key === "ArrowDown" : target.name === "people") {
      moveFocus(event, this.#boxes);
    }
  }
}
