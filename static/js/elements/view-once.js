// Opens view-once messages; the script for that is loaded with the first one.
import { postJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { text } from "../lib/texts.js";
import { showViewOnce } from "../render/parts/view-once.js";
import { openingOf, saveOpening } from "../stores/openings.js";
import { stepAcross } from "./arrow-keys.js";

const STATES_BY_STATUS = { 409: "opened", 410: "over" };

export function watchViewOnce() {
  document.addEventListener("click", ({ target }) => {
    const field = target.closest?.('.view-once[data-state="new"]');
    if (field) open(field.closest(".message").dataset.messageId);
  });
  on("view-once-opened", ({ messageId }) => show(messageId, "opened"));
}

function show(messageId, state) {
  for (const item of document.querySelectorAll(`.message[data-message-id="${CSS.escape(messageId)}"]:has(.view-once)`)) showViewOnce(item, state);
}

async function open(messageId) {
  const viewer = document.querySelector("view-once");
  const opening = openingOf(messageId) ?? { openingId: newClientId() };
  const { openingId } = opening;
  saveOpening(messageId, opening);
  try {
    await import(viewer.dataset.script);
    const requestOpening = async () => {
      const response = await postJSON(`/api/opened/${messageId}`, { openingId });
      saveOpening(messageId, { openingId, until: response.until });
      return response;
    };
    if (!(await viewer.open(requestOpening, { stepAcross }))) return;
    // From now on a reload does not show it again.
    saveOpening(messageId);
    viewer.dialog.addEventListener("close", () => show(messageId, "opened"), { once: true });
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text("load-failed"), kind: "error" });
    if (error.status in STATES_BY_STATUS) saveOpening(messageId);
    show(messageId, STATES_BY_STATUS[error.status] ?? "opened");
  }
}
