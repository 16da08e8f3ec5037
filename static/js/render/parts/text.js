import { formatted } from "../../lib/markup.js";
import { isEmojiOnly } from "../../lib/text.js";
import { personOf } from "../../stores/people.js";
import { slot, toggleClass } from "../slots.js";

const BESIDE = ["reply", "forwarded", "attachments"];

/** Call this after the other parts: emoji are large only if nothing else is in the bubble. */
export function fillText(item, text, mentions = []) {
  const field = slot(item, "text");
  const words = text.replace(/\r\n?/g, "\n");
  const keys = mentions.join(" ");
  if (field.textContent !== words || item.dataset.mentions !== keys) {
    item.dataset.mentions = keys;
    field.replaceChildren(formatted(words, mentionedIn(item)));
  }
  const isAlone = slot(item, "picture").hidden && BESIDE.every((name) => !slot(item, name));
  toggleClass(item, "is-emoji", isAlone && isEmojiOnly(text));
}

/** Formats a server-rendered text and adds links; called again once mentioned names are loaded. */
export function decorateText(item) {
  const field = slot(item, "text");
  const shown = formatted(field.textContent, mentionedIn(item));
  if (shown.firstElementChild) field.replaceChildren(shown);
}

/** Without people whose names are still loading, which the event `people` announces. */
function mentionedIn({ dataset }) {
  const { userId, userName } = document.body.dataset;
  const keys = (dataset.mentions ?? "").split(" ").filter(Boolean);
  const people = keys.map((key) => ({ name: key === userId ? userName : personOf(key)?.fullName, isMe: key === userId }));
  return people.filter(({ name }) => name);
}
