// Whom a draft mentions: their keys are kept beside it, as long as its words name them.
import { mentionsIn } from "../lib/mentions.js";
import { getDraft, setDraft } from "./drafts.js";
import { personOf } from "./people.js";

const MOST = 50; // messaging/shapes/mentions.py has the same

export const mentionsOf = (owner, draft) => getDraft(owner, `${draft}:mentions`).split(" ").filter(Boolean);

export const setMentions = (owner, draft, keys) => setDraft(owner, `${draft}:mentions`, keys.join(" "));

export function addMention(owner, draft, key) {
  setMentions(owner, draft, [...new Set([...mentionsOf(owner, draft), key])].slice(-MOST));
}

/** Forgets those whom the words do not name any more. */
export function keepMentions(owner, draft, words) {
  const keys = mentionsOf(owner, draft);
  if (keys.length) setMentions(owner, draft, mentionedBy(words, keys));
}

/** Those of these people whom the words name. Whose name is not known yet may be one of them. */
export function mentionedBy(words, keys) {
  if (!words.includes("@")) return [];
  const people = keys.map((key) => ({ key, name: personOf(key)?.fullName }));
  const named = new Set([...mentionsIn(words, people.filter(({ name }) => name))].map(({ key }) => key));
  return people.filter(({ key, name }) => !name || named.has(key)).map(({ key }) => key);
}
