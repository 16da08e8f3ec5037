// What stands where a conversation is read: one that was just open, or its frame, until the server has told what is said there.
import { on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { isolated } from "../lib/text.js";
import { quoteOf } from "../stores/quotes.js";
import { clearMessage } from "../render/message.js";
import { fillAttachments } from "../render/parts/attachments.js";
import { fillLinkPreview } from "../render/parts/link-preview.js";
import { fillEdited } from "../render/parts/meta.js";
import { repliesTo, showQuote, showReplyDeleted } from "../render/parts/reply.js";
import { fillText } from "../render/parts/text.js";
import { nameOf } from "../render/row.js";
import { messagesOf, takeOut, unreadLine } from "../render/timeline.js";

const MOST_KEPT = 8;
const kept = new Map();

followChanges((peerId, change) => kept.has(peerId) && change(kept.get(peerId)));

/**
 * Calls `told(peerId, change, {messageId, isEdit})` where something was taken back or edited: `change(copy)` does so in a copy of
 * that conversation. Without `messageId` it is about several messages.
 */
export function followChanges(told) {
  const isIn = ({ dataset }, parts) => parts.some(([first, last]) => first <= dataset.seq && dataset.seq <= last);
  const hide = (copy, parts) => copy.querySelectorAll(".message[data-seq]").forEach((item) => isIn(item, parts) && takeOut(item));
  const tell = (message, about, change) => told(peerOf(message, document.body.dataset.userId), change, about);
  on("message-deleted", (gone) => tell(gone, { messageId: gone.messageId }, (copy) => clear(copy, gone)));
  on("hidden", ({ peerId, hidden }) => hidden.length && told(peerId, (copy) => hide(copy, hidden), {}));
  on("message", ({ message, live }) => {
    const { _id: messageId, deleted, editedAt } = message;
    if (deleted) tell(message, { messageId }, (copy) => clear(copy, { ...message, messageId }));
    // A preview comes and goes without an edit.
    else if (editedAt || !live) tell(message, { messageId, isEdit: true }, (copy) => revise(copy, message));
  });
}

const find = (copy, messageId) => copy.querySelector(`.message[data-message-id="${CSS.escape(messageId)}"]`);

/** What is deleted does not come back with a conversation that was open before. */
function clear(copy, { messageId, expiresAt }) {
  const item = find(copy, messageId);
  if (item) (expiresAt ? takeOut : clearMessage)(item);
  repliesTo(copy, messageId).forEach(showReplyDeleted);
}

/** Nor does what was edited say again what it said before. */
function revise(copy, message) {
  const item = find(copy, message._id);
  if (item && !item.matches(".is-deleted, .is-system")) {
    // What a stranger sends loads once it is accepted.
    if (copy.dataset.closed !== "request") fillAttachments(item, message);
    fillText(item, message.text ?? "", message.mentions);
    fillEdited(item, message.editedAt);
    fillLinkPreview(item, message);
  }
  repliesTo(copy, message._id).forEach((field) => showQuote(field, quoteOf(message)));
}

export const pane = () => document.getElementById("conversation");

/**
 * The list, when what it shows is not what the server has, or not certainly: `data-stale` is the cursor of when it was;
 * with `data-unreached` it was shown without network.
 */
export const provisionalList = () => document.querySelector("message-list:is([data-absent], [data-stale])");

/** Whether that conversation can be shown without asking anybody. */
export const hasPane = (peerId, row) => kept.has(peerId) || Boolean(row);

/** Shows a conversation that was open before, or else an empty one; `row` tells whose it is. */
export function showPane(peerId, row) {
  put(kept.get(peerId)?.cloneNode(true) ?? emptyPane(row));
  document.title = `${isolated(pane().dataset.peerName)} · Chatsite`;
}

/** Shows a conversation as a page of before has it. */
export function showKeptPane(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const before = body.querySelector("#conversation");
  Object.assign(before.querySelector("message-list").dataset, { stale: body.dataset.cursor, unreached: "" });
  put(document.adoptNode(before));
}

export function showNoPane() {
  put(copyOf("nothing-template"));
  document.title = "Chatsite";
}

function put(next) {
  keep(pane());
  pane().replaceWith(next);
  htmx.process(next);
}

/** A copy, since an element that was taken out would listen twice when it comes back. */
function keep(old) {
  const { peerId } = old.dataset;
  if (!peerId || old.querySelector("message-list[data-absent]")) return;
  const copy = old.cloneNode(true);
  tidyPane(copy);
  copy.querySelector("message-list").dataset.stale ||= document.body.dataset.cursor;
  kept.delete(peerId);
  kept.set(peerId, copy);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
}

/** Takes out what belongs to one visit, or to one moment of it. */
export function tidyPane(copy) {
  const list = copy.querySelector("message-list");
  if (!list) return;
  list.removeAttribute("aria-busy");
  for (const each of [list, copy.querySelector("pinned-messages")]) each.dataset.kept = "";
  list.querySelector(".message-actions")?.remove();
  unreadLine(list.querySelector("ol"))?.remove();
  // What is not sent yet comes from the outbox.
  messagesOf(list.querySelector("ol")).filter(({ dataset }) => !dataset.seq).forEach(takeOut);
  copy.classList.remove("is-selecting");
  copy.querySelector("chat-search")?.remove();
  copy.querySelectorAll(".message__select").forEach((box) => box.remove());
  copy.querySelectorAll(".is-new, .is-found").forEach((item) => item.classList.remove("is-new", "is-found"));
  copy.querySelector(".composer__reply").hidden = true;
  copy.querySelector(".composer__field").classList.remove("is-editing");
  copy.querySelector("textarea").value = "";
}

function emptyPane(row) {
  if (row.matches(".is-saved")) return copyOf("absent-saved-template");
  const empty = copyOf(isGroup(row.dataset.peerId) ? "absent-group-template" : "absent-template");
  fill(empty, valuesOf(row));
  return empty;
}

const copyOf = (id) => document.getElementById(id).content.querySelector("section").cloneNode(true);

function valuesOf(row) {
  const name = nameOf(row);
  const picture = row.querySelector("img").getAttribute("src");
  return { id: row.dataset.peerId, name, first: name.split(/\s+/)[0], picture, closed: row.dataset.closed ?? "" };
}

function fill(root, values) {
  const put = (text) => text.replace(/__(\w+?)__/g, (place, key) => values[key] ?? place);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = root; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) node.data = put(node.data);
    for (const attribute of node.attributes ?? []) attribute.value = put(attribute.value);
  }
}
