import { deleteJSON } from "../api.js";
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { discard, retry } from "../stores/outbox.js";
import { isConfirmed } from "./confirm-delete.js";
import { openDialog } from "./group-dialog.js";

/** What the buttons in a message do; `peer` is `{id, firstName}`. */
const actions = {
  retry: (item) => retry(item.dataset.clientId),
  discard: (item) => discard(item.dataset.clientId),
  delete: deleteMessage,
  readers: (item, { id }) => openDialog(`/chat/${id}/readers?seq=${item.dataset.seq}`),
};

export function act(name, item, peer) {
  return actions[name]?.(item, peer);
}

async function deleteMessage(item, peer) {
  if (!(await isConfirmed(peer.firstName))) return;
  const { messageId, senderId, seq } = item.dataset;
  try {
    await deleteJSON(`/api/messages/${messageId}`);
    emit("message-deleted", { messageId, senderId, receiverId: peer.id, seq: Number(seq) });
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text("delete-failed"), kind: "error" });
  }
}
