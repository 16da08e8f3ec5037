// Voice messages; the player's script is loaded when one is first played.
import { putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";

const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

export function watchVoice(userId) {
  document.addEventListener("click", (event) => event.target.closest("[data-voice], voice-message > .voice__wave") && dispatch("onClick", event));
  // Before the list, where arrow keys move between messages.
  document.addEventListener("keydown", onKeydown, { capture: true });
  // A pane is cached in its current state.
  on("conversation-leaving", () => document.querySelector("voice-message.is-playing")?.pause());
  on("voice-listened", ({ messageId, personId }) => show(messageId, personId === userId));
}

function onKeydown(event) {
  if (!event.target.matches?.("voice-message > .voice__wave") || !KEYS.has(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  dispatch("onKeydown", event);
}

async function dispatch(name, event) {
  try {
    await import(document.body.dataset.voicePlayer);
    event.target.closest("voice-message")[name](event, { emit, started });
  } catch {
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}

/** Reports a first listen; if that fails, the next playback retries. */
function started(voice) {
  const { messageId } = voice.closest('[data-listened="no"]')?.dataset ?? {};
  if (messageId) putJSON(`/api/listened/${messageId}`).then(() => show(messageId, true), () => {});
}

/** Updates the message in the list and in the details. */
function show(messageId, byMe) {
  for (const { dataset } of document.querySelectorAll(`[data-listened][data-message-id="${messageId}"]`)) {
    if (!byMe) dataset.listened = "yes";
    else if (dataset.listened === "no") dataset.listened = "";
  }
}
