import { putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { isBlank } from "../lib/text.js";
import { text } from "../lib/texts.js";
import { createdAt, isInTimeToEdit } from "../render/parts/meta.js";
import { showReply } from "../render/parts/reply.js";
import { slot } from "../render/slots.js";
import { messagesOf } from "../render/timeline.js";
import { getDraft, setDraft } from "../stores/drafts.js";
import { addMention, keepMentions, mentionedBy, mentionsOf, setMentions } from "../stores/mentions.js";
import { sourceOf } from "./clipboard.js";

/** Whether the reader may still edit the message. */
export const isEditable = (item) =>
  item.matches(".is-mine:not(.is-deleted)") &&
  Boolean(item.dataset.messageId) &&
  !slot(item, "forwarded") &&
  !slot(item, "view-once") &&
  !item.closest(".conversation").dataset.closed &&
  isInTimeToEdit(createdAt(item));

function captionField(link) {
  const place = document.getElementById("caption-template").content.firstElementChild.cloneNode(true);
  const [image, input] = place.children;
  const shown = link.querySelector("img");
  image.src = shown.src;
  input.name = link.pathname.split("/").at(-2);
  input.defaultValue = link.dataset.caption ?? "";
  input.setAttribute("aria-label", `${input.placeholder} ${decodeURIComponent(link.pathname.split("/").at(-1))}`);
  return place;
}

/**
 * Edits a message in the composer's field; `value` is its key, or "". The unsent text is put aside meanwhile, and each edit has its
 * own draft.
 */
export class EditField {
  #form;
  #field;
  #quote;
  #context;
  #owner;
  #onChange;
  #cleanups;
  #captions;
  #original = "";
  #unsentText = "";
  value = "";

  /** Calls `changed()` whenever it changes the field. */
  constructor(form, { changed }) {
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = form.closest(".conversation").dataset;
    this.#form = form;
    this.#field = form.querySelector("textarea");
    this.#quote = slot(form.querySelector(".composer__edit"), "reply");
    this.#captions = form.querySelector(".composer__captions");
    this.#context = { userId, userName, peerId, peerName, isGroup: isGroup(peerId) };
    this.#owner = userId;
    this.#onChange = changed;
    form.querySelector(".composer__edit [data-close]").addEventListener("click", () => this.cancel());
    this.#captions.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.cancel();
    });
    this.#quote.addEventListener("click", () => emit("jump", { messageId: this.value, seq: Number(this.#quote.dataset.seq) }));
    this.#cleanups = [
      on("edit", ({ messageId }) => this.#begin(messageId)),
      on("reply", () => this.value && this.#close()),
      on("quotes", () => this.value && this.#showQuote()),
      on("message", ({ message }) => message._id === this.value && this.#onMessage(message)),
      on("message-deleted", ({ messageId }) => messageId === this.value && this.#onMessage({ deleted: true })),
    ];
    this.#resume();
  }

  stop() {
    this.#cleanups.forEach((cleanup) => cleanup());
  }

  /** Starts to edit the last editable message; false if there is none. */
  beginLast() {
    const list = this.#form.closest(".conversation").querySelector("message-list ol");
    const item = messagesOf(list).findLast(isEditable);
    if (item) this.#begin(item.dataset.messageId);
    return Boolean(item);
  }

  /** Saves the field as the draft of the edit. */
  saveDraft() {
    const { value: words } = this.#field;
    setDraft(this.#owner, this.#key(this.value), words === this.#original ? "" : words);
    keepMentions(...this.#draft, words);
  }

  mention(key) {
    addMention(...this.#draft, key);
  }

  /** The unsent text was changed in another tab. */
  onDraft(words, before) {
    if (this.#unsentText === before) this.#unsentText = words;
  }

  cancel() {
    this.#deleteDraft(this.value);
    this.#close();
  }

  /** The field keeps the text until the server has it. */
  async save() {
    if (this.#field.readOnly) return;
    const { value: messageId } = this;
    const words = isBlank(this.#field.value) ? "" : this.#field.value;
    const captions = this.#changedCaptions;
    if (words === this.#original && !captions) return this.cancel();
    this.#field.readOnly = true;
    try {
      const mentions = this.#context.isGroup ? mentionedBy(words, mentionsOf(...this.#draft)) : undefined;
      const message = await putJSON(`/api/messages/${messageId}`, { text: words, mentions, captions });
      this.#deleteDraft(messageId);
      emit("message", { message, live: false });
      // If `message` did not change the text.
      if (this.value === messageId && this.#form.isConnected) this.#close();
    } catch (error) {
      emit("notice", { text: error.status ? error.message : text("edit-failed"), kind: "error" });
    }
    this.#field.readOnly = false;
  }

  #begin(messageId) {
    if (messageId !== this.value) {
      if (!this.value) this.#unsentText = this.#field.value;
      this.#original = this.#sourceOf(messageId);
      const draft = this.#getDraft(messageId);
      this.#show(messageId, draft || this.#original);
      if (!draft) setMentions(...this.#draft, this.#mentionsOf(messageId));
    }
    this.#field.focus({ preventScroll: true });
  }

  /** Resumes the edit that was left with the conversation, if anything was typed. */
  #resume() {
    const messageId = this.#getDraft();
    const words = this.#getDraft(messageId);
    if (!messageId || !words) return this.#deleteDraft(messageId);
    this.#unsentText = this.#field.value;
    this.#original = this.#sourceOf(messageId);
    this.#show(messageId, words);
  }

  #close() {
    this.#show("", this.#unsentText);
    this.#field.focus({ preventScroll: true });
  }

  #show(messageId, words) {
    this.value = messageId;
    setDraft(this.#owner, this.#key(), messageId);
    this.#form.classList.toggle("is-editing", Boolean(messageId));
    if (messageId) this.#showQuote();
    this.#showCaptions();
    this.#field.value = words;
    this.#onChange();
  }

  /** Shows a field for each picture of the album. */
  #showCaptions() {
    const pictures = this.#itemOf(this.value)?.querySelectorAll(".album a") ?? [];
    this.#captions.replaceChildren(...[...pictures].map(captionField));
    this.#captions.hidden = !pictures.length;
  }

  /** Changed captions by picture key, or undefined. */
  get #changedCaptions() {
    const changed = [...this.#captions.querySelectorAll("input")].filter(({ value, defaultValue }) => value.trim() !== defaultValue);
    return changed.length ? Object.fromEntries(changed.map(({ name, value }) => [name, value.trim()])) : undefined;
  }

  #showQuote() {
    showReply(this.#quote, this.value, this.#context);
  }

  /** The message was edited, here or elsewhere, or deleted, or something besides its text has changed. */
  #onMessage({ deleted, text: words, mentions = [] }) {
    const typed = this.#field.value;
    if (deleted) {
      // Keeps what was typed as the unsent text, if that is empty.
      if (isBlank(this.#unsentText)) this.#unsentText = typed;
      this.cancel();
      return emit("notice", { text: text("edit-deleted"), kind: "info" });
    }
    this.#showQuote();
    if ((words ?? "") === this.#original) return;
    const isSame = typed === this.#original;
    this.#original = words ?? "";
    if (typed === this.#original || (isBlank(typed) && !words)) return this.cancel();
    if (!isSame) return;
    setMentions(...this.#draft, mentions);
    this.#field.value = this.#original;
    this.#onChange();
  }

  #sourceOf(messageId) {
    const item = this.#itemOf(messageId);
    return item ? sourceOf(item) : "";
  }

  #mentionsOf(messageId) {
    return this.#itemOf(messageId)?.dataset.mentions?.split(" ").filter(Boolean) ?? [];
  }

  #itemOf(messageId) {
    return document.querySelector(`message-list .message[data-message-id="${CSS.escape(messageId)}"]`);
  }

  /** Owner and key of the draft. */
  get #draft() {
    return [this.#owner, this.#key(this.value)];
  }

  #key(messageId = "") {
    return `${this.#context.peerId}:edit${messageId && `:${messageId}`}`;
  }

  #getDraft(messageId) {
    return getDraft(this.#owner, this.#key(messageId));
  }

  #deleteDraft(messageId) {
    setDraft(this.#owner, this.#key(messageId), "");
    setMentions(this.#owner, this.#key(messageId), []);
    if (this.#getDraft() === messageId) setDraft(this.#owner, this.#key(), "");
  }
}
