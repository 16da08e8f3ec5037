import { sizeInWords } from "../lib/attachments.js";
import { filesFor } from "../stores/waiting-files.js";

/** The files of the message being written: chosen, shown, taken away. */
export class FilesField {
  #form;
  #input;
  #list;
  #files;

  constructor(form, peerId) {
    this.#form = form;
    this.#input = form.querySelector('[type="file"]');
    this.#list = form.querySelector(".composer__previews");
    this.#files = filesFor(peerId);
    this.#files.changed = () => this.#show();
    // Without script a message takes one picture.
    this.#input.multiple = true;
    this.#input.removeAttribute("accept");
    this.#input.addEventListener("change", () => this.#choose());
    this.#show();
  }

  /** `{image, attachments}`, as the outbox takes them. */
  get value() {
    return this.#files.value;
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

  #choose() {
    const files = [...this.#input.files];
    this.#input.value = "";
    if (files.length) this.take(files);
  }

  #remove(item) {
    this.#files.remove(item);
    this.#form.querySelector("textarea").focus();
  }

  #show() {
    this.#form.setAttribute("aria-busy", String(this.#files.isBusy));
    this.#list.replaceChildren(...this.#files.items.map((item) => this.#preview(item)));
    this.#list.hidden = this.isEmpty;
  }

  #preview(item) {
    const place = document.getElementById("preview-template").content.firstElementChild.cloneNode(true);
    const { file, picture } = item;
    const [image, button] = [place.querySelector("img"), place.querySelector("button")];
    if (picture) image.src = picture.dataUrl;
    image.hidden = !picture;
    place.querySelector("bdi").textContent = file.name;
    const measures = picture?.width ? `${picture.width} × ${picture.height}, ` : "";
    place.querySelector("[data-field=about]").textContent = measures + sizeInWords(picture?.size ?? file.size);
    button.setAttribute("aria-label", `${button.title} ${file.name}`);
    button.addEventListener("click", () => this.#remove(item));
    return place;
  }
}
