// The quote of the message that a reply answers, as in templates/messaging/parts/_reply.html and messaging/page/quotes.py.
import { unmarked } from "../../lib/markup.js";
import { excerpt, findQuote } from "../../stores/quotes.js";
import { setOrRemove, setText, slot } from "../slots.js";
import { smallPictureIn, summaryIn } from "./attachments.js";
import { nameIn } from "./author.js";

export function fillReply(item, { replyTo, deleted }, context) {
  if (!replyTo || deleted) return clearReply(item);
  const field = slot(item, "reply") ?? addReply(item);
  showReply(field, replyTo, context);
}

export function clearReply(item) {
  slot(item, "reply")?.remove();
}

function addReply(item) {
  const field = document.getElementById("reply-template").content.firstElementChild.cloneNode(true);
  item.querySelector(".bubble").firstElementChild.before(field, "\n");
  return field;
}

/** Quotes the message with that key in its current state. */
export function showReply(field, key, context) {
  const quote = quoteOnPage(key) ?? findQuote(key, context.peerId);
  field.dataset.replyTo = key;
  if (quote === undefined) return;
  const author = slot(field, "reply-author");
  const { name, tone } = quote ? nameIn(quote, context) : { name: "", tone: null };
  setText(author, name);
  setOrRemove(author, "data-tone", tone);
  showQuote(field, quote);
}

/** Everything but the author. */
export function showQuote(field, quote) {
  field.dataset.seq = quote?.seq ?? "";
  field.dataset.kind = kindOf(quote);
  setOrRemove(field, "data-expires-at", quote?.expiresAt);
  setText(slot(field, "reply-text"), quote?.text ?? "");
  const picture = slot(field, "reply-picture");
  setOrRemove(picture, "src", quote?.picture);
  picture.hidden = !quote?.picture;
}

/** Removes the markers from a server-rendered quote. */
export function decorateReply(item) {
  const text = slot(item, "reply-text");
  if (text) setText(text, unmarked(text.textContent));
}

/** Shows that the original was deleted. */
export function showReplyDeleted(field) {
  blankReply(field);
  field.dataset.kind = "deleted";
}

/** Removes the quoted content from the page. */
export function blankReply(field) {
  setText(slot(field, "reply-text"), "");
  const picture = slot(field, "reply-picture");
  setOrRemove(picture, "src", "");
  picture.hidden = true;
}

/** The message that a click on the quote leads to. */
export const targetOf = ({ dataset }) => ({ messageId: dataset.replyTo, seq: Number(dataset.seq) });

export const repliesTo = (root, key) => root.querySelectorAll(`[data-field="reply"][data-reply-to="${CSS.escape(key)}"]`);

function quoteOnPage(key) {
  const item = document.querySelector(`message-list .message[data-message-id="${CSS.escape(key)}"]`);
  if (!item) return null;
  const { seq, senderId, expiresAt } = item.dataset;
  const [system, deleted] = [item.matches(".is-system"), item.matches(".is-deleted")];
  const picture = slot(item, "picture").firstElementChild.getAttribute("src") ?? smallPictureIn(item) ?? "";
  return { seq, senderId, system, deleted, text: excerpt(slot(item, "text").textContent || summaryIn(item)), picture, expiresAt };
}

function kindOf(quote) {
  if (!quote) return "unseen";
  if (quote.deleted) return "deleted";
  return quote.text ? "" : "picture";
}
