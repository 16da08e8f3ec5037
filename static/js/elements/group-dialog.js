// The dialog in which a group is made or changed, people are added, or who has read a message is listed. The server renders
// what is in it.
import { patchJSON, postJSON } from "../api.js";
import { setBusy, setIdle } from "../busy.js";
import { newClientId } from "../lib/ids.js";
import { shrinkPicture } from "../lib/shrink.js";
import { text } from "../lib/texts.js";
import { moveFocus } from "./arrow-keys.js";

const CALLS = { POST: postJSON, PATCH: patchJSON };
const dialog = () => document.getElementById("group-dialog");

export async function openDialog(path) {
  await htmx.ajax("GET", path, { target: "#group-dialog", swap: "innerHTML show:none" }).catch(() => {});
  if (!dialog().firstElementChild) return;
  dialog().onclose = () => dialog().open || dialog().replaceChildren();
  if (!dialog().open) dialog().showModal();
  const form = dialog().querySelector(".group-form");
  if (form) new GroupForm(form);
}

class GroupForm {
  #form;
  #chosen = new Map();
  /** Null as long as it stays as it is, "" to remove it. */
  #picture = null;
  #hadPicture;
  /** Sent again after an answer that was lost, it makes no second group. */
  #clientGroupId = newClientId();

  constructor(form) {
    this.#form = form;
    this.#hadPicture = Boolean(this.#removeButton && !this.#removeButton.hidden);
    this.#removeButton?.addEventListener("click", () => this.#removePicture());
    form.addEventListener("submit", (event) => this.#submit(event));
    form.addEventListener("change", ({ target }) => this.#change(target));
    form.addEventListener("click", ({ target }) => target.closest("[data-close]") && dialog().close());
    form.addEventListener("keydown", (event) => this.#onKeydown(event));
    form.addEventListener("htmx:afterSwap", () => this.#updateChecked());
  }

  #change(field) {
    if (field.type === "file" && field.files.length) return this.#choosePicture(field.files[0]);
    if (field.name !== "people") return;
    const name = field.closest("label").querySelector("bdi").textContent;
    if (field.checked) this.#chosen.set(field.value, name);
    else this.#chosen.delete(field.value);
    this.#showChips();
  }

  async #choosePicture(file) {
    try {
      this.#picture = (await shrinkPicture(file)).dataUrl;
    } catch (error) {
      return this.#showError(error.message);
    }
    Object.assign(this.#image, { src: this.#picture, hidden: false });
    this.#removeButton.hidden = false;
  }

  #removePicture() {
    const { initials } = this.#image.dataset;
    const file = this.#form.querySelector("[type=file]");
    this.#picture = this.#hadPicture ? "" : null;
    if (initials) this.#image.src = initials;
    else this.#image.hidden = true;
    this.#removeButton.hidden = true;
    file.value = "";
    file.focus();
  }

  get #image() {
    return this.#form.querySelector(".group-form__picture img");
  }

  get #removeButton() {
    return this.#form.querySelector("[data-remove-picture]");
  }

  #showChips() {
    const { content } = this.#form.querySelector(".chooser template");
    const chips = [...this.#chosen].map(([key, name]) => {
      const chip = content.firstElementChild.cloneNode(true);
      const button = chip.querySelector("button");
      chip.querySelector("bdi").textContent = name;
      button.setAttribute("aria-label", button.dataset.remove.replace("{name}", () => name));
      button.addEventListener("click", () => this.#remove(key));
      return chip;
    });
    this.#form.querySelector(".chips").replaceChildren(...chips);
    chips.at(-1)?.scrollIntoView({ block: "nearest" });
  }

  #remove(key) {
    this.#chosen.delete(key);
    this.#showChips();
    this.#updateChecked();
    this.#search.focus();
  }

  get #search() {
    return this.#form.querySelector("[type=search]");
  }

  get #boxes() {
    return [...this.#form.querySelectorAll("[name=people]")];
  }

  /** Whoever is chosen stays so, whatever is searched for. */
  #updateChecked() {
    for (const box of this.#boxes) box.checked = this.#chosen.has(box.value);
  }

  /** Return chooses the first one found; arrows lead through the others; backspace takes the last one back. */
  #onKeydown(event) {
    const { key, target } = event;
    if (target === this.#search && key === "Enter") {
      event.preventDefault();
      this.#boxes[0]?.click();
    } else if (target === this.#search && key === "Backspace" && !target.value && this.#chosen.size) {
      this.#remove([...this.#chosen.keys()].at(-1));
    } else if (target === this.#search ? key === "ArrowDown" : target.name === "people") {
      moveFocus(event, this.#boxes);
    }
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#form.getAttribute("aria-busy") === "true") return;
    setBusy(this.#form);
    const path = this.#form.getAttribute("action");
    const isNew = path === "/api/groups";
    const values = isNew ? { ...this.#values(), clientGroupId: this.#clientGroupId } : this.#values();
    try {
      const group = await CALLS[this.#form.dataset.call](path, values);
      dialog().close();
      if (isNew) location.assign(`/chat/${group._id}`);
    } catch (error) {
      setIdle(this.#form);
      this.#showError(error.status ? error.message : text("no-answer"));
    }
  }

  #values() {
    const { name, description, posting, showsHistory } = this.#form.elements;
    const values = {};
    if (name) values.name = name.value;
    if (description) values.description = description.value;
    if (posting) values.posting = posting.checked ? "admins" : "all";
    if (showsHistory) values.showsHistory = showsHistory.checked;
    if (this.#picture !== null) values.picture = this.#picture;
    if (this.#search) values.people = [...this.#chosen.keys()];
    return values;
  }

  #showError(words) {
    const notice = this.#form.querySelector(".notice");
    notice.hidden = false;
    notice.lastElementChild.textContent = words;
    notice.focus();
  }
}
