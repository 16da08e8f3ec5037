// Searches the open chat. Loaded when it is first searched (elements/chat-search.js), apart from the page's script: what
// it shares with the page is given to it.
import { text } from "./lib/texts.js";

const PAUSE = 300;
const MOST = 100;
const MARKS = "found";

/** Shows the newest message that is found first; up leads to older ones. */
class ChatSearch extends HTMLElement {
  #page;
  #ends = [];
  #hits = [];
  #place = 0;
  #next = "";
  #asked = 0;
  #timer = 0;
  #before = null;

  /** `before` had the focus, and has it again when this is closed. */
  start(page, before) {
    this.#page = page;
    this.#before = before;
    this.field = this.querySelector("input");
    this.addEventListener("input", () => this.#later());
    this.addEventListener("submit", (event) => event.preventDefault());
    this.addEventListener("click", ({ target }) => this.#press(target.closest("button")));
    this.addEventListener("keydown", (event) => this.#steer(event));
    this.#ends = [
      page.on("jump-completed", ({ item }) => this.#mark(item)),
      page.on("message-deleted", ({ messageId }) => this.#forget(messageId)),
    ];
    if (this.field.value) this.#search();
  }

  disconnectedCallback() {
    this.#ends.forEach((end) => end());
    clearTimeout(this.#timer);
    this.#asked += 1;
    CSS.highlights?.delete(MARKS);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), PAUSE);
  }

  async #search() {
    this.#timer = 0;
    const { peerId } = this.closest(".conversation").dataset;
    const words = this.field.value.trim();
    [this.#hits, this.#place, this.#next] = [[], 0, ""];
    CSS.highlights?.delete(MARKS);
    if (words) this.#next = `/api/search?q=${encodeURIComponent(words)}&chat=${peerId}&limit=${MOST}`;
    if (await this.#fetch()) this.#show(0);
  }

  /** More of them, if there are any; whether that was not in vain, for what is searched may be something else since. */
  async #fetch() {
    const asked = (this.#asked += 1);
    const before = this.#hits.length;
    this.#say("");
    this.setAttribute("aria-busy", "true");
    try {
      while (this.#next && this.#hits.length === before) {
        const page = await this.#page.getPage(this.#next);
        if (asked !== this.#asked) return false;
        this.#hits.push(...page.answer.messages);
        this.#next = page.next;
      }
    } catch (error) {
      if (asked === this.#asked) this.#say(error.message);
      return false;
    } finally {
      if (asked === this.#asked) this.removeAttribute("aria-busy");
    }
    return asked === this.#asked;
  }

  #show(place) {
    this.#place = Math.max(0, Math.min(place, this.#hits.length - 1));
    this.#count();
    const hit = this.#hits[this.#place]?.message;
    if (hit) this.#page.emit("jump", { messageId: hit._id, seq: hit.seq, keepsFocus: true });
  }

  #count() {
    const all = this.#hits.length;
    const words = all ? text("found-of").replace("{n}", this.#place + 1).replace("{all}", all + (this.#next ? "+" : "")) : text("found-none");
    this.#say(this.field.value.trim() ? words : "");
    this.#allow("older", this.#place + 1 < all || this.#next);
    this.#allow("newer", this.#place > 0);
  }

  #say(words) {
    this.querySelector("output").textContent = words;
  }

  /** Not `disabled`: the focus stays. */
  #allow(step, isAllowed) {
    this.querySelector(`[data-step="${step}"]`).setAttribute("aria-disabled", !isAllowed);
  }

  async #step(step) {
    if (this.#timer || !this.#hits.length) {
      clearTimeout(this.#timer);
      return this.#search();
    }
    const place = this.#place + (step === "older" ? 1 : -1);
    if (place === this.#hits.length && this.#next && !(await this.#fetch())) return;
    this.#show(place);
  }

  #press(button) {
    if (button?.dataset.step) this.#step(button.dataset.step);
    else if (button) this.#close();
  }

  #steer(event) {
    const { key, shiftKey, target, isComposing } = event;
    if (isComposing) return;
    if (key === "Escape") this.#close();
    else if (target !== this.field) return;
    else if (key === "ArrowUp" || (key === "Enter" && !shiftKey)) this.#step("older");
    else if (key === "ArrowDown" || key === "Enter") this.#step("newer");
    else return;
    event.preventDefault();
  }

  #close() {
    const pane = this.closest(".conversation");
    this.remove();
    const back = this.#before?.isConnected && this.#before !== document.body ? this.#before : pane.querySelector("[data-search]");
    back?.focus({ preventScroll: true });
  }

  #forget(messageId) {
    const place = this.#hits.findIndex(({ message }) => message._id === messageId);
    if (place < 0) return;
    this.#hits.splice(place, 1);
    if (place < this.#place || this.#place === this.#hits.length) this.#place = Math.max(0, this.#place - 1);
    this.#count();
  }

  /** The words in that message, as the server found them. */
  #mark(item) {
    const hit = this.#hits[this.#place];
    if (!CSS.highlights || item.dataset.messageId !== hit?.message._id) return;
    const parts = [hit.context, ...(hit.files ?? []).flatMap(({ name, caption = [] }) => [name, caption])].flat();
    const words = new Set(parts.filter(({ found }) => found).map((part) => part.text));
    const ranges = [...item.querySelectorAll('.bubble [data-field="text"], .bubble bdi, .bubble .attachment__caption')].flatMap((element) => rangesIn(element, words));
    CSS.highlights.set(MARKS, new Highlight(...ranges));
  }
}

function rangesIn(element, words) {
  const ranges = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (const word of words) {
      for (let at = node.data.indexOf(word); at >= 0; at = node.data.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        ranges.push(range);
      }
    }
  }
  return ranges;
}

customElements.define("chat-search", ChatSearch);
