// What is seen once, over the page. `elements/view-once.js` fetches it with the first one.

const AGAIN = 1000;

/** Holds the files while they are seen, and nothing afterwards: their addresses serve no more by then. */
class ViewOnce extends HTMLElement {
  #addresses = [];
  #place = 0;
  #loading = new AbortController();
  #page;

  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    [this.wait, this.image, this.sound] = this.querySelector(".lightbox__stage").children;
    this.heading = this.querySelector('[data-field="title"]');
    this.steps = [...this.querySelectorAll("[data-step]")];
    for (const button of this.steps) button.addEventListener("click", () => this.#step(Number(button.dataset.step)));
    this.dialog.addEventListener("close", () => this.#forget());
    this.dialog.addEventListener("contextmenu", (event) => event.preventDefault());
    this.dialog.addEventListener("keydown", (event) => this.#step(this.#page.stepAcross(event)) && event.preventDefault());
    this.sound.addEventListener("ended", () => this.dialog.close());
  }

  /** `begin` asks for `{attachments, until}`. Whether they are shown then; rejects where they cannot be. */
  async open(begin, page) {
    if (this.dialog.open) return false;
    this.#page = page;
    const { signal } = (this.#loading = new AbortController());
    this.#show(null);
    this.dialog.showModal();
    try {
      const { attachments, until } = await begin();
      const files = [];
      for (const each of attachments) files.push(await this.#load(each, until, signal));
      // Closed while the last of them was decoded: nothing was seen.
      if (signal.aborted || !this.dialog.open) return false;
      this.#addresses = files.map((file) => URL.createObjectURL(file));
      this.isVoice = attachments[0]?.kind === "audio";
      this.#place = 0;
      this.#show(this.#addresses[0]);
      return true;
    } catch (error) {
      if (!signal.aborted) this.dialog.close(); // else it may be open for another
      if (error.name !== "AbortError") throw error;
      return false;
    }
  }

  /** All of it before any is shown, so that no network cuts it off; again, as long as it is served. */
  async #load({ url, thumbnail }, until, signal) {
    for (;;) {
      const response = await fetch(url, { signal }).catch((error) => (signal.aborted ? Promise.reject(error) : null));
      const file = response?.ok && (await response.blob().catch(() => null));
      if (file) return thumbnail && !(await isShowable(file)) ? this.#load({ url: thumbnail }, until, signal) : file;
      signal.throwIfAborted();
      if (response?.status === 404 || new Date().toISOString() > until) throw new Error("over");
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }

  #show(address) {
    this.wait.hidden = Boolean(address);
    this.image.hidden = !address || this.isVoice;
    this.sound.hidden = !address || !this.isVoice;
    const shown = this.isVoice ? this.sound : this.image;
    if (address) shown.src = address;
    if (address && this.isVoice) shown.play().catch(() => {});
    const { length } = this.#addresses;
    this.heading.textContent = length > 1 ? this.heading.dataset.words.replace("{n}", this.#place + 1).replace("{all}", length) : "";
    for (const button of this.steps) button.hidden = !address || !this.#addresses[this.#place + Number(button.dataset.step)];
  }

  #step(by) {
    const next = by && this.#addresses[this.#place + by];
    if (!next) return false;
    this.#place += by;
    this.#show(next);
    return true;
  }

  #forget() {
    this.#loading.abort();
    this.sound.pause();
    for (const each of [this.image, this.sound]) each.removeAttribute("src");
    this.sound.load();
    this.#addresses.forEach((each) => URL.revokeObjectURL(each));
    this.#addresses = [];
  }
}

/** Not every browser shows what a phone took (HEIC): there the small one does. */
const isShowable = (file) => createImageBitmap(file).then((bitmap) => (bitmap.close(), true), () => false);

customElements.define("view-once", ViewOnce);
