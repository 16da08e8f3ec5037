import { formatted } from "../../lib/markup.js";
import { isEmojiOnly } from "../../lib/text.js";
import { mark, slot } from "../slots.js";

/** After the picture, the reply and the word that it was forwarded: what stands beside one is not shown large. */
export function fillText(item, text) {
  const field = slot(item, "text");
  const words = text.replace(/\r\n?/g, "\n");
  if (field.textContent !== words) field.replaceChildren(formatted(words));
  mark(item, "is-emoji", !slot(item, "reply") && !slot(item, "forwarded") && slot(item, "picture").hidden && isEmojiOnly(text));
}

/** Formats what the server rendered, and puts the links into it. */
export function decorateText(item) {
  const field = slot(item, "text");
  const shown = formatted(field.textContent);
  if (shown.firstElementChild) field.replaceChildren(shown);
}
