import { emit, on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { blankReply, showReply, targetOf } from "../render/parts/reply.js";
import { slot } from "../render/slots.js";
import { getDraft, onDraft, setDraft } from "../stores/drafts.js";
import { draftChanged } from "../stores/synced-drafts.js";

/** The message that the draft replies to, shown above the field and stored with the draft. */
export class ReplyField {
  #bar;
  #quote;
  #context;
  #draft;
  #cleanups;
  value = "";

  constructor(form, { changed }) {
    const { userId, userName } = document.body.dataset;
    const { peerId, peerName } = form.closest(".conversation").dataset;
    this.#context = { userId, userName, peerId, peerName, isGroup: isGroup(peerId) };
    this.#draft = [userId, `${peerId}:reply`];
    this.#bar = form.querySelector(".composer__reply");
    this.#quote = slot(this.#bar, "reply");
    this.#bar.querySelector("[data-close]").addEventListener("click", () => (this.clear(), changed()));
    this.#quote.addEventListener("click", () => emit("jump", targetOf(this.#quote)));
    this.#cleanups = [
      on("reply", ({ messageId }) => (this.#setReply(messageId), changed())),
      on("quotes", () => this.#show(this.value)),
      on("people", () => this.#show(this.value)),
      on("message", ({ message }) => message._id === this.value && this.#onOriginal(message.deleted)),
      on("message-deleted", ({ messageId }) => messageId === this.value && this.#onOriginal(true)),
      on("draft", ({ peerId: whose, replyTo }) => whose === peerId && this.#show(replyTo)),
      onDraft(...this.#draft, (messageId, before) => this.value === before && this.#show(messageId)),
    ];
    this.#show(getDraft(...this.#draft));
  }

  clear() {
    this.#setReply("");
  }

  stop() {
    this.#cleanups.forEach((cleanup) => cleanup());
  }

  #setReply(messageId) {
    if (messageId === this.value) return;
    setDraft(...this.#draft, messageId);
    draftChanged(this.#context.peerId);
    this.#show(messageId);
  }

  /** The original was changed; a deleted one cannot be replied to. */
  #onOriginal(isDeleted) {
    if (isDeleted) this.clear();
    else this.#show(this.value);
  }

  #show(messageId) {
    this.value = messageId;
    this.#bar.hidden = !messageId;
    if (messageId) showReply(this.#quote, messageId, this.#context);
    else blankReply(this.#quote);
  }
}
