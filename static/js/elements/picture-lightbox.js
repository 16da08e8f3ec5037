import { clock, dayLabel } from "../lib/time.js";
import { createdAt } from "../render/message.js";

/** A picture of the conversation, as large as the window, over everything else. */
class PictureLightbox extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.image = this.querySelector("img");
    this.follow = (event) => this.clicked(event);
    document.addEventListener("click", this.follow);
    this.dialog.addEventListener("close", () => this.image.removeAttribute("src"));
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.follow);
  }

  clicked(event) {
    const link = event.target.closest?.(".bubble__picture");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(link);
  }

  open(link) {
    const message = link.closest(".message");
    const iso = createdAt(message);
    const sender = message.querySelector('[data-field="sender"]').textContent;
    const source = link.href || link.firstElementChild.src;
    this.image.src = source;
    this.querySelector("p").textContent = `${sender}, ${dayLabel(iso)} ${clock(iso)}`;
    this.querySelector("a").href = source;
    this.dialog.showModal();
  }
}

customElements.define("picture-lightbox", PictureLightbox);
