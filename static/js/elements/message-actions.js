// The actions of messages. Their texts and icons are in templates/messaging/_message_menu.html.
import { deleteJSON, putJSON } from "../api.js";
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { discard, retry } from "../stores/outbox.js";
import { copyText, sourceOf } from "./clipboard.js";
import { deleteMessages } from "./delete-messages.js";
import { isEditable } from "./edit-field.js";
import { openForwardDialog } from "./forward-dialog.js";
import { openDialog } from "./group-dialog.js";
import { remind } from "./scheduling.js";
import { permalinkOf } from "./message-list/permalinks.js";
import { openReactionRow } from "./reaction-row.js";
import { showReactors } from "./reactors.js";

const isOpen = (item) => !item.closest(".conversation").dataset.closed;
const isMine = (item) => item.matches(".is-mine");

/**
 * `when` tells for which messages an action is offered; without `any`, not for deleted and system messages. `key` is its shortcut.
 * The first `quick` ones are in the toolbar. `peer` is `{id, firstName}`.
 */
const ACTIONS = [
  { name: "react", quick: true, when: () => true, run: openReactionRow },
  { name: "reply", key: "R", quick: true, when: isOpen, run: (item) => emit("reply", { messageId: item.dataset.messageId }) },
  { name: "edit", key: "E", quick: true, when: isEditable, run: (item) => emit("edit", { messageId: item.dataset.messageId }) },
  { name: "forward", quick: true, when: (item) => !item.querySelector(".view-once"), run: (item) => openForwardDialog([item.dataset.messageId]) },
  { name: "copy", when: sourceOf, run: copy },
  { name: "link", when: () => true, run: copyLink },
  { name: "select", key: "S", when: () => true, run: (item) => emit("select", { messageId: item.dataset.messageId }) },
  { name: "pin", when: (item) => isOpen(item) && !item.dataset.pinnedAt, run: (item) => setPinned(item, putJSON) },
  { name: "unpin", when: (item) => isOpen(item) && item.dataset.pinnedAt, run: (item) => setPinned(item, deleteJSON) },
  { name: "remind", when: () => true, run: (item, { id }) => remind(item, id) },
  { name: "date", key: "D", any: true, when: () => true, run: (item) => item.dispatchEvent(new CustomEvent("date", { bubbles: true })) },
  { name: "reactors", when: (item) => item.querySelector(".reaction"), run: showReactors },
  { name: "info", key: "I", when: isMine, run: showInfo },
  { name: "report", when: (item) => !isMine(item), run: (item, { id }) => openDialog(`/chat/${id}/report?message=${item.dataset.messageId}`) },
  { name: "delete", key: "Delete", any: true, when: () => true, run: (item, { id }) => deleteMessages([item], id) },
];
const MAX_QUICK = 3;

/** Actions of unsent messages, whose buttons are in the message. */
const UNSENT = { retry, discard, cancel };
const SENT = { "remove-preview": removePreview };

export const hasContent = (item) => !item.matches(".is-deleted, .is-system");

export function actionsFor(item, peer) {
  if (!item.isConnected || !item.dataset.messageId || item.closest(".is-selecting")) return [];
  return ACTIONS.filter(({ any, when }) => (any || hasContent(item)) && when(item, peer));
}

const isQuick = ({ quick }) => quick;
export const QUICK = ACTIONS.filter(isQuick);
export const quickActionsOf = (actions) => actions.filter(isQuick).slice(0, MAX_QUICK);

export function runButtonAction(name, item) {
  return UNSENT[name]?.(item.dataset.clientId) ?? SENT[name]?.(item);
}

/** Cancels the upload; the text goes back to the composer. */
async function cancel(clientMessageId) {
  const entry = await discard(clientMessageId);
  if (entry) emit("upload-cancelled", entry);
}

function copy(item) {
  return copyText(sourceOf(item), "copied");
}

function copyLink(item, { id }) {
  return copyText(permalinkOf(id, item.dataset.messageId), "link-copied");
}

function showInfo(item, { id }) {
  return openDialog(`/chat/${id}/receipts?seq=${item.dataset.seq}`);
}

function setPinned({ dataset }, call) {
  return change(() => call(`/api/pins/${dataset.messageId}`), "pin-failed");
}

function removePreview({ dataset }) {
  return change(() => deleteJSON(`/api/previews/${dataset.messageId}`), "preview-failed");
}

/** Shows the message in the response. */
async function change(call, failed) {
  try {
    emit("message", { message: await call(), live: false });
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text(failed), kind: "error" });
  }
}
