// Pictures over the page, as large as the window has room for. `elements/lightbox.js` fetches it, and hands it what it shares.

/** What belongs together: of one of these, the arrow keys show the next. */
const ROWS = "message-list, .shared";
/** How far a finger goes to the next picture, or down to leave. */
const FAR = 64;
const ZOOMS = { "+": true, "=": true, "-": false };
const LARGER = 2.5;

/** A picture of the conversation over everything else, as large as the window has room for; the way back closes it. */
class PictureLightbox extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.image = this.querySelector("img");
    this.alt = this.image.alt;
    [this.heading, this.caption] = this.querySelectorAll("p");
    this.stage = this.image.parentElement;
    this.zooming = this.querySelector("[data-zoom]");
    this.way = this.querySelector("[data-show]");
    this.way.addEventListener("click", () => this.goOn());
    this.steps = [...this.querySelectorAll("[data-step]")];
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("click", (event) => this.press(event));
    this.dialog.addEventListener("pointerdown", (event) => this.drag(event));
    this.dialog.addEventListener("keydown", (event) => this.steer(event));
    // Not every browser shows what a phone took (HEIC): what the page has of it is always there.
    this.image.addEventListener("error", () => this.isOpen && this.show(this.link.querySelector("img").currentSrc));
  }

  open(link, page) {
    if (this.dialog.open) return;
    this.page = page;
    this.fill(link);
    this.dialog.showModal();
    this.isOpen = true;
    history.pushState({ htmx: true, isPicture: true }, "");
  }

  titleOf(link) {
    const message = link.closest(".message");
    const iso = this.page.createdAt(message);
    return `${message.querySelector('[data-field="sender"]').textContent}, ${this.page.dayLabel(iso)} ${this.page.clock(iso)}`;
  }

  /** Those of its message, where it has no caption of its own. */
  wordsBeside(link) {
    const message = link.closest(".message");
    return message ? this.page.unmarked(this.page.sourceOf(message)) : "";
  }

  fill(link) {
    this.link = link;
    const source = link.href || link.firstElementChild.src;
    const { lightbox = this.titleOf(link), place = "", caption = "" } = link.dataset;
    this.zoom(false);
    this.show(source);
    this.heading.textContent = [lightbox, this.placeIn(link.closest(".album"))].filter(Boolean).join(" · ");
    this.image.alt = caption || this.alt;
    this.caption.textContent = caption || this.wordsBeside(link);
    this.caption.hidden = !this.caption.textContent;
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

  /** "3 of 5", where there are several. */
  placeIn(album) {
    const links = [...(album?.querySelectorAll("a") ?? [])];
    return links.length > 1 && this.heading.dataset.words.replace("{n}", links.indexOf(this.link) + 1).replace("{all}", links.length);
  }

  /** The picture beside the one that is shown, as the page has them. */
  next(step) {
    const links = [...(this.link.closest(ROWS)?.querySelectorAll(this.page.PICTURES) ?? [])];
    return links[links.indexOf(this.link) + step];
  }

  step(step) {
    const next = step && this.next(step);
    if (next) this.fill(next);
    return Boolean(next);
  }

  get isZoomed() {
    return this.stage.matches(".is-zoomed");
  }

  /** Around what was pressed, or the middle. */
  zoom(isLarger, { clientX, clientY } = {}) {
    if (isLarger === this.isZoomed) return;
    const { x, y, width, height } = this.image.getBoundingClientRect();
    const scale = Math.max(LARGER, this.image.naturalWidth / width);
    const [left, top] = [(clientX ?? x + width / 2) - x, (clientY ?? y + height / 2) - y];
    this.stage.classList.toggle("is-zoomed", isLarger);
    this.zooming.setAttribute("aria-pressed", String(isLarger));
    this.image.style.inlineSize = isLarger ? `${width * scale}px` : "";
    // Where arrow keys move it.
    this.stage.tabIndex = isLarger ? 0 : -1;
    if (isLarger) this.stage.focus();
    if (isLarger) this.stage.scrollTo(left * scale - this.stage.clientWidth / 2, top * scale - this.stage.clientHeight / 2);
  }

  /** One finger: across to another picture, down and out. A larger one is moved by the browser. */
  drag({ clientX, clientY, pointerType, isPrimary }) {
    this.dragging?.abort();
    if (pointerType !== "touch" || !isPrimary || this.isZoomed || visualViewport.scale > 1) return;
    this.dragging = new AbortController();
    const { signal } = this.dragging;
    let [across, down] = [0, 0];
    const follow = (event) => {
      [across, down] = [event.clientX - clientX, event.clientY - clientY];
      this.image.style.translate = Math.abs(across) > down ? `${across}px` : `0 ${down}px`;
    };
    signal.addEventListener("abort", () => (this.image.style.translate = ""));
    this.dialog.addEventListener("pointermove", follow, { signal });
    this.dialog.addEventListener("pointercancel", () => this.dragging.abort(), { signal });
    this.dialog.addEventListener("pointerup", () => (this.dragging.abort(), this.dragged(across, down)), { signal });
  }

  dragged(across, down) {
    if (Math.abs(across) <= down) return down > FAR && this.dialog.close();
    const isForward = across < 0 === (getComputedStyle(this).direction === "ltr");
    if (Math.abs(across) > FAR) this.step(isForward ? 1 : -1);
  }

  press(event) {
    const { target } = event;
    const button = target.closest("[data-step]");
    if (target === this.dialog || target === this.stage) return this.dialog.close();
    if (target === this.image) return this.zoom(!this.isZoomed, event);
    if (target.closest("[data-zoom]")) return this.zoom(!this.isZoomed);
    if (!button) return;
    this.step(Number(button.dataset.step));
    if (button.hidden) this.steps.find((each) => !each.hidden).focus();
  }

  steer(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    if (key.toLowerCase() === "d") this.querySelector("[download]").click();
    else if (key in ZOOMS) this.zoom(ZOOMS[key]);
    else if (this.isZoomed || !this.step(this.page.stepAcross(event))) return;
    event.preventDefault();
  }

  closed() {
    this.zoom(false);
    this.image.removeAttribute("src");
    // Where nothing hovers, a message that has the focus shows what can be done with it.
    if (matchMedia("(hover: none)").matches) this.link.blur();
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
