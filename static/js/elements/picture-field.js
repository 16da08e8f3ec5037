import { emit } from "../lib/bus.js";
import { shrinkPicture } from "../lib/shrink.js";

const KILOBYTE = 1024;

/** The picture of the message being written: chosen, shown, taken away. */
export class PictureField {
  #form;
  #input;
  #preview;
  #picture = null;
  #working = null;

  constructor(form) {
    this.#form = form;
    this.#input = form.querySelector('[type="file"]');
    this.#preview = form.querySelector(".composer__preview");
    this.#input.addEventListener("change", () => this.take(this.#input.files[0]));
    this.#preview.querySelector("button").addEventListener("click", () => this.#remove());
  }

  /** Null, or `{dataUrl, width, height}` once it is small enough to travel. */
  async value() {
    await this.#working;
    return this.#picture;
  }

  take(file) {
    if (file) this.#working = this.#shrink(file);
  }

  clear() {
    this.#picture = null;
    this.#preview.hidden = true;
    this.#preview.querySelector("img").removeAttribute("src");
  }

  async #shrink(file) {
    this.#form.setAttribute("aria-busy", "true");
    try {
      const { dataUrl, width, height, name, size } = await shrinkPicture(file);
      this.#picture = { dataUrl, width, height };
      this.#show(dataUrl, name, `${width} × ${height}, ${sizeOf(size)}`);
    } catch (error) {
      emit("notice", { text: error.message, kind: "error" });
    }
    this.#input.value = "";
    this.#form.removeAttribute("aria-busy");
  }

  #show(source, name, facts) {
    this.#preview.querySelector("img").src = source;
    this.#preview.querySelector("b").textContent = name;
    this.#preview.querySelector("figcaption span").textContent = facts;
    this.#preview.hidden = false;
  }

  #remove() {
    this.clear();
    this.#form.querySelector("textarea").focus();
  }
}

function sizeOf(bytes) {
  const kilobytes = Math.max(1, Math.round(bytes / KILOBYTE));
  return kilobytes < KILOBYTE ? `${kilobytes} KB` : `${(kilobytes / KILOBYTE).toFixed(1)} MB`;
}
