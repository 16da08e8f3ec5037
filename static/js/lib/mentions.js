// Finds mentions in a text: "@Full Name", or its first words. An "@" may also be part of an address, a handle or arithmetic.
import { UNSPACED } from "./text.js";

const BEFORE = String.raw`(?<![[\p{L}\p{M}\p{N}.%+\-@\/]--[${UNSPACED}]])`;
const AFTER = String.raw`(?![[\p{L}\p{M}\p{N}]--[${UNSPACED}]])`;
const AT_SIGN = new RegExp(`${BEFORE}@`, "gv");
const MAX_NAME_LENGTH = 50; // characters of a name while it is typed
const PARTIAL = new RegExp(String.raw`${BEFORE}@(?<query>(?:[^\s@](?:[^@\n]*[^\s@])?)?)$`, "v");
const SYNTAX = /[\^$\\.*+?()[\]{}|\/]/g;

/** The mentions of `people`, `{name, …}`, in order, with `start` and `end`; if two names match, the longer one. */
export function* mentionsIn(text, people) {
  if (!people.length || !text.includes("@")) return;
  const patterns = people.map((person) => [person, patternOf(person.name)]);
  for (const { index: start } of text.matchAll(AT_SIGN)) {
    let [named, end] = [null, start];
    for (const [person, pattern] of patterns) {
      pattern.lastIndex = start;
      if (pattern.test(text) && pattern.lastIndex > end) [named, end] = [person, pattern.lastIndex];
    }
    if (named) yield { ...named, start, end };
  }
}

/** The unfinished mention at the end of the text: `{start, query}`, or null. */
export function partialMentionIn(text) {
  const from = Math.max(0, text.length - MAX_NAME_LENGTH);
  const match = text.slice(from).match(PARTIAL);
  return match && { start: from + match.index, query: match.groups.query };
}

function patternOf(name) {
  const words = name.trim().split(/\s+/).map((word) => word.replace(SYNTAX, String.raw`\$&`));
  const rest = words.slice(1).reduceRight((after, word) => String.raw`(?:\s+${word}${after})?`, "");
  return new RegExp(`@${words[0]}${rest}${AFTER}`, "ivy");
}
