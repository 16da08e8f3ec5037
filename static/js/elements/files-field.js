import { sizeInWords } from "../lib/attachments.js";
import { filesFor } from "../stores/pending-files.js";
import { stepAcross } from "./arrow-keys.js";

/** The files of the message being written: chosen, shown, put in order, given captions, taken away. */
export class FilesField {
  #form;
  #input;
  #list;
  #original;
  #once;
  #files;
  #places = new Map();

  constructor(form, peerId) {
    this.#form = form;
    this.#input = form.querySelector('[type="file"]');
    this.#list = form.querySelector(".composer__previews");
    this.#original = form.querySelector(".composer__original");
    this.#once = form.querySelector("[data-view-once]"); // not in one's own notes
    // The page that one comes back to has previews already.
    this.#list.replaceChildren(this.#original, ...[this.#once].filter(Boolean));
    if (this.#once) this.#once.firstElementChild.onclick = () => this.#files.openOnce();
    this.#original.firstElementChild.onclick = () => this.#files.keepOriginals();
    this.#files = filesFor(peerId);
    this.#files.changed = () => this.#show();
    // Without script a message takes one picture.
    this.#input.multiple = true;
    this.#input.removeAttribute("accept");
    for (const input of form.querySelectorAll('[type="file"]')) input.addEventListener("change", () => this.#choose(input));
    this.#show();
  }

  /** `{image, attachments, viewOnce}`, as the outbox takes them. */
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

  take(files) {
    this.#files.take(files);
  }

  clear() {
    this.#files.clear();
  }

  #choose(input) {
    const files = [...input.files];
    input.value = "";
    if (files.length) this.take(files);
  }

  #remove(item) {
    this.#files.remove(item);
    this.#form.querySelector("textarea").focus();
  }

  /** What is there already stays in the page: it may have the focus. */
  #show() {
    this.#form.setAttribute("aria-busy", String(this.#files.isBusy));
    const { items } = this.#files;
    for (const [item, place] of this.#places) {
      if (items.includes(item)) continue;
      place.remove();
      this.#places.delete(item);
    }
    for (const item of items) {
      if (!this.#places.has(item)) this.#original.before(this.#preview(item));
      this.#fill(item);
    }
    this.#original.hidden = !items.some(({ file, picture }) => picture && picture.blob !== file);
    this.#original.firstElementChild.setAttribute("aria-pressed", String(this.#files.areOriginal));
    if (this.#once) this.#once.hidden = !this.#files.canBeOnce;
    this.#once?.firstElementChild.setAttribute("aria-pressed", String(this.#files.isOnce));
    this.#list.hidden = this.isEmpty;
  }

  #preview(item) {
    const place = document.getElementById("preview-template").content.firstElementChild.cloneNode(true);
    this.#places.set(item, place);
    const [mover, caption, remover] = place.querySelectorAll("button, input");
    place.querySelector("bdi").textContent = item.file.name;
    mover.setAttribute("aria-label", `${mover.title} ${item.file.name}`);
    remover.setAttribute("aria-label", `${remover.title} ${item.file.name}`);
    caption.setAttribute("aria-label", `${caption.placeholder} ${item.file.name}`);
    caption.value = item.caption ?? "";
    mover.addEventListener("keydown", (event) => this.#press(event, item));
    mover.addEventListener("pointermove", (event) => this.#drag(event, item));
    mover.addEventListener("pointerdown", (event) => mover.setPointerCapture(event.pointerId));
    caption.addEventListener("input", () => (item.caption = caption.value));
    remover.addEventListener("click", () => this.#remove(item));
    return place;
  }

  #fill(item) {
    const { file, picture, video, caption } = item;
    const place = this.#places.get(item);
    const isAlone = this.#files.items.length < 2;
    const image = place.querySelector("img");
    const shown = picture?.dataUrl ?? video?.poster;
    if (shown && !image.src) image.src = shown;
    image.hidden = !shown;
    place.querySelector(".composer__move").disabled = isAlone;
    const shrunk = !this.#files.areOriginal && picture;
    const measures = shrunk?.width ? `${picture.width} × ${picture.height}, ` : "";
    place.querySelector("[data-field=about]").textContent = measures + sizeInWords(shrunk?.size ?? file.size);
    // Under one alone stands the text of the message.
    const isOnce = this.#files.isOnce && this.#files.canBeOnce;
    place.querySelector("input").hidden = !picture || isOnce || (isAlone && !caption);
  }

  #press(event, item) {
    const { key } = event;
    const by = { ArrowUp: -1, ArrowDown: 1 }[key] ?? stepAcross(event);
    if (!by) return;
    event.preventDefault();
    this.#move(item, by);
  }

  #drag({ buttons, clientX, clientY }, item) {
    if (!buttons) return;
    const over = document.elementFromPoint(clientX, clientY)?.closest(".composer__preview");
    const places = this.#inOrder;
    const by = places.indexOf(over) - places.indexOf(this.#places.get(item));
    if (over && places.includes(over) && by) this.#move(item, by);
  }

  get #inOrder() {
    return [...this.#list.querySelectorAll(".composer__preview")];
  }

  /** The others go around it, so that it keeps the focus and the pointer. */
  #move(item, by) {
    const place = this.#places.get(item);
    for (let left = Math.abs(by); left; left -= 1) {
      if (by < 0 && place.previousElementSibling) place.after(place.previousElementSibling);
      if (by > 0 && place.nextElementSibling !== this.#original) place.before(place.nextElementSibling);
    }
    const items = new Map([...this.#places].map(([each, there]) => [there, each]));
    this.#files.order(this.#inOrder.map((there) => items.get(there)));
    place.scrollIntoView({ block: "nearest" });
  }
}
