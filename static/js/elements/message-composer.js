import { emit, on } from "../lib/bus.js";
import { isBlank } from "../lib/text.js";
import { text } from "../lib/texts.js";
import { sendTyping } from "../realtime/live.js";
import { getDraft, onDraft, setDraft } from "../stores/drafts.js";
import { addMention, keepMentions, mentionedBy, mentionsOf } from "../stores/mentions.js";
import { enqueue } from "../stores/outbox.js";
import { personOf } from "../stores/people.js";
import { draftChanged } from "../stores/synced-drafts.js";
import { returnSends } from "../stores/settings.js";
import { watchDrops } from "./drop-zone.js";
import { EditField } from "./edit-field.js";
import { openEmojiPicker } from "./emoji-popover.js";
import { FilesField } from "./files-field.js";
import { toggleMarkers } from "./formatting-keys.js";
import { MentionList } from "./mention-list.js";
import { pastedFiles } from "./pasted-files.js";
import { ReplyField } from "./reply-field.js";
import { focusOnTyping } from "./type-to-focus.js";
import { VoiceButton } from "./voice-button.js";

const MAX_LENGTH = 10_000;
const MAX_ROWS = 8;
const SIZES_ITSELF = CSS.supports("field-sizing", "content");

const hasModifier = ({ altKey, ctrlKey, metaKey, shiftKey, isComposing }) =>
  altKey || ctrlKey || metaKey || shiftKey || isComposing;

/** The composer: keeps the draft and attached files, and passes both to the outbox. */
class MessageComposer extends HTMLElement {
  connectedCallback() {
    this.userId = document.body.dataset.userId;
    this.peerId = this.closest(".conversation").dataset.peerId;
    this.form = this.querySelector("form");
    this.field = this.querySelector("textarea");
    this.files = new FilesField(this.form, this.peerId);
    this.reply = new ReplyField(this.form, { changed: () => this.focus() });
    this.field.value ||= getDraft(this.userId, this.peerId);
    this.voice = new VoiceButton(this.form, this.peerId, { send: (voice) => this.sendVoice(voice), closed: () => this.focus() });
    this.edit = new EditField(this.form, { changed: () => this.resize() });
    if (this.querySelector("#mentions")) this.mentions = new MentionList(this.form, this.peerId, { chosen: (key) => this.mention(key) });
    // Loads their names before they are needed.
    mentionsOf(this.userId, this.peerId).forEach((key) => personOf(key));
    this.field.enterKeyHint = returnSends() ? "send" : "enter";
    this.resize();
    this.listen();
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
  }

  listen() {
    this.cleanups = [
      () => this.reply.stop(),
      () => this.edit.stop(),
      () => this.mentions?.stop(),
      () => this.voice.stop(),
      watchDrops(this.closest(".conversation"), (files) => this.addFiles(files)),
      focusOnTyping(this.field),
      onDraft(this.userId, this.peerId, (text, before) => this.onDraft(text, before)),
      on("upload-cancelled", (entry) => entry.receiverId === this.peerId && this.restore(entry)),
      on("draft", ({ peerId, text, before }) => peerId === this.peerId && this.onDraft(text, before)),
    ];
    this.form.addEventListener("submit", (event) => this.onSubmit(event));
    this.field.addEventListener("input", () => this.onInput());
    this.field.addEventListener("keydown", (event) => this.onKeydown(event));
    this.field.addEventListener("keydown", toggleMarkers);
    this.field.addEventListener("paste", (event) => this.onPaste(event));
    this.form.querySelector("[data-emoji-picker]").addEventListener("click", ({ currentTarget }) => this.pickEmoji(currentTarget));
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  onInput() {
    this.resize();
    if (this.edit.value) return this.edit.saveDraft();
    this.saveDraft(this.field.value);
    if (!isBlank(this.field.value)) sendTyping(this.peerId);
  }

  saveDraft(text) {
    setDraft(this.userId, this.peerId, text);
    keepMentions(this.userId, this.peerId, text);
    draftChanged(this.peerId);
  }

  mention(key) {
    if (this.edit.value) this.edit.mention(key);
    else addMention(this.userId, this.peerId, key);
  }

  /** The draft was changed in another tab or on another device; ignored if this field has a different text. */
  onDraft(text, before) {
    if (this.edit.value) this.edit.onDraft(text, before);
    else if (this.field.value === before) this.setText(text);
  }

  /** Puts the text of a cancelled message above what was typed since. */
  restore({ text, replyTo, mentions = [] }) {
    const before = this.edit.value ? getDraft(this.userId, this.peerId) : this.field.value;
    const words = [text, before].filter((each) => !isBlank(each)).join("\n");
    mentions.forEach((key) => addMention(this.userId, this.peerId, key));
    this.saveDraft(words);
    this.onDraft(words, before);
    if (replyTo && !this.reply.value && !this.edit.value) emit("reply", { messageId: replyTo });
    this.focus();
  }

  onKeydown(event) {
    if (this.mentions?.handleKey(event)) return event.preventDefault();
    if (event.key === "Escape" && !event.isComposing && this.cancel()) return event.preventDefault();
    if (event.key === "ArrowUp" && this.isBlank && !hasModifier(event) && this.edit.beginLast()) return event.preventDefault();
    // With an input method, Enter only ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (!returnSends() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** Cancels the edit or the reply; false if there is neither. */
  cancel() {
    if (this.edit.value) this.edit.cancel();
    else if (this.reply.value) this.reply.clear();
    else return false;
    return true;
  }

  get isBlank() {
    return !this.field.value && !this.edit.value && !this.reply.value && this.files.isEmpty;
  }

  onPaste(event) {
    const files = pastedFiles(event.clipboardData);
    if (!files.length && !this.edit.value) files.push(...this.asFile(event.clipboardData.getData("text/plain")));
    if (!files.length) return;
    event.preventDefault();
    this.addFiles(files);
  }

  /** If a pasted text is too long for a message, a list with a file of it; else an empty list. */
  asFile(pasted) {
    const { value, selectionStart, selectionEnd } = this.field;
    if ([...value].length - (selectionEnd - selectionStart) + [...pasted].length <= MAX_LENGTH) return [];
    emit("notice", { text: text("pasted-as-file"), kind: "info" });
    return [new File([pasted], text("pasted-file"), { type: "text/plain" })];
  }

  /** Inserts at the caret, like typing: it can be undone, and fires `input`. */
  pickEmoji(button) {
    const choose = (emoji) => {
      this.focus();
      document.execCommand("insertText", false, emoji);
    };
    openEmojiPicker(button, { choose, closed: () => this.focus() });
  }

  addFiles(files) {
    if (this.edit.value) return emit("notice", { text: text("edit-first"), kind: "info" });
    this.files.add(files);
    this.focus();
  }

  onSubmit(event) {
    event.preventDefault();
    const written = this.field.value;
    if ([...written].length > MAX_LENGTH) return emit("notice", { text: text("too-long"), kind: "error" });
    if (this.edit.value) this.edit.save();
    else if (!this.isSending) this.send(written);
  }

  async send(written) {
    this.isSending = true;
    await this.files.settled();
    this.isSending = false;
    if (isBlank(written) && this.files.isEmpty) return this.focus();
    const text = isBlank(written) ? "" : written;
    const { viewOnce, ...files } = this.files.value;
    const more = { receiverId: this.peerId, replyTo: this.reply.value };
    // A view-once message has no text: it goes as a second message.
    if (viewOnce) enqueue({ ...more, ...files, text: "", viewOnce });
    if (text || !viewOnce) enqueue({ ...(viewOnce ? { receiverId: this.peerId } : { ...more, ...files }), text, mentions: this.mentionedIn(written) });
    this.files.clear();
    this.reply.clear();
    this.keepRemainder(written);
  }

  mentionedIn(written) {
    return mentionedBy(written, mentionsOf(this.userId, this.peerId));
  }

  sendVoice({ viewOnce, ...voice }) {
    enqueue({ receiverId: this.peerId, text: "", attachments: [voice], viewOnce, replyTo: this.reply.value });
    this.reply.clear();
  }

  /** Text typed while files were being prepared belongs to the next message. */
  keepRemainder(written) {
    if (this.edit.value) {
      this.saveDraft("");
      return this.edit.onDraft("", written);
    }
    const now = this.field.value;
    this.setText(now.startsWith(written) ? now.slice(written.length) : now);
    this.saveDraft(this.field.value);
    this.focus();
  }

  setText(text) {
    this.field.value = text;
    this.resize();
  }

  /** Without `field-sizing`. */
  resize() {
    if (!SIZES_ITSELF) this.field.rows = Math.min(MAX_ROWS, this.field.value.split("\n").length);
  }
}

customElements.define("message-composer", MessageComposer);
