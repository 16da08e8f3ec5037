import { clock, dayLabel } from "../lib/time.js";
import { createdAt } from "../render/parts/meta.js";

function captionOf(link) {
  const message = link.closest(".message");
  const iso = createdAt(message);
  return `${message.querySelector('[data-field="sender"]').textContent}, ${dayLabel(iso)} ${clock(iso)}`;
}

/** A picture of the conversation over everything else, as large as the window has room for; the way back closes it. */
class PictureLightbox extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.image = this.querySelector("img");
    this.way = this.querySelector("[data-show]");
    this.way.addEventListener("click", () => this.goOn());
    this.follow = (event) => this.clicked(event);
    this.leave = (event) => this.goneBack(event);
    document.addEventListener("click", this.follow);
    // Before htmx, which would fetch the page that is still there.
    addEventListener("popstate", this.leave, { capture: true });
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.follow);
    removeEventListener("popstate", this.leave, { capture: true });
  }

  clicked(event) {
    const link = event.target.closest?.(".bubble__picture, [data-lightbox]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(link);
  }

  open(link) {
    const source = link.href || link.firstElementChild.src;
    const { lightbox = captionOf(link), place = "" } = link.dataset;
    this.image.src = source;
    this.querySelector("p").textContent = lightbox;
    this.querySelector("[download]").href = source;
    // Out of the details: the message is elsewhere.
    this.way.hidden = !place;
    this.way.href = place;
    if (place) Object.assign(this.way.dataset, link.parentElement.dataset);
    this.dialog.showModal();
    this.isOpen = true;
    history.pushState({ htmx: true, isPicture: true }, "");
  }

  closed() {
    this.image.removeAttribute("src");
    if (this.isOpen && history.state?.isPicture) history.back();
  }

  /** To the message: its address takes the place of the picture in history. */
  goOn() {
    this.isOpen = false;
    this.dialog.close();
  }

  goneBack(event) {
    if (!this.isOpen) return;
    this.isOpen = false;
    event.stopImmediatePropagation();
    this.dialog.close();
  }
}

customElements.define("picture-lightbox", PictureLightbox);
