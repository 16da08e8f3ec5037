// The originals of replies, as far as the reader may see them: `{seq, senderId, system, deleted, text, picture, expiresAt}`.
// Those that are not in the page are fetched once.
import { getJSON } from "../api.js";
import { smallPicture, summaryOf } from "../lib/attachments.js";
import { emit, on } from "../lib/bus.js";
import { unmarked } from "../lib/markup.js";

const DELAY = 50;
const MAX_BATCH = 100;
const EXCERPT_LENGTH = 200; // as in messaging/page/quotes.py
const quotes = new Map();
const requested = new Set();
let timer = 0;
let peer = "";

on("message", ({ message }) => quotes.has(message._id) && quotes.set(message._id, quoteOf(message)));
on("message-hidden", ({ messageId }) => quotes.set(messageId, null));
on("message-deleted", ({ messageId }) => {
  const quote = quotes.get(messageId);
  if (quote) quotes.set(messageId, { ...quote, text: "", picture: "", deleted: true });
});

export const quoteOf = (message) => {
  const { seq, senderId, system, deleted, expiresAt } = message;
  const [text, picture] = [excerpt(summaryOf(message)), smallPicture(message)];
  return { seq, senderId, system: Boolean(system), deleted, text, picture, expiresAt };
};

export const excerpt = (text) => unmarked([...(text ?? "")].slice(0, EXCERPT_LENGTH).join(""));

/** Null if the reader cannot see it; undefined until it is loaded, which the event `quotes` announces. */
export function findQuote(messageId, peerId) {
  if (!quotes.has(messageId)) request(messageId, peerId);
  return quotes.get(messageId);
}

function request(messageId, peerId) {
  if (peerId !== peer) requested.clear();
  peer = peerId;
  requested.add(messageId);
  timer ||= setTimeout(fetchRequested, DELAY);
}

async function fetchRequested() {
  const ids = [...requested].slice(0, MAX_BATCH);
  ids.forEach((id) => requested.delete(id));
  timer = requested.size ? setTimeout(fetchRequested, DELAY) : 0;
  const found = ids.length && (await getJSON(`/chat/${peer}/quotes?ids=${ids}`).catch(() => null));
  if (!found) return;
  ids.forEach((id) => quotes.set(id, null));
  found.forEach(({ _id, ...quote }) => quotes.set(_id, quote));
  emit("quotes", {});
}
