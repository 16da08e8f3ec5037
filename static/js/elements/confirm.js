import { isolated } from "../lib/text.js";

/** Asks whether a message is to be deleted for both; the safe answer has the focus. */
export function isConfirmed(name) {
  const dialog = document.getElementById("confirm");
  const words = dialog.querySelector("[data-words]");
  words.textContent = words.dataset.words.replace("{name}", () => isolated(name));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // The event of an earlier time may come only now.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "delete");
  });
}
