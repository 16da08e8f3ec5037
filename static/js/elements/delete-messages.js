import { postJSON } from "../api.js";
import { emit } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { chooseDeletionScope } from "./confirm-delete.js";

/** Deletes messages and offers to undo it. Returns whether they were deleted. */
export async function deleteMessages(items, peerId) {
  const whom = await chooseDeletionScope(items);
  if (!whom) return false;
  const messages = items.map(({ dataset }) => ({ ...dataset }));
  try {
    const messageIds = messages.map(({ messageId }) => messageId);
    const { undo, seconds } = await postJSON("/api/messages/deletions", { messageIds, whom });
    show(messages, peerId, whom);
    const action = { label: text("undo"), run: () => restore(undo) };
    emit("notice", { text: text("deleted"), kind: "info", action, duration: seconds * 1000 });
    return true;
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text("delete-failed"), kind: "error" });
    return false;
  }
}

/** Shows the result at once, also without a socket. */
function show(messages, peerId, whom) {
  if (whom === "me") return emit("hidden", { peerId, hidden: messages.map(({ seq }) => [Number(seq), Number(seq)]) });
  for (const { messageId, senderId, seq } of messages) {
    emit("message-deleted", { messageId, senderId, receiverId: peerId, seq: Number(seq) });
  }
}

async function restore(undo) {
  try {
    await postJSON("/api/messages/deletions/undo", { undo });
  } catch (error) {
    emit("notice", { text: error.message, kind: "error" });
  }
}
