// Shows view-once messages. Loaded by `elements/view-once.js` with the first one.

const RETRY_DELAY = 1000;

/** Holds the files only while they are shown; afterwards their URLs are revoked. */
class ViewOnce extends HTMLElement {
  #addresses = [];
  #index = 0;
  #loading = new AbortController();
  #page;

  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    [this.loading, this.image, this.audio] = this.querySelector(".lightbox__stage").children;
    this.heading = this.querySelector('[data-field="title"]');
    this.steps = [...this.querySelectorAll("[data-step]")];
    for (const button of this.steps) button.addEventListener("click", () => this.#step(Number(button.dataset.step)));
    this.dialog.addEventListener("close", () => this.#release());
    this.dialog.addEventListener("contextmenu", (event) => event.preventDefault());
    this.dialog.addEventListener("keydown", (event) => this.#step(this.#page.stepAcross(event)) && event.preventDefault());
    this.audio.addEventListener("ended", () => this.dialog.close());
  }

  /** `requestOpening` resolves to `{attachments, until}`. Returns whether they are shown; rejects if they cannot be. */
  async open(requestOpening, page) {
    if (this.dialog.open) return false;
    this.#page = page;
    const { signal } = (this.#loading = new AbortController());
    this.#show(null);
    this.dialog.showModal();
    try {
      const { attachments, until } = await requestOpening();
      const files = [];
      for (const each of attachments) files.push(await this.#load(each, until, signal));
      // Closed while the last file was decoded: nothing was shown.
      if (signal.aborted || !this.dialog.open) return false;
      this.#addresses = files.map((file) => URL.createObjectURL(file));
      this.isVoice = attachments[0]?.kind === "audio";
      this.#index = 0;
      this.#show(this.#addresses[0]);
      return true;
    } catch (error) {
      if (!signal.aborted) this.dialog.close(); // otherwise it may be open for another message
      if (error.name !== "AbortError") throw error;
      return false;
    }
  }

  /** Loads the whole file before it is shown, retrying for as long as the server offers it. */
  async #load({ url, thumbnail }, until, signal) {
    for (;;) {
      const response = await fetch(url, { signal }).catch((error) => (signal.aborted ? Promise.reject(error) : null));
      const file = response?.ok && (await response.blob().catch(() => null));
      if (file) return thumbnail && !(await isShowable(file)) ? this.#load({ url: thumbnail }, until, signal) : file;
      signal.throwIfAborted();
      if (response?.status === 404 || new Date().toISOString() > until) throw new Error("over");
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
    }
  }

  #show(address) {
    this.loading.hidden = Boolean(address);
    this.image.hidden = !address || this.isVoice;
    this.audio.hidden = !address || !this.isVoice;
    const shown = this.isVoice ? this.audio : this.image;
    if (address) shown.src = address;
    if (address && this.isVoice) shown.play().catch(() => {});
    const { length } = this.#addresses;
    this.heading.textContent = length > 1 ? this.heading.dataset.words.replace("{n}", this.#index + 1).replace("{all}", length) : "";
    for (const button of this.steps) button.hidden = !address || !this.#addresses[this.#index + Number(button.dataset.step)];
  }

  #step(step) {
    const next = step && this.#addresses[this.#index + step];
    if (!next) return false;
    this.#index += step;
    this.#show(next);
    return true;
  }

  #release() {
    this.#loading.abort();
    this.audio.pause();
    for (const each of [this.image, this.audio]) each.removeAttribute("src");
    this.audio.load();
    this.#addresses.forEach((each) => URL.revokeObjectURL(each));
    this.#addresses = [];
  }
}

/** Not every browser can show HEIC; there the thumbnail is used. */
const isShowable = (file) => createImageBitmap(file).then((bitmap) => (bitmap.close(), true), () => false);

customElements.define("view-once", ViewOnce);
