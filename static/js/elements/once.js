// What is seen once: the script that opens it comes with the first one.
import { postJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { text } from "../lib/texts.js";
import { showOnce } from "../render/parts/once.js";
import { stepAcross } from "./arrow-keys.js";

const ENDS = { 409: "opened", 410: "over" };
/** By message: with the same one an opening whose answer was lost is still the same. */
const ids = new Map();

export function watchOnce() {
  document.addEventListener("click", ({ target }) => {
    const field = target.closest?.('.once[data-state="new"]');
    if (field) open(field.closest(".message").dataset.messageId);
  });
  // In this tab, once it is shown.
  on("opened", ({ messageId }) => ids.has(messageId) || show(messageId, "opened"));
}

function show(messageId, state) {
  for (const field of document.querySelectorAll(`.message[data-message-id="${CSS.escape(messageId)}"] .once`)) showOnce(field, state);
}

async function open(messageId) {
  const viewer = document.querySelector("view-once");
  if (!ids.has(messageId)) ids.set(messageId, newClientId());
  try {
    await import(viewer.dataset.script);
    const begin = () => postJSON(`/api/opened/${messageId}`, { openingId: ids.get(messageId) });
    if (await viewer.open(begin, { stepAcross })) show(messageId, "opened");
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text("load-failed"), kind: "error" });
    if (error.status in ENDS) show(messageId, ENDS[error.status]);
  }
}
