// Searches the open chat. Loaded with the first search (elements/chat-search.js), apart from the page's bundle: what it shares
// with the page is passed in.
import { text } from "./lib/texts.js";

const DEBOUNCE = 300;
const PAGE_SIZE = 100;
const HIGHLIGHT = "found";

/** Shows the newest hit first; the up arrow leads to older ones. */
class ChatSearch extends HTMLElement {
  #page;
  #cleanups = [];
  #hits = [];
  #index = 0;
  #next = "";
  #requestId = 0;
  #timer = 0;
  #previousFocus = null;

  /** `before` is the element that had the focus; it gets it back when the search is closed. */
  start(page, before) {
    this.#page = page;
    this.#previousFocus = before;
    this.field = this.querySelector("input");
    this.addEventListener("input", () => this.#debounce());
    this.addEventListener("submit", (event) => event.preventDefault());
    this.addEventListener("click", ({ target }) => this.#onClick(target.closest("button")));
    this.addEventListener("keydown", (event) => this.#onKeydown(event));
    this.#cleanups = [
      page.on("jump-completed", ({ item }) => this.#highlight(item)),
      page.on("message-deleted", ({ messageId }) => this.#onDeleted(messageId)),
    ];
    if (this.field.value) this.#search();
  }

  disconnectedCallback() {
    this.#cleanups.forEach((cleanup) => cleanup());
    clearTimeout(this.#timer);
    this.#requestId += 1;
    CSS.highlights?.delete(HIGHLIGHT);
  }

  #debounce() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), DEBOUNCE);
  }

  async #search() {
    this.#timer = 0;
    const { peerId } = this.closest(".conversation").dataset;
    const words = this.field.value.trim();
    [this.#hits, this.#index, this.#next] = [[], 0, ""];
    CSS.highlights?.delete(HIGHLIGHT);
    if (words) this.#next = `/api/search?q=${encodeURIComponent(words)}&chat=${peerId}&limit=${PAGE_SIZE}`;
    if (await this.#fetch()) this.#show(0);
  }

  /** Fetches the next page of hits. False if it failed, or if another search has started since. */
  async #fetch() {
    const requestId = (this.#requestId += 1);
    const before = this.#hits.length;
    this.#setStatus("");
    this.setAttribute("aria-busy", "true");
    try {
      while (this.#next && this.#hits.length === before) {
        const page = await this.#page.getPage(this.#next);
        if (requestId !== this.#requestId) return false;
        this.#hits.push(...page.result.messages);
        this.#next = page.next;
      }
    } catch (error) {
      if (requestId === this.#requestId) this.#setStatus(error.message);
      return false;
    } finally {
      if (requestId === this.#requestId) this.removeAttribute("aria-busy");
    }
    return requestId === this.#requestId;
  }

  #show(index) {
    this.#index = Math.max(0, Math.min(index, this.#hits.length - 1));
    this.#showCount();
    const hit = this.#hits[this.#index]?.message;
    if (hit) this.#page.emit("jump", { messageId: hit._id, seq: hit.seq, keepsFocus: true });
  }

  #showCount() {
    const all = this.#hits.length;
    const words = all ? text("found-of").replace("{n}", this.#index + 1).replace("{all}", all + (this.#next ? "+" : "")) : text("found-none");
    this.#setStatus(this.field.value.trim() ? words : "");
    this.#setEnabled("older", this.#index + 1 < all || this.#next);
    this.#setEnabled("newer", this.#index > 0);
  }

  #setStatus(words) {
    this.querySelector("output").textContent = words;
  }

  /** Not `disabled`, which would lose the focus. */
  #setEnabled(step, isEnabled) {
    this.querySelector(`[data-step="${step}"]`).setAttribute("aria-disabled", !isEnabled);
  }

  async #step(step) {
    if (this.#timer || !this.#hits.length) {
      clearTimeout(this.#timer);
      return this.#search();
    }
    const index = this.#index + (step === "older" ? 1 : -1);
    if (index === this.#hits.length && this.#next && !(await this.#fetch())) return;
    this.#show(index);
  }

  #onClick(button) {
    if (button?.dataset.step) this.#step(button.dataset.step);
    else if (button) this.#close();
  }

  #onKeydown(event) {
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
    const back = this.#previousFocus?.isConnected && this.#previousFocus !== document.body ? this.#previousFocus : pane.querySelector("[data-search]");
    back?.focus({ preventScroll: true });
  }

  #onDeleted(messageId) {
    const index = this.#hits.findIndex(({ message }) => message._id === messageId);
    if (index < 0) return;
    this.#hits.splice(index, 1);
    if (index < this.#index || this.#index === this.#hits.length) this.#index = Math.max(0, this.#index - 1);
    this.#showCount();
  }

  /** Highlights the words in that message which the server matched. */
  #highlight(item) {
    const hit = this.#hits[this.#index];
    if (!CSS.highlights || item.dataset.messageId !== hit?.message._id) return;
    const parts = [hit.context, ...(hit.files ?? []).flatMap(({ name, caption = [] }) => [name, caption])].flat();
    const words = new Set(parts.filter(({ found }) => found).map((part) => part.text));
    const ranges = [...item.querySelectorAll('.bubble [data-field="text"], .bubble bdi, .bubble .attachment__caption')].flatMap((element) => rangesIn(element, words));
    CSS.highlights.set(HIGHLIGHT, new Highlight(...ranges));
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
