// Voice messages in the page: the player comes when one is first played, apart from the page's script.
import { putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

export function watchVoice(userId) {
  document.addEventListener("click", (event) => event.target.closest("[data-voice], voice-message > .voice__wave") && hand("press", event));
  // Before the list, in which arrows lead from message to message.
  document.addEventListener("keydown", steer, { capture: true });
  // What is left is kept as it is.
  on("conversation-leaving", () => document.querySelector("voice-message.is-playing")?.pause());
  on("voice-listened", ({ messageId, personId }) => show(messageId, personId === userId));
}

function steer(event) {
  if (!event.target.matches?.("voice-message > .voice__wave") || !KEYS.has(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  hand("steer", event);
}

async function hand(name, event) {
  try {
    await import(document.body.dataset.voicePlayer);
    event.target.closest("voice-message")[name](event, { emit, started });
  } catch {
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}

/** Told once; should that fail, with the next time. */
function started(voice) {
  const { messageId } = voice.closest('[data-listened="no"]')?.dataset ?? {};
  if (messageId) putJSON(`/api/listened/${messageId}`).then(() => show(messageId, true), () => {});
}

/** In the list and in the details. */
function show(messageId, byMe) {
  for (const { dataset } of document.querySelectorAll(`[data-listened][data-message-id="${messageId}"]`)) {
    if (!byMe) dataset.listened = "yes";
    else if (dataset.listened === "no") dataset.listened = "";
  }
}
