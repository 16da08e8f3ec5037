// Loaded when the picker is first opened (elements/emoji-popover.js), apart from the page's script: what is imported here is a copy.
import { stepAcross } from "./elements/arrow-keys.js";
import { fetchEmoji, inTone, recent, search, setTone, tone, use } from "./stores/emoji.js";

const MOST_FOUND = 200;
const LINES = { ArrowUp: -1, ArrowDown: 1 };

/** Tells what is chosen by the event `pick`: `{emoji, stays}`, where `stays` says that there may be more to come. */
class EmojiPicker extends HTMLElement {
  #all = [];
  #isLoading = false;

  connectedCallback() {
    this.field = this.querySelector("input[type=search]");
    this.list = this.querySelector(".emoji-picker__list");
    this.status = this.list.querySelector("[role=status]");
    this.querySelector(`input[value="${tone()}"]`).checked = true;
    this.field.addEventListener("input", () => this.show());
    this.addEventListener("click", (event) => this.#press(event));
    this.addEventListener("change", ({ target }) => target.name === "skin-tone" && this.#changeTone(Number(target.value)));
    this.addEventListener("keydown", (event) => this.#steer(event));
    this.load();
  }

  async load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#say("loading");
    try {
      this.#all = await fetchEmoji(this.dataset.source);
      this.#say("");
    } catch {
      return this.#say("failed");
    } finally {
      this.#isLoading = false;
      this.list.removeAttribute("aria-busy");
    }
    this.#fill();
  }

  /** As it is when it is opened: nothing searched for, and what was used since at its place. */
  open() {
    if (!this.#all.length) this.load();
    this.field.value = "";
    this.#fillRecent();
    this.show();
    this.list.scrollTop = 0;
  }

  show() {
    const query = this.field.value.trim();
    const found = query ? search(this.#all, query).slice(0, MOST_FOUND) : [];
    this.#put("found", found);
    for (const section of this.list.querySelectorAll("section")) {
      section.hidden = (section.dataset.group === "found") !== Boolean(query) || !section.querySelector("button");
    }
    if (this.#all.length) this.#say(query && !found.length ? "none" : "");
    this.list.scrollTop = 0;
  }

  #say(what) {
    this.status.textContent = this.status.dataset[what] ?? "";
    this.status.hidden = !what;
  }

  #fill() {
    for (const { dataset } of this.list.querySelectorAll("section")) {
      this.#put(dataset.group, this.#all.filter(({ group }) => group === dataset.group));
    }
    this.#fillRecent();
    this.show();
  }

  #fillRecent() {
    const known = new Map(this.#all.flatMap((each) => [each.emoji, ...each.tones].map((emoji) => [emoji, each])));
    const used = recent().filter((emoji) => known.has(emoji));
    this.querySelector('[data-group="recent"]').hidden = !used.length;
    this.#put("recent", used.map((emoji) => ({ emoji, name: known.get(emoji).name, tones: [] })));
  }

  #put(group, emoji) {
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

  #press({ target, detail }) {
    const group = target.closest(".emoji-picker__groups button")?.dataset.group;
    if (group) return this.#goTo(group);
    const button = target.closest("section button");
    // Whoever points at them may want several.
    if (button) this.#pick(button.textContent, detail > 0);
  }

  #goTo(group) {
    this.field.value = "";
    this.show();
    this.list.querySelector(`[data-group="${group}"]`).scrollIntoView({ block: "start" });
  }

  #pick(emoji, stays) {
    use(emoji);
    this.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: { emoji, stays } }));
  }

  get #buttons() {
    return [...this.list.querySelectorAll("section:not([hidden]) button")];
  }

  /** Return takes the first one found; arrows lead into the grid and through it, lines are as they are seen. */
  #steer(event) {
    const { key, target } = event;
    const buttons = this.#buttons;
    if (target === this.field) {
      if (key === "Enter" && !event.isComposing) buttons[0]?.click();
      else if (key === "ArrowDown") buttons[0]?.focus();
      else return;
      return event.preventDefault();
    }
    const line = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey ? 0 : (LINES[key] ?? 0);
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
    for (let place = here + line; buttons[place]; place += line) {
      const { top, left, width } = buttons[place].getBoundingClientRect();
      if (Math.abs(top - from.top) < 2) continue;
      if (nearest && Math.abs(top - nearest.top) > 2) break;
      const distance = Math.abs(left + width / 2 - middle);
      if (!nearest || distance < nearest.distance) nearest = { button: buttons[place], top, distance };
    }
    return nearest?.button;
  }
}

customElements.define("emoji-picker", EmojiPicker);
