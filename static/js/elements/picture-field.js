import { sizeInWords } from "../lib/attachments.js";
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { pictureFor } from "../stores/pictures.js";

/** The picture of the message being written: chosen, shown, taken away. */
export class PictureField {
  #form;
  #input;
  #preview;
  #picture;

  constructor(form, peerId) {
    this.#form = form;
    this.#input = form.querySelector('[type="file"]');
    this.#preview = form.querySelector(".composer__preview");
    this.#picture = pictureFor(peerId);
    this.#picture.changed = () => this.#show();
    this.#input.addEventListener("change", () => this.#choose());
    this.#preview.querySelector("button").addEventListener("click", () => this.#remove());
    this.#show();
  }

  /** Null, or what is small enough to travel. */
  get value() {
    return this.#picture.value;
  }

  /** Waits for what is under way; false when that turned out to be no picture. */
  settled() {
    return this.#picture.settled();
  }

  /** One picture goes with a message: the first, and whoever gave more is told. */
  take(files) {
    const pictures = files.filter(({ type }) => type.startsWith("image/"));
    const hadOne = Boolean(this.value) || this.#picture.isBusy;
    this.#picture.take(pictures[0] ?? files[0]);
    if (files.length > 1) emit("notice", { text: text("one-picture"), kind: "info" });
    else if (hadOne) emit("notice", { text: text("picture-replaced"), kind: "info" });
  }

  clear() {
    this.#picture.clear();
  }

  #choose() {
    if (this.#input.files.length) this.take([...this.#input.files]);
  }

  #remove() {
    this.clear();
    this.#form.querySelector("textarea").focus();
  }

  #show() {
    this.#form.setAttribute("aria-busy", String(this.#picture.isBusy));
    if (!this.#picture.isBusy) this.#input.value = "";
    this.#preview.hidden = !this.value;
    if (this.value) this.#fill(this.value);
    else this.#preview.querySelector("img").removeAttribute("src");
  }

  #fill({ dataUrl, name, width, height, size }) {
    this.#preview.querySelector("img").src = dataUrl;
    this.#preview.querySelector("b").textContent = name;
    this.#preview.querySelector("figcaption span").textContent = (width ? `${width} × ${height}, ` : "") + sizeInWords(size);
  }
}
