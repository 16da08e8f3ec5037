// What replies answer, as far as the reader may see it: `{seq, senderId, system, deleted, text, picture,
// expiresAt}`. What is not on the page is asked for once.
import { getJSON } from "../api.js";
import { smallPicture, wordsOf } from "../lib/attachments.js";
import { emit, on } from "../lib/bus.js";
import { unmarked } from "../lib/markup.js";

const SOON = 50;
const MOST = 100;
const EXCERPT = 200; // messaging/page/quotes.py has the same
const quotes = new Map();
const wanted = new Set();
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
  const [text, picture] = [excerpt(wordsOf(message)), smallPicture(message)];
  return { seq, senderId, system: Boolean(system), deleted, text, picture, expiresAt };
};

export const excerpt = (text) => unmarked([...(text ?? "")].slice(0, EXCERPT).join(""));

/** Null when it cannot be seen; undefined until that is known: then comes the event `quotes`. */
export function findQuote(messageId, peerId) {
  if (!quotes.has(messageId)) want(messageId, peerId);
  return quotes.get(messageId);
}

function want(messageId, peerId) {
  if (peerId !== peer) wanted.clear();
  peer = peerId;
  wanted.add(messageId);
  timer ||= setTimeout(ask, SOON);
}

async function ask() {
  const ids = [...wanted].slice(0, MOST);
  ids.forEach((id) => wanted.delete(id));
  timer = wanted.size ? setTimeout(ask, SOON) : 0;
  const found = ids.length && (await getJSON(`/chat/${peer}/quotes?ids=${ids}`).catch(() => null));
  if (!found) return;
  ids.forEach((id) => quotes.set(id, null));
  found.forEach(({ _id, ...quote }) => quotes.set(_id, quote));
  emit("quotes", {});
}
