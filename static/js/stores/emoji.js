// Emoji as the picker knows them: what they are called and found by, in which skin tone, which were used last.
import { RECENT_EMOJI, read, write } from "../lib/storage.js";

const MOST_RECENT = 24;

/** Of `[{emoji, group, annotation, tags, skins}]` at that address: the same with `words`, in which a search looks. */
export async function fetchEmoji(source) {
  const response = await fetch(source);
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).map(({ emoji, group, annotation, tags = [], emoticon = "", skins = [] }) => ({
    emoji: plain(emoji),
    group: String(group),
    name: annotation,
    words: ` ${fold([annotation, ...tags, emoticon].flat().join(" "))}`,
    // Those of two people have a tone for each.
    tones: skins.filter(({ tone }) => !Array.isArray(tone)).map((each) => each.emoji),
  }));
}

/** As the server writes it: what is coloured anyway needs no character that asks for it. */
const plain = (emoji) => emoji.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, "$1");

/** Without accents and case; by way of capitals because those of ß are two. */
const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toUpperCase().toLowerCase();

/** All words have to be found; those that begin with them come first. */
export function search(all, query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const found = all.filter((each) => words.every((word) => each.words.includes(word)));
  const begins = (each) => words.every((word) => each.words.includes(` ${word}`));
  return [...found.filter(begins), ...found.filter((each) => !begins(each))];
}

/** 0 is the standard, 1 to 5 go from light to dark. */
export const tone = () => Number(read("skin-tone")) || 0;
export const setTone = (number) => write("skin-tone", number ? String(number) : "");
export const inTone = ({ emoji, tones }, number) => tones[number - 1] ?? emoji;

const RECENT = RECENT_EMOJI + document.body.dataset.userId;

export const recent = () => read(RECENT).split(" ").filter(Boolean);

export function use(emoji) {
  write(RECENT, [emoji, ...recent().filter((each) => each !== emoji)].slice(0, MOST_RECENT).join(" "));
}
