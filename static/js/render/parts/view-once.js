// Files that each receiver opens once: templates/messaging/parts/_once.html is the same for what the server renders.
import { wordsOf } from "../../lib/attachments.js";
import { text } from "../../lib/texts.js";
import { isOpening } from "../../stores/openings.js";
import { slot, write } from "../slots.js";

/** `wasOpened` is what was known of it: events do not say. */
export function fillOnce(item, message, { userId }, wasOpened) {
  const { viewOnce, deleted, opened, senderId } = message;
  let field = slot(item, "view-once");
  if (!viewOnce || deleted) return field?.remove();
  if (!field) {
    field = document.getElementById("view-once-template").content.firstElementChild.cloneNode(true);
    slot(item, "picture").after("\n", field);
  }
  Object.assign(field.dataset, { words: wordsOf(message), until: viewOnce.until ?? "" });
  const isOver = viewOnce.until && viewOnce.until <= new Date().toISOString();
  showOnce(item, opened || wasOpened ? "opened" : isOver ? "over" : senderId === userId ? "sent" : "new");
}

export const isOpened = (item) => slot(item, "view-once")?.dataset.state === "opened";

/** What the server takes for opened may be about to be shown in this tab. */
export const decorateOnce = (item) => isOpened(item) && showOnce(item, "opened");

export function showOnce(item, known) {
  const field = slot(item, "view-once");
  const state = isOpening(item.dataset.messageId) ? "new" : known;
  if (field.dataset.state !== state) field.dataset.state = state;
  field.disabled = state !== "new";
  write(slot(field, "label"), { opened: text("once-opened"), over: text("once-over") }[state] ?? field.dataset.words);
}
