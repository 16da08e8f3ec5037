import { isEmojiOnly, linkify } from "../../lib/text.js";
import { mark, slot } from "../slots.js";

/** After the picture: what stands beside one is not shown large. */
export function fillText(item, text) {
  const field = slot(item, "text");
  const words = text.replace(/\r\n?/g, "\n");
  if (field.textContent !== words) field.replaceChildren(linkify(words));
  mark(item, "is-emoji", slot(item, "picture").hidden && isEmojiOnly(text));
}

/** Puts the links into what the server rendered. */
export function decorateText(item) {
  const field = slot(item, "text");
  const linked = linkify(field.textContent);
  if (linked.firstElementChild) field.replaceChildren(linked);
}
