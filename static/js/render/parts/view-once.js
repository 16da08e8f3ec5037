// View-once files, with the same markup as templates/messaging/parts/_once.html.
import { summaryOf } from "../../lib/attachments.js";
import { text } from "../../lib/texts.js";
import { isOpening } from "../../stores/openings.js";
import { setText, slot } from "../slots.js";

/** `wasOpened` is the previous state, since events do not contain it. */
export function fillViewOnce(item, message, { userId }, wasOpened) {
  const { viewOnce, deleted, opened, senderId } = message;
  let field = slot(item, "view-once");
  if (!viewOnce || deleted) return field?.remove();
  if (!field) {
    field = document.getElementById("view-once-template").content.firstElementChild.cloneNode(true);
    slot(item, "picture").after("\n", field);
  }
  Object.assign(field.dataset, { words: summaryOf(message), until: viewOnce.until ?? "" });
  const isOver = viewOnce.until && viewOnce.until <= new Date().toISOString();
  showViewOnce(item, opened || wasOpened ? "opened" : isOver ? "over" : senderId === userId ? "sent" : "new");
}

export const isOpened = (item) => slot(item, "view-once")?.dataset.state === "opened";

/** A message that the server counts as opened may still be about to be shown in this tab. */
export const decorateViewOnce = (item) => isOpened(item) && showViewOnce(item, "opened");

export function showViewOnce(item, known) {
  const field = slot(item, "view-once");
  const state = isOpening(item.dataset.messageId) ? "new" : known;
  if (field.dataset.state !== state) field.dataset.state = state;
  field.disabled = state !== "new";
  setText(slot(field, "label"), { opened: text("once-opened"), over: text("once-over") }[state] ?? field.dataset.words);
}
