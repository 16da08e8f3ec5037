// The conversation panes: recently open ones are cached; others show a frame until the server has sent the messages.
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
import { messagesOf, removeMessage, unreadLine } from "../render/timeline.js";

const MAX_PANES = 8;
const paneCache = new Map();

onMessageChange((peerId, change) => paneCache.has(peerId) && change(paneCache.get(peerId)));

/**
 * Calls `changed(peerId, change, {messageId, isEdit})` when a message was deleted or edited; `change(copy)` applies that to a copy of
 * the conversation. Without `messageId`, it concerns several messages.
 */
export function onMessageChange(changed) {
  const isIn = ({ dataset }, ranges) => ranges.some(([first, last]) => first <= dataset.seq && dataset.seq <= last);
  const hide = (copy, ranges) => copy.querySelectorAll(".message[data-seq]").forEach((item) => isIn(item, ranges) && removeMessage(item));
  const report = (message, detail, change) => changed(peerOf(message, document.body.dataset.userId), change, detail);
  on("message-deleted", (gone) => report(gone, { messageId: gone.messageId }, (copy) => applyDeletion(copy, gone)));
  on("hidden", ({ peerId, hidden }) => hidden.length && changed(peerId, (copy) => hide(copy, hidden), {}));
  on("message", ({ message, live }) => {
    const { _id: messageId, deleted, editedAt } = message;
    if (deleted) report(message, { messageId }, (copy) => applyDeletion(copy, { ...message, messageId }));
    // A link preview changes without an edit.
    else if (editedAt || !live) report(message, { messageId, isEdit: true }, (copy) => applyEdit(copy, message));
  });
}

const find = (copy, messageId) => copy.querySelector(`.message[data-message-id="${CSS.escape(messageId)}"]`);

/** Deleted messages must not come back with a cached pane. */
function applyDeletion(copy, { messageId, expiresAt }) {
  const item = find(copy, messageId);
  if (item) (expiresAt ? removeMessage : clearMessage)(item);
  repliesTo(copy, messageId).forEach(showReplyDeleted);
}

/** Nor must edited messages show their previous text. */
function applyEdit(copy, message) {
  const item = find(copy, message._id);
  if (item && !item.matches(".is-deleted, .is-system")) {
    // Media from a stranger loads once the request is accepted.
    if (copy.dataset.closed !== "request") fillAttachments(item, message);
    fillText(item, message.text ?? "", message.mentions);
    fillEdited(item, message.editedAt);
    fillLinkPreview(item, message);
  }
  repliesTo(copy, message._id).forEach((field) => showQuote(field, quoteOf(message)));
}

export const pane = () => document.getElementById("conversation");

/**
 * The list, if it may differ from what the server has. `data-stale` is the cursor of its state; `data-unreached` means that it was
 * shown without network.
 */
export const provisionalList = () => document.querySelector("message-list:is([data-absent], [data-stale])");

/** Whether the pane can be shown without a request. */
export const hasPane = (peerId, row) => paneCache.has(peerId) || Boolean(row);

/** Shows the cached pane, or else an empty one made from the row. */
export function showPane(peerId, row) {
  replacePane(paneCache.get(peerId)?.cloneNode(true) ?? emptyPane(row));
  document.title = `${isolated(pane().dataset.peerName)} · Chatsite`;
}

/** Shows the pane of a cached page. */
export function showCachedPane(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const before = body.querySelector("#conversation");
  Object.assign(before.querySelector("message-list").dataset, { stale: body.dataset.cursor, unreached: "" });
  replacePane(document.adoptNode(before));
}

export function showNoPane() {
  replacePane(copyOf("nothing-template"));
  document.title = "Chatsite";
}

function replacePane(next) {
  cachePane(pane());
  pane().replaceWith(next);
  htmx.process(next);
}

/** Caches a copy, since an element that is removed and inserted again would subscribe twice. */
function cachePane(old) {
  const { peerId } = old.dataset;
  if (!peerId || old.querySelector("message-list[data-absent]")) return;
  const copy = old.cloneNode(true);
  tidyPane(copy);
  copy.querySelector("message-list").dataset.stale ||= document.body.dataset.cursor;
  paneCache.delete(peerId);
  paneCache.set(peerId, copy);
  if (paneCache.size > MAX_PANES) paneCache.delete(paneCache.keys().next().value);
}

/** Removes temporary state. */
export function tidyPane(copy) {
  const list = copy.querySelector("message-list");
  if (!list) return;
  list.removeAttribute("aria-busy");
  for (const each of [list, copy.querySelector("pinned-messages")]) each.dataset.kept = "";
  list.querySelector(".message-actions")?.remove();
  unreadLine(list.querySelector("ol"))?.remove();
  // Unsent messages come from the outbox.
  messagesOf(list.querySelector("ol")).filter(({ dataset }) => !dataset.seq).forEach(removeMessage);
  copy.classList.remove("is-selecting");
  copy.querySelector("chat-search")?.remove();
  copy.querySelectorAll(".message__select").forEach((box) => box.remove());
  copy.querySelectorAll(".is-new, .is-highlighted").forEach((item) => item.classList.remove("is-new", "is-highlighted"));
  copy.querySelector(".composer__reply").hidden = true;
  copy.querySelector(".composer__field").classList.remove("is-editing");
  copy.querySelector("textarea").value = "";
}

function emptyPane(row) {
  if (row.matches(".is-saved")) return copyOf("absent-saved-template");
  const empty = copyOf(isGroup(row.dataset.peerId) ? "absent-group-template" : "absent-template");
  fill(empty, placeholdersOf(row));
  return empty;
}

const copyOf = (id) => document.getElementById(id).content.querySelector("section").cloneNode(true);

function placeholdersOf(row) {
  const name = nameOf(row);
  const picture = row.querySelector("img").getAttribute("src");
  return { id: row.dataset.peerId, name, first: name.split(/\s+/)[0], picture, closed: row.dataset.closed ?? "" };
}

function fill(root, values) {
  const fillIn = (text) => text.replace(/__(\w+?)__/g, (match, key) => values[key] ?? match);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = root; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) node.data = fillIn(node.data);
    for (const attribute of node.attributes ?? []) attribute.value = fillIn(attribute.value);
  }
}
