import { choice } from "../lib/dialog.js";
import { counted } from "../lib/texts.js";
import { createdAt } from "../render/parts/meta.js";

const MINUTE = 60_000;

/** Whether the reader may delete it for everybody. */
function isForEverybody(item) {
  const { deleteMinutes } = document.body.dataset;
  const isInTime = !deleteMinutes || Date.now() < Date.parse(createdAt(item)) + Number(deleteMinutes) * MINUTE;
  return isInTime && item.matches(".is-mine:not(.is-deleted, .is-system)");
}

/**
 * For whom messages are to be deleted: "everybody", "me", or "" for nobody. It asks only where it may be either, and somebody
 * else is there: all can be undone.
 */
export async function whomToDeleteFor(items) {
  if (!items.every(isForEverybody)) return "me";
  if (items[0].closest(".is-saved")) return "everybody";
  const dialog = document.getElementById("confirm");
  dialog.firstElementChild.textContent = counted("delete", items.length);
  return choice(dialog);
}
