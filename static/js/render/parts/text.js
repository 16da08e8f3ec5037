import { formatted } from "../../lib/markup.js";
import { isEmojiOnly } from "../../lib/text.js";
import { personOf } from "../../stores/people.js";
import { mark, slot } from "../slots.js";

const BESIDE = ["reply", "forwarded", "attachments"];

/** After all else that may stand in a bubble: what is beside something is not shown large. */
export function fillText(item, text, mentions = []) {
  const field = slot(item, "text");
  const words = text.replace(/\r\n?/g, "\n");
  const keys = mentions.join(" ");
  if (field.textContent !== words || item.dataset.mentions !== keys) {
    item.dataset.mentions = keys;
    field.replaceChildren(formatted(words, mentionedIn(item)));
  }
  const isAlone = slot(item, "picture").hidden && BESIDE.every((name) => !slot(item, name));
  mark(item, "is-emoji", isAlone && isEmojiOnly(text));
}

/** Formats what the server rendered, and puts the links into it; again, once it is known who is mentioned. */
export function decorateText(item) {
  const field = slot(item, "text");
  const shown = formatted(field.textContent, mentionedIn(item));
  if (shown.firstElementChild) field.replaceChildren(shown);
}

/** Whose names may have to be asked for: then comes the event `people`. */
function mentionedIn({ dataset }) {
  const { userId, userName } = document.body.dataset;
  const keys = (dataset.mentions ?? "").split(" ").filter(Boolean);
  const people = keys.map((key) => ({ name: key === userId ? userName : personOf(key)?.fullName, isMe: key === userId }));
  return people.filter(({ name }) => name);
}
