// What is seen once: the script that opens it comes with the first one.
import { postJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { text } from "../lib/texts.js";
import { showOnce } from "../render/parts/view-once.js";
import { keepOpening, openingOf } from "../stores/openings.js";
import { stepAcross } from "./arrow-keys.js";

const ENDS = { 409: "opened", 410: "over" };

export function watchOnce() {
  document.addEventListener("click", ({ target }) => {
    const field = target.closest?.('.view-once[data-state="new"]');
    if (field) open(field.closest(".message").dataset.messageId);
  });
  on("view-once-opened", ({ messageId }) => show(messageId, "opened"));
}

function show(messageId, state) {
  for (const item of document.querySelectorAll(`.message[data-message-id="${CSS.escape(messageId)}"]:has(.view-once)`)) showOnce(item, state);
}

async function open(messageId) {
  const viewer = document.querySelector("view-once");
  const opening = openingOf(messageId) ?? { openingId: newClientId() };
  const { openingId } = opening;
  keepOpening(messageId, opening);
  try {
    await import(viewer.dataset.script);
    const begin = async () => {
      const answer = await postJSON(`/api/opened/${messageId}`, { openingId });
      keepOpening(messageId, { openingId, until: answer.until });
      return answer;
    };
    if (!(await viewer.open(begin, { stepAcross }))) return;
    // From now on a page that is loaded again does not show it.
    keepOpening(messageId);
    viewer.dialog.addEventListener("close", () => show(messageId, "opened"), { once: true });
  } catch (error) {
    emit("notice", { text: error.status ? error.message : text("load-failed"), kind: "error" });
    if (error.status in ENDS) keepOpening(messageId);
    show(messageId, ENDS[error.status] ?? "opened");
  }
}
