import { isAgreed } from "../lib/dialog.js";
import { isolated } from "../lib/text.js";

/** Asks whether a message is to be deleted for both; the safe answer has the focus. */
export function isConfirmed(name) {
  const dialog = document.getElementById("confirm");
  const words = dialog.querySelector("[data-words]");
  words.textContent = words.dataset.words.replace("{name}", () => isolated(name));
  return isAgreed(dialog, "delete");
}
