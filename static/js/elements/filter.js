import { nameOf } from "../render/row.js";

// What no decomposition takes apart. chatsite/text.py has the same.
const LETTERS = { æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ŧ: "t", þ: "th", ß: "ss" };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

/** "ines" finds "Inês", "soren" finds "Søren". */
const plain = (text) =>
  text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(LETTER, (letter) => LETTERS[letter]);

/** Shows the rows with each of these words in their name, hides the others; returns how many are left. */
export function filterRows(rows, query) {
  const words = plain(query).split(/\s+/);
  const found = rows.filter((row) => words.every((word) => plain(nameOf(row)).includes(word)));
  for (const row of rows) row.parentElement.hidden = !found.includes(row);
  return found.length;
}
