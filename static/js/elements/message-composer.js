import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { sendTyping } from "../realtime/live.js";
import { getDraft, setDraft } from "../stores/drafts.js";
import { add } from "../stores/outbox.js";
import { watchDrops } from "./drop-zone.js";
import { PictureField } from "./picture-field.js";

const LONGEST = 10_000;
const MOST_ROWS = 8;
const GROWS = CSS.supports("field-sizing", "content");

/** Where one writes: keeps the draft, takes a picture, and hands both to the outbox. */
class MessageComposer extends HTMLElement {
  connectedCallback() {
    this.userId = document.body.dataset.userId;
    this.peerId = this.closest(".conversation").dataset.peerId;
    this.form = this.querySelector("form");
    this.field = this.querySelector("textarea");
    this.picture = new PictureField(this.form);
    this.field.value ||= getDraft(this.userId, this.peerId);
    this.grow();
    this.listen();
  }

  disconnectedCallback() {
    this.unwatch();
  }

  listen() {
    this.unwatch = watchDrops(this.closest(".conversation"), (file) => this.take(file));
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("input", () => this.write());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("paste", (event) => this.paste(event));
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  write() {
    this.grow();
    setDraft(this.userId, this.peerId, this.field.value);
    if (this.field.value.trim()) sendTyping(this.peerId);
  }

  press(event) {
    // While an input method composes, Enter only ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  paste(event) {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    this.take(file);
  }

  take(file) {
    this.picture.take(file);
    this.focus();
  }

  async submit(event) {
    event.preventDefault();
    const written = this.field.value;
    if ([...written].length > LONGEST) return emit("notice", { text: text("too-long"), kind: "error" });
    if (this.isSending) return;
    this.isSending = true;
    const image = await this.picture.value();
    this.isSending = false;
    if (!written.trim() && !image) return this.focus();
    add({ receiverId: this.peerId, text: written.trim() ? written : "", image });
    this.empty();
  }

  empty() {
    this.picture.clear();
    this.field.value = "";
    this.write();
    this.focus();
  }

  /** Where CSS cannot do it. */
  grow() {
    if (!GROWS) this.field.rows = Math.min(MOST_ROWS, this.field.value.split("\n").length);
  }
}

customElements.define("message-composer", MessageComposer);
