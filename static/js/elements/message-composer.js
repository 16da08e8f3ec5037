import { emit, on } from "../lib/bus.js";
import { isBlank } from "../lib/text.js";
import { text } from "../lib/texts.js";
import { sendTyping } from "../realtime/live.js";
import { getDraft, onDraft, setDraft } from "../stores/drafts.js";
import { addMention, keepMentions, mentionedBy, mentionsOf } from "../stores/mentions.js";
import { add } from "../stores/outbox.js";
import { personOf } from "../stores/people.js";
import { draftChanged } from "../stores/synced-drafts.js";
import { returnSends } from "../stores/settings.js";
import { watchDrops } from "./drop-zone.js";
import { EditField } from "./edit-field.js";
import { openEmojiPicker } from "./emoji-popover.js";
import { FilesField } from "./files-field.js";
import { markSelection } from "./formatting-keys.js";
import { MentionList } from "./mention-list.js";
import { pastedFiles } from "./pasted-files.js";
import { ReplyField } from "./reply-field.js";
import { watchTyping } from "./type-to-focus.js";
import { VoiceButton } from "./voice-button.js";

const LONGEST = 10_000;
const MOST_ROWS = 8;
const GROWS = CSS.supports("field-sizing", "content");

const hasModifier = ({ altKey, ctrlKey, metaKey, shiftKey, isComposing }) =>
  altKey || ctrlKey || metaKey || shiftKey || isComposing;

/** Where one writes: keeps the draft, takes files, and hands both to the outbox. */
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
    this.edit = new EditField(this.form, { changed: () => this.grow() });
    if (this.querySelector("#mentions")) this.mentions = new MentionList(this.form, this.peerId, { chosen: (key) => this.mention(key) });
    // Their names are asked for before they are needed.
    mentionsOf(this.userId, this.peerId).forEach((key) => personOf(key));
    this.field.enterKeyHint = returnSends() ? "send" : "enter";
    this.grow();
    this.listen();
  }

  disconnectedCallback() {
    this.endings.forEach((end) => end());
  }

  listen() {
    this.endings = [
      () => this.reply.stop(),
      () => this.edit.stop(),
      () => this.mentions?.stop(),
      () => this.voice.stop(),
      watchDrops(this.closest(".conversation"), (files) => this.take(files)),
      watchTyping(this.field),
      onDraft(this.userId, this.peerId, (text, before) => this.follow(text, before)),
      on("upload-cancelled", (entry) => entry.receiverId === this.peerId && this.takeBack(entry)),
      on("draft", ({ peerId, text, before }) => peerId === this.peerId && this.follow(text, before)),
    ];
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("input", () => this.write());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("keydown", markSelection);
    this.field.addEventListener("paste", (event) => this.paste(event));
    this.form.querySelector("[data-emoji-picker]").addEventListener("click", ({ currentTarget }) => this.pickEmoji(currentTarget));
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  write() {
    this.grow();
    if (this.edit.value) return this.edit.keep();
    this.keep(this.field.value);
    if (!isBlank(this.field.value)) sendTyping(this.peerId);
  }

  keep(text) {
    setDraft(this.userId, this.peerId, text);
    keepMentions(this.userId, this.peerId, text);
    draftChanged(this.peerId);
  }

  mention(key) {
    if (this.edit.value) this.edit.mention(key);
    else addMention(this.userId, this.peerId, key);
  }

  /** What another tab or device wrote here, unless this one has words of its own. */
  follow(text, before) {
    if (this.edit.value) this.edit.follow(text, before);
    else if (this.field.value === before) this.fill(text);
  }

  /** What was to be sent, above what was typed since. */
  takeBack({ text, replyTo, mentions = [] }) {
    const before = this.edit.value ? getDraft(this.userId, this.peerId) : this.field.value;
    const words = [text, before].filter((each) => !isBlank(each)).join("\n");
    mentions.forEach((key) => addMention(this.userId, this.peerId, key));
    this.keep(words);
    this.follow(words, before);
    if (replyTo && !this.reply.value && !this.edit.value) emit("reply", { messageId: replyTo });
    this.focus();
  }

  press(event) {
    if (this.mentions?.handle(event)) return event.preventDefault();
    if (event.key === "Escape" && !event.isComposing && this.cancel()) return event.preventDefault();
    if (event.key === "ArrowUp" && this.isBlank && !hasModifier(event) && this.edit.beginLast()) return event.preventDefault();
    // While an input method composes, Enter only ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (!returnSends() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** What is being written is no edit any more, or no reply; false when it was neither. */
  cancel() {
    if (this.edit.value) this.edit.cancel();
    else if (this.reply.value) this.reply.clear();
    else return false;
    return true;
  }

  get isBlank() {
    return !this.field.value && !this.edit.value && !this.reply.value && this.files.isEmpty;
  }

  paste(event) {
    const files = pastedFiles(event.clipboardData);
    if (!files.length && !this.edit.value) files.push(...this.asFile(event.clipboardData.getData("text/plain")));
    if (!files.length) return;
    event.preventDefault();
    this.take(files);
  }

  /** A text that a message has no room for, as the one file in a list; else none. */
  asFile(pasted) {
    const { value, selectionStart, selectionEnd } = this.field;
    if ([...value].length - (selectionEnd - selectionStart) + [...pasted].length <= LONGEST) return [];
    emit("notice", { text: text("pasted-as-file"), kind: "info" });
    return [new File([pasted], text("pasted-file"), { type: "text/plain" })];
  }

  /** Where the caret is, as if it was typed: so it can be undone, and `input` is fired. */
  pickEmoji(button) {
    const choose = (emoji) => {
      this.focus();
      document.execCommand("insertText", false, emoji);
    };
    openEmojiPicker(button, { choose, closed: () => this.focus() });
  }

  take(files) {
    if (this.edit.value) return emit("notice", { text: text("edit-first"), kind: "info" });
    this.files.take(files);
    this.focus();
  }

  submit(event) {
    event.preventDefault();
    const written = this.field.value;
    if ([...written].length > LONGEST) return emit("notice", { text: text("too-long"), kind: "error" });
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
    // What is seen once has no words: they follow.
    if (viewOnce) add({ ...more, ...files, text: "", viewOnce });
    if (text || !viewOnce) add({ ...(viewOnce ? { receiverId: this.peerId } : { ...more, ...files }), text, mentions: this.mentionedIn(written) });
    this.files.clear();
    this.reply.clear();
    this.keepRest(written);
  }

  mentionedIn(written) {
    return mentionedBy(written, mentionsOf(this.userId, this.peerId));
  }

  sendVoice({ viewOnce, ...voice }) {
    add({ receiverId: this.peerId, text: "", attachments: [voice], viewOnce, replyTo: this.reply.value });
    this.reply.clear();
  }

  /** What was typed while pictures were made ready belongs to the next message. */
  keepRest(written) {
    if (this.edit.value) {
      this.keep("");
      return this.edit.follow("", written);
    }
    const now = this.field.value;
    this.fill(now.startsWith(written) ? now.slice(written.length) : now);
    this.keep(this.field.value);
    this.focus();
  }

  fill(text) {
    this.field.value = text;
    this.grow();
  }

  /** Where CSS cannot do it. */
  grow() {
    if (!GROWS) this.field.rows = Math.min(MOST_ROWS, this.field.value.split("\n").length);
  }
}

customElements.define("message-composer", MessageComposer);
