import { formatSize } from "../lib/attachments.js";
import { pendingFilesFor } from "../stores/pending-files.js";
import { stepAcross } from "./arrow-keys.js";

/** The files attached to the message being written, with their order and captions. */
export class FilesField {
  #form;
  #input;
  #list;
  #original;
  #viewOnce;
  #files;
  #previews = new Map();

  constructor(form, peerId) {
    this.#form = form;
    this.#input = form.querySelector('[type="file"]');
    this.#list = form.querySelector(".composer__previews");
    this.#original = form.querySelector(".composer__original");
    this.#viewOnce = form.querySelector("[data-view-once]"); // missing in saved messages
    // A restored page has previews already.
    this.#list.replaceChildren(this.#original, ...[this.#viewOnce].filter(Boolean));
    if (this.#viewOnce) this.#viewOnce.firstElementChild.onclick = () => this.#files.toggleViewOnce();
    this.#original.firstElementChild.onclick = () => this.#files.toggleOriginals();
    this.#files = pendingFilesFor(peerId);
    this.#files.onChange = () => this.#show();
    // Without script a message has one picture at most.
    this.#input.multiple = true;
    this.#input.removeAttribute("accept");
    for (const input of form.querySelectorAll('[type="file"]')) input.addEventListener("change", () => this.#onChoose(input));
    this.#show();
  }

  /** `{image, attachments, viewOnce}` for the outbox. */
  get value() {
    return this.#files.value;
  }

  get uploads() {
    return this.#files.uploads;
  }

  get isEmpty() {
    return !this.#files.items.length;
  }

  settled() {
    return this.#files.settled();
  }

  add(files) {
    this.#files.add(files);
  }

  clear() {
    this.#files.clear();
  }

  #onChoose(input) {
    const files = [...input.files];
    input.value = "";
    if (files.length) this.add(files);
  }

  #remove(item) {
    this.#files.remove(item);
    this.#form.querySelector("textarea").focus();
  }

  /** Keeps existing previews, which may have the focus. */
  #show() {
    this.#form.setAttribute("aria-busy", String(this.#files.isBusy));
    const { items } = this.#files;
    for (const [item, preview] of this.#previews) {
      if (items.includes(item)) continue;
      preview.remove();
      this.#previews.delete(item);
    }
    for (const item of items) {
      if (!this.#previews.has(item)) this.#original.before(this.#preview(item));
      this.#fill(item);
    }
    this.#original.hidden = !items.some(({ file, picture }) => picture && picture.blob !== file);
    this.#original.firstElementChild.setAttribute("aria-pressed", String(this.#files.areOriginal));
    if (this.#viewOnce) this.#viewOnce.hidden = !this.#files.canBeViewOnce;
    this.#viewOnce?.firstElementChild.setAttribute("aria-pressed", String(this.#files.isViewOnce));
    this.#list.hidden = this.isEmpty;
  }

  #preview(item) {
    const preview = document.getElementById("preview-template").content.firstElementChild.cloneNode(true);
    this.#previews.set(item, preview);
    const [moveButton, caption, removeButton] = preview.querySelectorAll("button, input");
    preview.querySelector("bdi").textContent = item.file.name;
    moveButton.setAttribute("aria-label", `${moveButton.title} ${item.file.name}`);
    removeButton.setAttribute("aria-label", `${removeButton.title} ${item.file.name}`);
    caption.setAttribute("aria-label", `${caption.placeholder} ${item.file.name}`);
    caption.value = item.caption ?? "";
    moveButton.addEventListener("keydown", (event) => this.#onKeydown(event, item));
    moveButton.addEventListener("pointermove", (event) => this.#drag(event, item));
    moveButton.addEventListener("pointerdown", (event) => moveButton.setPointerCapture(event.pointerId));
    caption.addEventListener("input", () => (item.caption = caption.value));
    removeButton.addEventListener("click", () => this.#remove(item));
    return preview;
  }

  #fill(item) {
    const { file, picture, video, caption } = item;
    const preview = this.#previews.get(item);
    const isAlone = this.#files.items.length < 2;
    const image = preview.querySelector("img");
    const shown = picture?.dataUrl ?? video?.poster;
    if (shown && !image.src) image.src = shown;
    image.hidden = !shown;
    preview.querySelector(".composer__move").disabled = isAlone;
    const shrunk = !this.#files.areOriginal && picture;
    const measures = shrunk?.width ? `${picture.width} × ${picture.height}, ` : "";
    preview.querySelector("[data-field=about]").textContent = measures + formatSize(shrunk?.size ?? file.size);
    // The text of the message is the caption of a single picture.
    const isViewOnce = this.#files.isViewOnce && this.#files.canBeViewOnce;
    preview.querySelector("input").hidden = !picture || isViewOnce || (isAlone && !caption);
  }

  #onKeydown(event, item) {
    const { key } = event;
    const offset = { ArrowUp: -1, ArrowDown: 1 }[key] ?? stepAcross(event);
    if (!offset) return;
    event.preventDefault();
    this.#move(item, offset);
  }

  #drag({ buttons, clientX, clientY }, item) {
    if (!buttons) return;
    const over = document.elementFromPoint(clientX, clientY)?.closest(".composer__preview");
    const previews = this.#inOrder;
    const offset = previews.indexOf(over) - previews.indexOf(this.#previews.get(item));
    if (over && previews.includes(over) && offset) this.#move(item, offset);
  }

  get #inOrder() {
    return [...this.#list.querySelectorAll(".composer__preview")];
  }

  /** Moves the others around it, so that it keeps the focus and the pointer. */
  #move(item, offset) {
    const preview = this.#previews.get(item);
    for (let left = Math.abs(offset); left; left -= 1) {
      if (offset < 0 && preview.previousElementSibling) preview.after(preview.previousElementSibling);
      if (offset > 0 && preview.nextElementSibling !== this.#original) preview.before(preview.nextElementSibling);
    }
    const items = new Map([...this.#previews].map(([each, element]) => [element, each]));
    this.#files.reorder(this.#inOrder.map((element) => items.get(element)));
    preview.scrollIntoView({ block: "nearest" });
  }
}
