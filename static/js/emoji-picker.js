// Loaded when the picker is first opened (elements/emoji-popover.js), apart from the page's bundle: imports are copies.
import { stepAcross } from "./elements/arrow-keys.js";
import { addRecent, fetchEmoji, inTone, recent, search, setTone, tone } from "./stores/emoji.js";

const MAX_FOUND = 200;
const LINE_STEPS = { ArrowUp: -1, ArrowDown: 1 };

/** Fires `pick` with `{emoji, stays}`; with `stays`, the picker stays open for more. */
class EmojiPicker extends HTMLElement {
  #all = [];
  #isLoading = false;

  connectedCallback() {
    this.field = this.querySelector("input[type=search]");
    this.list = this.querySelector(".emoji-picker__list");
    this.status = this.list.querySelector("[role=status]");
    this.querySelector(`input[value="${tone()}"]`).checked = true;
    this.field.addEventListener("input", () => this.show());
    this.addEventListener("click", (event) => this.#onClick(event));
    this.addEventListener("change", ({ target }) => target.name === "skin-tone" && this.#changeTone(Number(target.value)));
    this.addEventListener("keydown", (event) => this.#onKeydown(event));
    this.load();
  }

  async load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#setStatus("loading");
    try {
      this.#all = await fetchEmoji(this.dataset.source);
      this.#setStatus("");
    } catch {
      return this.#setStatus("failed");
    } finally {
      this.#isLoading = false;
      this.list.removeAttribute("aria-busy");
    }
    this.#fill();
  }

  /** Resets the picker: no search, and the recent emoji up to date. */
  open() {
    if (!this.#all.length) this.load();
    this.field.value = "";
    this.#fillRecent();
    this.show();
    this.list.scrollTop = 0;
  }

  show() {
    const query = this.field.value.trim();
    const found = query ? search(this.#all, query).slice(0, MAX_FOUND) : [];
    this.#fillGroup("found", found);
    for (const section of this.list.querySelectorAll("section")) {
      section.hidden = (section.dataset.group === "found") !== Boolean(query) || !section.querySelector("button");
    }
    if (this.#all.length) this.#setStatus(query && !found.length ? "none" : "");
    this.list.scrollTop = 0;
  }

  #setStatus(what) {
    this.status.textContent = this.status.dataset[what] ?? "";
    this.status.hidden = !what;
  }

  #fill() {
    for (const { dataset } of this.list.querySelectorAll("section")) {
      this.#fillGroup(dataset.group, this.#all.filter(({ group }) => group === dataset.group));
    }
    this.#fillRecent();
    this.show();
  }

  #fillRecent() {
    const known = new Map(this.#all.flatMap((each) => [each.emoji, ...each.tones].map((emoji) => [emoji, each])));
    const used = recent().filter((emoji) => known.has(emoji));
    this.querySelector('[data-group="recent"]').hidden = !used.length;
    this.#fillGroup("recent", used.map((emoji) => ({ emoji, name: known.get(emoji).name, tones: [] })));
  }

  #fillGroup(group, emoji) {
    const number = tone();
    const buttons = emoji.map((each) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", tabIndex: -1, title: each.name, textContent: inTone(each, number) });
      button.setAttribute("aria-label", each.name);
      return button;
    });
    this.list.querySelector(`[data-group="${group}"] > div`).replaceChildren(...buttons);
  }

  #changeTone(number) {
    setTone(number);
    const { scrollTop } = this.list;
    this.#fill();
    this.list.scrollTop = scrollTop;
  }

  #onClick({ target, detail }) {
    const group = target.closest(".emoji-picker__groups button")?.dataset.group;
    if (group) return this.#goTo(group);
    const button = target.closest("section button");
    // With a pointer one may want several.
    if (button) this.#pick(button.textContent, detail > 0);
  }

  #goTo(group) {
    this.field.value = "";
    this.show();
    this.list.querySelector(`[data-group="${group}"]`).scrollIntoView({ block: "start" });
  }

  #pick(emoji, stays) {
    addRecent(emoji);
    this.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: { emoji, stays } }));
  }

  get #buttons() {
    return [...this.list.querySelectorAll("section:not([hidden]) button")];
  }

  /** Enter picks the first hit; arrow keys move into the grid and through it, by the lines as they are laid out. */
  #onKeydown(event) {
    const { key, target } = event;
    const buttons = this.#buttons;
    if (target === this.field) {
      if (key === "Enter" && !event.isComposing) buttons[0]?.click();
      else if (key === "ArrowDown") buttons[0]?.focus();
      else return;
      return event.preventDefault();
    }
    const line = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey ? 0 : (LINE_STEPS[key] ?? 0);
    const across = stepAcross(event);
    if (!this.list.contains(target) || !(line || across)) return;
    const here = buttons.indexOf(target);
    const next = line && here >= 0 ? this.#inLine(buttons, here, line) : buttons[Math.max(0, here + across)];
    (next ?? (line < 0 ? this.field : target)).focus();
    event.preventDefault();
  }

  /** The nearest one in the next line, up or down. */
  #inLine(buttons, here, line) {
    const from = buttons[here].getBoundingClientRect();
    const middle = from.left + from.width / 2;
    let nearest = null;
    for (let index = here + line; buttons[index]; index += line) {
      const { top, left, width } = buttons[index].getBoundingClientRect();
      if (Math.abs(top - from.top) < 2) continue;
      if (nearest && Math.abs(top - nearest.top) > 2) break;
      const distance = Math.abs(left + width / 2 - middle);
      if (!nearest || distance < nearest.distance) nearest = { button: buttons[index], top, distance };
    }
    return nearest?.button;
  }
}

customElements.define("emoji-picker", EmojiPicker);
