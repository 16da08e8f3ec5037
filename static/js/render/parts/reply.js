// What a message answers: templates/messaging/parts/_reply.html has the words, messaging/page/quotes.py says the same.
import { unmarked } from "../../lib/markup.js";
import { excerpt, findQuote } from "../../stores/quotes.js";
import { setOrRemove, slot, write } from "../slots.js";
import { smallPictureIn, wordsIn } from "./attachments.js";
import { nameIn } from "./author.js";

export function fillReply(item, { replyTo, deleted }, reading) {
  if (!replyTo || deleted) return clearReply(item);
  const field = slot(item, "reply") ?? addReply(item);
  showReply(field, replyTo, reading);
}

export function clearReply(item) {
  slot(item, "reply")?.remove();
}

function addReply(item) {
  const field = document.getElementById("reply-template").content.firstElementChild.cloneNode(true);
  item.querySelector(".bubble").firstElementChild.before(field, "\n");
  return field;
}

/** Shows the message with that key, as it is now. */
export function showReply(field, key, reading) {
  const quote = quoteOnPage(key) ?? findQuote(key, reading.peerId);
  field.dataset.replyTo = key;
  if (quote === undefined) return;
  const author = slot(field, "reply-author");
  const { name, tone } = quote ? nameIn(quote, reading) : { name: "", tone: null };
  write(author, name);
  setOrRemove(author, "data-tone", tone);
  showQuote(field, quote);
}

/** What it says, whoever wrote it. */
export function showQuote(field, quote) {
  field.dataset.seq = quote?.seq ?? "";
  field.dataset.kind = kindOf(quote);
  setOrRemove(field, "data-expires-at", quote?.expiresAt);
  write(slot(field, "reply-text"), quote?.text ?? "");
  const picture = slot(field, "reply-picture");
  setOrRemove(picture, "src", quote?.picture);
  picture.hidden = !quote?.picture;
}

/** What the server rendered, without markers. */
export function decorateReply(item) {
  const text = slot(item, "reply-text");
  if (text) write(text, unmarked(text.textContent));
}

/** The original was deleted, wherever this is shown. */
export function showReplyDeleted(field) {
  blankReply(field);
  field.dataset.kind = "deleted";
}

/** Nothing of it stays in the page. */
export function blankReply(field) {
  write(slot(field, "reply-text"), "");
  const picture = slot(field, "reply-picture");
  setOrRemove(picture, "src", "");
  picture.hidden = true;
}

/** Where a click on it leads to, if that can be seen. */
export const placeOf = ({ dataset }) => ({ messageId: dataset.replyTo, seq: Number(dataset.seq) });

export const repliesTo = (root, key) => root.querySelectorAll(`[data-field="reply"][data-reply-to="${CSS.escape(key)}"]`);

function quoteOnPage(key) {
  const item = document.querySelector(`message-list .message[data-message-id="${CSS.escape(key)}"]`);
  if (!item) return null;
  const { seq, senderId, expiresAt } = item.dataset;
  const [system, deleted] = [item.matches(".is-system"), item.matches(".is-deleted")];
  const picture = slot(item, "picture").firstElementChild.getAttribute("src") ?? smallPictureIn(item) ?? "";
  return { seq, senderId, system, deleted, text: excerpt(slot(item, "text").textContent || wordsIn(item)), picture, expiresAt };
}

function kindOf(quote) {
  if (!quote) return "unseen";
  if (quote.deleted) return "deleted";
  return quote.text ? "" : "picture";
}
