import { emit, on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { blankReply, placeOf, showReply } from "../render/parts/reply.js";
import { slot } from "../render/slots.js";
import { getDraft, onDraft, setDraft } from "../stores/drafts.js";
import { draftChanged } from "../stores/synced-drafts.js";

/** Which message the one that is being written answers: above the field, and kept with the draft. */
export class ReplyField {
  #bar;
  #quote;
  #reading;
  #draft;
  #ends;
  value = "";

  constructor(form, { changed }) {
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = form.closest(".conversation").dataset;
    this.#reading = { userId, userName, peerId, peerName, isGroup: isGroup(peerId) };
    this.#draft = [userId, `${peerId}:reply`];
    this.#bar = form.querySelector(".composer__reply");
    this.#quote = slot(this.#bar, "reply");
    this.#bar.querySelector("[data-close]").addEventListener("click", () => (this.clear(), changed()));
    this.#quote.addEventListener("click", () => emit("jump", placeOf(this.#quote)));
    this.#ends = [
      on("reply", ({ messageId }) => (this.#take(messageId), changed())),
      on("quotes", () => this.#show(this.value)),
      on("people", () => this.#show(this.value)),
      on("message", ({ message }) => message._id === this.value && this.#heed(message.deleted)),
      on("message-deleted", ({ messageId }) => messageId === this.value && this.#heed(true)),
      on("draft", ({ peerId: whose, replyTo }) => whose === peerId && this.#show(replyTo)),
      onDraft(...this.#draft, (messageId, before) => this.value === before && this.#show(messageId)),
    ];
    this.#show(getDraft(...this.#draft));
  }

  clear() {
    this.#take("");
  }

  stop() {
    this.#ends.forEach((end) => end());
  }

  #take(messageId) {
    if (messageId === this.value) return;
    setDraft(...this.#draft, messageId);
    draftChanged(this.#reading.peerId);
    this.#show(messageId);
  }

  /** What is deleted cannot be answered. */
  #heed(isDeleted) {
    if (isDeleted) this.clear();
    else this.#show(this.value);
  }

  #show(messageId) {
    this.value = messageId;
    this.#bar.hidden = !messageId;
    if (messageId) showReply(this.#quote, messageId, this.#reading);
    else blankReply(this.#quote);
  }
}
