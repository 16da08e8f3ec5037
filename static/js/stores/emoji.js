// The picker's emoji: names, search, skin tone and those used last.
import { read, RECENT_EMOJI, write } from "../lib/storage.js";

const MAX_RECENT = 24;

/** Fetches `[{emoji, group, annotation, tags, skins}]` and adds `words` to search in. */
export async function fetchEmoji(source) {
  const response = await fetch(source);
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).map(({ emoji, group, annotation, tags = [], emoticon = "", skins = [] }) => ({
    emoji: plain(emoji),
    group: String(group),
    name: annotation,
    words: ` ${fold([annotation, ...tags, emoticon].flat().join(" "))}`,
    // Emoji of two people have one tone per person.
    tones: skins.filter(({ tone }) => !Array.isArray(tone)).map((each) => each.emoji),
  }));
}

/** As the server writes it: without a variation selector that is not needed. */
const plain = (emoji) => emoji.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, "$1");

/** Removes accents and case; via upper case, so that ß becomes ss. */
const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toUpperCase().toLowerCase();

/** Emoji that match all words; matches at the start of a word come first. */
export function search(all, query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const found = all.filter((each) => words.every((word) => each.words.includes(word)));
  const matchesStart = (each) => words.every((word) => each.words.includes(` ${word}`));
  return [...found.filter(matchesStart), ...found.filter((each) => !matchesStart(each))];
}

/** 0 is the default, 1 to 5 go from light to dark. */
export const tone = () => Number(read("skin-tone")) || 0;
export const setTone = (number) => write("skin-tone", number ? String(number) : "");
export const inTone = ({ emoji, tones }, number) => tones[number - 1] ?? emoji;

const RECENT = RECENT_EMOJI + document.body.dataset.userId;

export const recent = () => read(RECENT).split(" ").filter(Boolean);

export function addRecent(emoji) {
  write(RECENT, [emoji, ...recent().filter((each) => each !== emoji)].slice(0, MAX_RECENT).join(" "));
}
