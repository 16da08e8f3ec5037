// Loaded with the first of these actions (elements/chat-menu.js), apart from the page's bundle: imports are copies, and what it
// shares with the page is passed in.
import { isConfirmed } from "./lib/dialog.js";
import { isolated } from "./lib/text.js";
import { text } from "./lib/texts.js";

/** `name` is "delete", "block", "unblock" or "accept". */
async function runAction(page, name, peerId, peerName) {
  const { deleteJSON, applySettings, putJSON, rowOf } = page;
  if (name === "delete") return rowOf(peerId) && deleteChat(page, rowOf(peerId));
  const [title, words, verb] = text("block").split("|");
  if (name === "block" && !(await confirmAction(title.replace("{name}", () => isolated(peerName)), words, verb))) return;
  const path = `/api/${name === "accept" ? "requests" : "blocks"}/${peerId}`;
  await applySettings(() => (name === "unblock" ? deleteJSON : putJSON)(path));
  if (name === "accept") document.querySelectorAll('#conversation[data-closed=""] :is(audio, video)').forEach(loadMedia);
}

/** Loads media that waited for the request to be accepted. */
function loadMedia(media) {
  const { poster } = media.dataset;
  if (poster) media.poster = poster;
  else if (!media.poster) media.preload = "metadata";
}

/** Deletes the chat for the reader alone, up to the last message that this page knows. */
async function deleteChat({ deleteJSON, emit, isMember, isSaved }, row) {
  const title = text(isMember(row) ? "clear-history" : "delete-chat");
  const words = text(isSaved(row) ? "delete-saved-words" : "delete-chat-words");
  const { peerId, lastSeq } = row.dataset;
  if (!(await confirmAction(title, words, text("delete-chat-yes")))) return;
  const seq = Number(lastSeq);
  try {
    await deleteJSON(`/api/messages/chats/${peerId}${seq ? `?seq=${seq}` : ""}`);
    emit("hidden", { peerId, hidden: [[1, seq]] });
    emit("chat", { _id: peerId, lastMessage: null });
  } catch (error) {
    emit("notice", { text: error.message, kind: "error" });
  }
}

function confirmAction(title, words, verb) {
  const dialog = document.getElementById("confirm-group");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = words;
  dialog.querySelector(".is-danger").textContent = verb;
  return isConfirmed(dialog, "agree");
}

document.getElementById("chat-menu").runAction = runAction;
