import { emit, on } from "../../lib/bus.js";
import { counted, text } from "../../lib/texts.js";
import { createdAt } from "../../render/parts/meta.js";
import { messagesOf } from "../../render/timeline.js";
import { copyText, sourceOf } from "../clipboard.js";
import { deleteMessages } from "../delete-messages.js";
import { openForwardDialog } from "../forward-dialog.js";
import { hasContent } from "../message-actions.js";

/** What the page shares with its script. */
const PAGE = { copyText, counted, createdAt, deleteMessages, emit, hasContent, messagesOf, on, openForwardDialog, sourceOf, text };

/** The selection bar, which replaces the composer while messages are selected; null otherwise. */
export const selectionIn = (pane) => (pane.matches(".is-selecting") ? pane.querySelector("message-selection") : null);

/** Starts selecting with that message. Its script is loaded the first time; after that it starts synchronously, for the keys that follow. */
export async function startSelection(list, scrollPosition, messageId) {
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
  if (item && list.isConnected && !selectionIn(pane)) bar.start(PAGE, { list, scrollPosition, item });
}
