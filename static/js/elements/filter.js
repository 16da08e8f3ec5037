import { isGroup } from "../lib/peers.js";
import { isUnread, nameOf } from "../render/row.js";

// What no decomposition takes apart. chatsite/text.py has the same.
const LETTERS = { æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ŧ: "t", þ: "th", ß: "ss" };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

/** "ines" finds "Inês", "soren" finds "Søren". */
const plain = (text) =>
  text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(LETTER, (letter) => LETTERS[letter]);

const isArchived = (row) => "archived" in row.dataset;

/** Who looks for somebody finds them in the archive, too. What is open stays, though it is read by now. */
const folders = {
  "": (row, query) => query !== "" || !isArchived(row),
  unread: (row) => !isArchived(row) && (isUnread(row) || row.hasAttribute("aria-current")),
  groups: (row) => !isArchived(row) && isGroup(row.dataset.peerId),
  archived: isArchived,
};

/**
 * Shows the rows of the folder that have each of these words in their name, hides the others; returns how many are left.
 * messaging/page/side_bar.py does the same.
 */
export function filterRows(rows, query, folder) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const isFound = folders[folder](row, query.trim()) && words.every((word) => plain(nameOf(row)).includes(word));
    if (row.parentElement.hidden === isFound) row.parentElement.hidden = !isFound;
    count += Number(isFound);
  }
  return count;
}
