import { stepAcross } from "./arrow-keys.js";
import { clock, dayLabel } from "../lib/time.js";
import { createdAt } from "../render/parts/meta.js";

const PICTURES = ".bubble__picture:not([hidden]), .album a, [data-lightbox]";
/** What belongs together: of one of these, the arrow keys show the next. */
const ROWS = "message-list, .shared";

function titleOf(link) {
  const message = link.closest(".message");
  const iso = createdAt(message);
  return `${message.querySelector('[data-field="sender"]').textContent}, ${dayLabel(iso)} ${clock(iso)}`;
}

/** A picture of the conversation over everything else, as large as the window has room for; the way back closes it. */
class PictureLightbox extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.image = this.querySelector("img");
    this.alt = this.image.alt;
    [this.heading, this.caption] = this.querySelectorAll("p");
    this.way = this.querySelector("[data-show]");
    this.way.addEventListener("click", () => this.goOn());
    this.steps = [...this.querySelectorAll("[data-step]")];
    this.follow = (event) => this.clicked(event);
    this.leave = (event) => this.goneBack(event);
    document.addEventListener("click", this.follow);
    // Before htmx, which would fetch the page that is still there.
    addEventListener("popstate", this.leave, { capture: true });
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("click", ({ target }) => this.press(target));
    this.dialog.addEventListener("keydown", (event) => this.steer(event));
    // Not every browser shows what a phone took (HEIC): what the page has of it is always there.
    this.image.addEventListener("error", () => this.isOpen && this.show(this.link.querySelector("img").currentSrc));
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.follow);
    removeEventListener("popstate", this.leave, { capture: true });
  }

  clicked(event) {
    const link = event.target.closest?.(PICTURES);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(link);
  }

  open(link) {
    this.fill(link);
    this.dialog.showModal();
    this.isOpen = true;
    history.pushState({ htmx: true, isPicture: true }, "");
  }

  fill(link) {
    this.link = link;
    const source = link.href || link.firstElementChild.src;
    const { lightbox = titleOf(link), place = "", caption = "" } = link.dataset;
    this.show(source);
    this.heading.textContent = lightbox;
    this.image.alt = caption || this.alt;
    this.caption.textContent = caption;
    this.caption.hidden = !caption;
    this.querySelector("[download]").href = source;
    for (const button of this.steps) button.hidden = !this.next(Number(button.dataset.step));
    // Out of the details: the message is elsewhere.
    this.way.hidden = !place;
    this.way.href = place;
    if (place) Object.assign(this.way.dataset, link.parentElement.dataset);
  }

  show(source) {
    if (this.image.src !== source) this.image.src = source;
  }

  /** The picture beside the one that is shown, as the page has them. */
  next(step) {
    const links = [...(this.link.closest(ROWS)?.querySelectorAll(PICTURES) ?? [])];
    return links[links.indexOf(this.link) + step];
  }

  step(step) {
    const next = step && this.next(step);
    if (next) this.fill(next);
    return Boolean(next);
  }

  press(target) {
    const button = target.closest("[data-step]");
    if (target === this.dialog) return this.dialog.close();
    if (!button) return;
    this.step(Number(button.dataset.step));
    if (button.hidden) this.steps.find((each) => !each.hidden).focus();
  }

  steer(event) {
    if (event.key.toLowerCase() === "d" && !event.ctrlKey && !event.metaKey && !event.altKey) this.querySelector("[download]").click();
    else if (!this.step(stepAcross(event))) return;
    event.preventDefault();
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
