import { showDialog } from "../lib/dialog.js";
import { counted } from "../lib/texts.js";
import { createdAt } from "../render/parts/meta.js";

const MINUTE = 60_000;

/** Whether the reader may delete it for everybody. */
function canDeleteForEverybody(item) {
  const { deleteMinutes } = document.body.dataset;
  const isInTime = !deleteMinutes || Date.now() < Date.parse(createdAt(item)) + Number(deleteMinutes) * MINUTE;
  return isInTime && item.matches(".is-mine:not(.is-deleted, .is-system)");
}

/**
 * For whom to delete messages: "everybody", "me", or "" to cancel. Asks only if both are possible and make a difference, since
 * deleting can be undone.
 */
export async function chooseDeletionScope(items) {
  if (!items.every(canDeleteForEverybody)) return "me";
  if (items[0].closest(".is-saved")) return "everybody";
  const dialog = document.getElementById("confirm");
  dialog.firstElementChild.textContent = counted("delete", items.length);
  return showDialog(dialog);
}
