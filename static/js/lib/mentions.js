// Where a text names people: "@Full Name", or the first words of it. It says "@" for much else: addresses, handles, sums.
import { UNSPACED } from "./text.js";

const BEFORE = String.raw`(?<![[\p{L}\p{M}\p{N}.%+\-@\/]--[${UNSPACED}]])`;
const AFTER = String.raw`(?![[\p{L}\p{M}\p{N}]--[${UNSPACED}]])`;
const SIGN = new RegExp(`${BEFORE}@`, "gv");
const LONGEST = 50; // characters of a name that is being typed
const BEGUN = new RegExp(String.raw`${BEFORE}@(?<query>(?:[^\s@](?:[^@\n]*[^\s@])?)?)$`, "v");
const SYNTAX = /[\^$\\.*+?()[\]{}|\/]/g;

/** Of `people`, `{name, …}`, whom the text names and from where to where, in order; where two names fit, the longer one. */
export function* mentionsIn(text, people) {
  if (!people.length || !text.includes("@")) return;
  const patterns = people.map((person) => [person, patternOf(person.name)]);
  for (const { index: start } of text.matchAll(SIGN)) {
    let [named, end] = [null, start];
    for (const [person, pattern] of patterns) {
      pattern.lastIndex = start;
      if (pattern.test(text) && pattern.lastIndex > end) [named, end] = [person, pattern.lastIndex];
    }
    if (named) yield { ...named, start, end };
  }
}

/** What is being typed after an "@" that ends the text: `{start, query}`, or null. */
export function begunIn(text) {
  const from = Math.max(0, text.length - LONGEST);
  const match = text.slice(from).match(BEGUN);
  return match && { start: from + match.index, query: match.groups.query };
}

function patternOf(name) {
  const words = name.trim().split(/\s+/).map((word) => word.replace(SYNTAX, String.raw`\$&`));
  const rest = words.slice(1).reduceRight((after, word) => String.raw`(?:\s+${word}${after})?`, "");
  return new RegExp(`@${words[0]}${rest}${AFTER}`, "ivy");
}
