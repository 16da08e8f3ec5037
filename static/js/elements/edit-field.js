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

/** Whether the reader may still change its words. */
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
 * Which message is being edited, if one is: then the composer's field has its words. What is being written to the peer waits
 * meanwhile, and each edit that was begun has a draft of its own.
 */
export class EditField {
  #form;
  #field;
  #quote;
  #reading;
  #owner;
  #changed;
  #ends;
  #captions;
  #before = "";
  #waiting = "";
  value = "";

  /** Calls `changed()` whenever the field has other words. */
  constructor(form, { changed }) {
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = form.closest(".conversation").dataset;
    this.#form = form;
    this.#field = form.querySelector("textarea");
    this.#quote = slot(form.querySelector(".composer__edit"), "reply");
    this.#captions = form.querySelector(".composer__captions");
    this.#reading = { userId, userName, peerId, peerName, isGroup: isGroup(peerId) };
    this.#owner = userId;
    this.#changed = changed;
    form.querySelector(".composer__edit [data-close]").addEventListener("click", () => this.cancel());
    this.#captions.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.cancel();
    });
    this.#quote.addEventListener("click", () => emit("jump", { messageId: this.value, seq: Number(this.#quote.dataset.seq) }));
    this.#ends = [
      on("edit", ({ messageId }) => this.#begin(messageId)),
      on("reply", () => this.value && this.#leave()),
      on("quotes", () => this.value && this.#showQuote()),
      on("message", ({ message }) => message._id === this.value && this.#heed(message)),
      on("message-deleted", ({ messageId }) => messageId === this.value && this.#heed({ deleted: true })),
    ];
    this.#resume();
  }

  stop() {
    this.#ends.forEach((end) => end());
  }

  /** The last one that may be edited; false where there is none. */
  beginLast() {
    const list = this.#form.closest(".conversation").querySelector("message-list ol");
    const item = messagesOf(list).findLast(isEditable);
    if (item) this.#begin(item.dataset.messageId);
    return Boolean(item);
  }

  /** What is typed belongs to the edit. */
  keep() {
    const { value: words } = this.#field;
    setDraft(this.#owner, this.#key(this.value), words === this.#before ? "" : words);
    keepMentions(...this.#draft, words);
  }

  mention(key) {
    addMention(...this.#draft, key);
  }

  /** What another tab wrote to the peer, unless this one has words of its own. */
  follow(words, before) {
    if (this.#waiting === before) this.#waiting = words;
  }

  cancel() {
    this.#forget(this.value);
    this.#leave();
  }

  /** Until the server has it, the words stay where they were typed. */
  async save() {
    if (this.#field.readOnly) return;
    const { value: messageId } = this;
    const words = isBlank(this.#field.value) ? "" : this.#field.value;
    const captions = this.#changedCaptions;
    if (words === this.#before && !captions) return this.cancel();
    this.#field.readOnly = true;
    try {
      const mentions = this.#reading.isGroup ? mentionedBy(words, mentionsOf(...this.#draft)) : undefined;
      const message = await putJSON(`/api/messages/${messageId}`, { text: words, mentions, captions });
      this.#forget(messageId);
      emit("message", { message, live: false });
      // Where its words are not what changed.
      if (this.value === messageId && this.#form.isConnected) this.#leave();
    } catch (error) {
      emit("notice", { text: error.status ? error.message : text("edit-failed"), kind: "error" });
    }
    this.#field.readOnly = false;
  }

  #begin(messageId) {
    if (messageId !== this.value) {
      if (!this.value) this.#waiting = this.#field.value;
      this.#before = this.#sourceOf(messageId);
      const draft = this.#getDraft(messageId);
      this.#show(messageId, draft || this.#before);
      if (!draft) setMentions(...this.#draft, this.#mentionsOf(messageId));
    }
    this.#field.focus({ preventScroll: true });
  }

  /** What was being edited when the conversation was left, unless nothing was typed. */
  #resume() {
    const messageId = this.#getDraft();
    const words = this.#getDraft(messageId);
    if (!messageId || !words) return this.#forget(messageId);
    this.#waiting = this.#field.value;
    this.#before = this.#sourceOf(messageId);
    this.#show(messageId, words);
  }

  #leave() {
    this.#show("", this.#waiting);
    this.#field.focus({ preventScroll: true });
  }

  #show(messageId, words) {
    this.value = messageId;
    setDraft(this.#owner, this.#key(), messageId);
    this.#form.classList.toggle("is-editing", Boolean(messageId));
    if (messageId) this.#showQuote();
    this.#showCaptions();
    this.#field.value = words;
    this.#changed();
  }

  /** One field for each picture of its album. */
  #showCaptions() {
    const pictures = this.#itemOf(this.value)?.querySelectorAll(".album a") ?? [];
    this.#captions.replaceChildren(...[...pictures].map(captionField));
    this.#captions.hidden = !pictures.length;
  }

  /** By the keys of the pictures; nothing where none has changed. */
  get #changedCaptions() {
    const changed = [...this.#captions.querySelectorAll("input")].filter(({ value, defaultValue }) => value.trim() !== defaultValue);
    return changed.length ? Object.fromEntries(changed.map(({ name, value }) => [name, value.trim()])) : undefined;
  }

  #showQuote() {
    showReply(this.#quote, this.value, this.#reading);
  }

  /** It was edited, here or on another device, or deleted; or something beside its words is new, as a preview. */
  #heed({ deleted, text: words, mentions = [] }) {
    const typed = this.#field.value;
    if (deleted) {
      // What was typed is not lost, where there is room for it.
      if (isBlank(this.#waiting)) this.#waiting = typed;
      this.cancel();
      return emit("notice", { text: text("edit-deleted"), kind: "info" });
    }
    this.#showQuote();
    if ((words ?? "") === this.#before) return;
    const isSame = typed === this.#before;
    this.#before = words ?? "";
    if (typed === this.#before || (isBlank(typed) && !words)) return this.cancel();
    if (!isSame) return;
    setMentions(...this.#draft, mentions);
    this.#field.value = this.#before;
    this.#changed();
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

  /** Whose, and of what. */
  get #draft() {
    return [this.#owner, this.#key(this.value)];
  }

  #key(messageId = "") {
    return `${this.#reading.peerId}:edit${messageId && `:${messageId}`}`;
  }

  #getDraft(messageId) {
    return getDraft(this.#owner, this.#key(messageId));
  }

  #forget(messageId) {
    setDraft(this.#owner, this.#key(messageId), "");
    setMentions(this.#owner, this.#key(messageId), []);
    if (this.#getDraft() === messageId) setDraft(this.#owner, this.#key(), "");
  }
}
