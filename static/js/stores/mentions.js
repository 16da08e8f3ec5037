// The people whom a draft mentions. Their keys are stored beside it for as long as the text names them.
import { mentionsIn } from "../lib/mentions.js";
import { getDraft, setDraft } from "./drafts.js";
import { personOf } from "./people.js";

const MAX_MENTIONS = 50; // as in messaging/shapes/mentions.py

export const mentionsOf = (owner, draft) => getDraft(owner, `${draft}:mentions`).split(" ").filter(Boolean);

export const setMentions = (owner, draft, keys) => setDraft(owner, `${draft}:mentions`, keys.join(" "));

export function addMention(owner, draft, key) {
  setMentions(owner, draft, [...new Set([...mentionsOf(owner, draft), key])].slice(-MAX_MENTIONS));
}

/** Drops those whom the text no longer names. */
export function keepMentions(owner, draft, words) {
  const keys = mentionsOf(owner, draft);
  if (keys.length) setMentions(owner, draft, mentionedBy(words, keys));
}

/** Those of these people whom the text names, or whose name is not known yet. */
export function mentionedBy(words, keys) {
  if (!words.includes("@")) return [];
  const people = keys.map((key) => ({ key, name: personOf(key)?.fullName }));
  const named = new Set([...mentionsIn(words, people.filter(({ name }) => name))].map(({ key }) => key));
  return people.filter(({ key, name }) => !name || named.has(key)).map(({ key }) => key);
}
