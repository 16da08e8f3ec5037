// Shows pictures at full size. Loaded by `elements/lightbox.js`, which passes in what it shares with the page.

/** The arrow keys move between the pictures within one of these. */
const GALLERIES = "message-list, .shared";
/** Pixels: how far to swipe for another picture, or down to close. */
const SWIPE_DISTANCE = 64;
const ZOOMS = { "+": true, "=": true, "-": false };
const MIN_ZOOM = 2.5;

/** A picture over the page, as large as the window allows; the browser's back button closes it. */
class PictureLightbox extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.image = this.querySelector("img");
    this.alt = this.image.alt;
    [this.heading, this.caption] = this.querySelectorAll("p");
    this.stage = this.image.parentElement;
    this.zoomButton = this.querySelector("[data-zoom]");
    this.messageLink = this.querySelector("[data-show]");
    this.messageLink.addEventListener("click", () => this.openMessage());
    this.steps = [...this.querySelectorAll("[data-step]")];
    this.dialog.addEventListener("close", () => this.onClose());
    this.dialog.addEventListener("click", (event) => this.onClick(event));
    this.dialog.addEventListener("pointerdown", (event) => this.onPointerdown(event));
    this.dialog.addEventListener("keydown", (event) => this.onKeydown(event));
    // Not every browser can show HEIC; the thumbnail in the page always works.
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

  /** The text of its message, for a picture without a caption. */
  textOf(link) {
    const message = link.closest(".message");
    return message ? this.page.unmarked(this.page.sourceOf(message)) : "";
  }

  fill(link) {
    this.link = link;
    const source = link.href || link.firstElementChild.src;
    const { lightbox = this.titleOf(link), place = "", caption = "" } = link.dataset;
    this.zoom(false);
    this.show(source);
    this.heading.textContent = [lightbox, this.positionIn(link.closest(".album"))].filter(Boolean).join(" · ");
    this.image.alt = caption || this.alt;
    this.caption.textContent = caption || this.textOf(link);
    this.caption.hidden = !this.caption.textContent;
    this.querySelector("[download]").href = source;
    for (const button of this.steps) button.hidden = !this.next(Number(button.dataset.step));
    // Opened from the details pane, so offer a way to the message.
    this.messageLink.hidden = !place;
    this.messageLink.href = place;
    if (place) Object.assign(this.messageLink.dataset, link.parentElement.dataset);
  }

  show(source) {
    if (this.image.src !== source) this.image.src = source;
  }

  /** "3 of 5", if there are several. */
  positionIn(album) {
    const links = [...(album?.querySelectorAll("a") ?? [])];
    return links.length > 1 && this.heading.dataset.words.replace("{n}", links.indexOf(this.link) + 1).replace("{all}", links.length);
  }

  /** The next or previous picture in page order. */
  next(step) {
    const links = [...(this.link.closest(GALLERIES)?.querySelectorAll(this.page.PICTURES) ?? [])];
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

  /** Zooms around the pointer, or else the centre. */
  zoom(isLarger, { clientX, clientY } = {}) {
    if (isLarger === this.isZoomed) return;
    const { x, y, width, height } = this.image.getBoundingClientRect();
    const scale = Math.max(MIN_ZOOM, this.image.naturalWidth / width);
    const [left, top] = [(clientX ?? x + width / 2) - x, (clientY ?? y + height / 2) - y];
    this.stage.classList.toggle("is-zoomed", isLarger);
    this.zoomButton.setAttribute("aria-pressed", String(isLarger));
    this.image.style.inlineSize = isLarger ? `${width * scale}px` : "";
    // With the focus, arrow keys scroll it.
    this.stage.tabIndex = isLarger ? 0 : -1;
    if (isLarger) this.stage.focus();
    if (isLarger) this.stage.scrollTo(left * scale - this.stage.clientWidth / 2, top * scale - this.stage.clientHeight / 2);
  }

  /** One finger swipes to another picture, or down to close. A zoomed picture is scrolled by the browser. */
  onPointerdown({ clientX, clientY, pointerType, isPrimary }) {
    this.gesture?.abort();
    if (pointerType !== "touch" || !isPrimary || this.isZoomed || visualViewport.scale > 1) return;
    this.gesture = new AbortController();
    const { signal } = this.gesture;
    let [across, down] = [0, 0];
    const follow = (event) => {
      [across, down] = [event.clientX - clientX, event.clientY - clientY];
      this.image.style.translate = Math.abs(across) > down ? `${across}px` : `0 ${down}px`;
    };
    signal.addEventListener("abort", () => (this.image.style.translate = ""));
    this.dialog.addEventListener("pointermove", follow, { signal });
    this.dialog.addEventListener("pointercancel", () => this.gesture.abort(), { signal });
    this.dialog.addEventListener("pointerup", () => (this.gesture.abort(), this.onSwipe(across, down)), { signal });
  }

  onSwipe(across, down) {
    if (Math.abs(across) <= down) return down > SWIPE_DISTANCE && this.dialog.close();
    const isForward = across < 0 === (getComputedStyle(this).direction === "ltr");
    if (Math.abs(across) > SWIPE_DISTANCE) this.step(isForward ? 1 : -1);
  }

  onClick(event) {
    const { target } = event;
    const button = target.closest("[data-step]");
    if (target === this.dialog || target === this.stage) return this.dialog.close();
    if (target === this.image) return this.zoom(!this.isZoomed, event);
    if (target.closest("[data-zoom]")) return this.zoom(!this.isZoomed);
    if (!button) return;
    this.step(Number(button.dataset.step));
    if (button.hidden) this.steps.find((each) => !each.hidden).focus();
  }

  onKeydown(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    if (key.toLowerCase() === "d") this.querySelector("[download]").click();
    else if (key in ZOOMS) this.zoom(ZOOMS[key]);
    else if (this.isZoomed || !this.step(this.page.stepAcross(event))) return;
    event.preventDefault();
  }

  onClose() {
    this.zoom(false);
    this.image.removeAttribute("src");
    // On touch devices a focused message shows its toolbar.
    if (matchMedia("(hover: none)").matches) this.link.blur();
    if (this.isOpen && history.state?.isPicture) history.back();
  }

  /** Goes to the message, whose address replaces the picture's history entry. */
  openMessage() {
    this.isOpen = false;
    this.dialog.close();
  }

  onPopState(event) {
    if (!this.isOpen) return;
    this.isOpen = false;
    event.stopImmediatePropagation();
    this.dialog.close();
  }
}

customElements.define("picture-lightbox", PictureLightbox);
