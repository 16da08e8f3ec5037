import { emit, on } from "../../lib/bus.js";
import { counted, text } from "../../lib/texts.js";
import { createdAt } from "../../render/parts/meta.js";
import { messagesOf } from "../../render/timeline.js";
import { copyText, sourceOf } from "../clipboard.js";
import { deleteMessages } from "../delete-messages.js";
import { openForwardDialog } from "../forward-dialog.js";
import { isSaid } from "../message-actions.js";

/** What its script shares with the page. */
const PAGE = { copyText, counted, createdAt, deleteMessages, emit, isSaid, messagesOf, on, openForwardDialog, sourceOf, text };

/** The bar in place of the composer while messages of that conversation are selected; null when none are. */
export const selectionIn = (pane) => (pane.matches(".is-selecting") ? pane.querySelector("message-selection") : null);

/** Begins with that message. The script comes with the first time; after that, keys that follow at once find it begun. */
export async function select(list, place, messageId) {
  const pane = list.closest(".conversation");
  const bar = pane.querySelector("message-selection");
  try {
    if (!bar.start) {
      await import(bar.dataset.script);
      await customElements.whenDefined(bar.localName);
    }
  } catch {
    return emit("notice", { text: text("load-failed"), kind: "error" });
  }
  const item = list.querySelector(`.message[data-message-id="${messageId}"]`);
  if (item && list.isConnected && !selectionIn(pane)) bar.start(PAGE, { list, place, item });
}
