// Fetched with the first of these (elements/chat-menu.js): what is imported here is a copy, and what it shares with the page is
// given to it.
import { isAgreed } from "./lib/dialog.js";
import { isolated } from "./lib/text.js";
import { text } from "./lib/texts.js";

/** "delete", "block", "unblock" or "accept", the person or the chat. */
async function runAction(page, name, peerId, peerName) {
  const { deleteJSON, keep, putJSON, rowOf } = page;
  if (name === "delete") return rowOf(peerId) && deleteChat(page, rowOf(peerId));
  const [title, words, verb] = text("block").split("|");
  if (name === "block" && !(await isSure(title.replace("{name}", () => isolated(peerName)), words, verb))) return;
  const path = `/api/${name === "accept" ? "requests" : "blocks"}/${peerId}`;
  await keep(() => (name === "unblock" ? deleteJSON : putJSON)(path));
  if (name === "accept") document.querySelectorAll('#conversation[data-closed=""] :is(audio, video)').forEach(load);
}

/** What waited for that. */
function load(media) {
  const { poster } = media.dataset;
  if (poster) media.poster = poster;
  else if (!media.poster) media.preload = "metadata";
}

/** For the reader alone, up to the last message that they know of. */
async function deleteChat({ deleteJSON, emit, isMember, isSaved }, row) {
  const title = text(isMember(row) ? "clear-history" : "delete-chat");
  const words = text(isSaved(row) ? "delete-saved-words" : "delete-chat-words");
  const { peerId, lastSeq } = row.dataset;
  if (!(await isSure(title, words, text("delete-chat-yes")))) return;
  const seq = Number(lastSeq);
  try {
    await deleteJSON(`/api/messages/chats/${peerId}${seq ? `?seq=${seq}` : ""}`);
    emit("hidden", { peerId, hidden: [[1, seq]] });
    emit("chat", { _id: peerId, lastMessage: null });
  } catch (error) {
    emit("notice", { text: error.message, kind: "error" });
  }
}

function isSure(title, words, verb) {
  const ask = document.getElementById("confirm-group");
  ask.querySelector("h2").textContent = title;
  ask.querySelector("p").textContent = words;
  ask.querySelector(".is-danger").textContent = verb;
  return isAgreed(ask, "agree");
}

document.getElementById("chat-menu").runAction = runAction;
