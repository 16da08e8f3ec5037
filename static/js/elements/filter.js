import { nameOf } from "../render/row.js";

/** "ines" finds "Inês". */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** Shows the rows with that in their name, hides the others; returns how many are left. */
export function filterRows(rows, query) {
  const wanted = plain(query.trim());
  const found = rows.filter((row) => plain(nameOf(row)).includes(wanted));
  for (const row of rows) row.parentElement.hidden = !found.includes(row);
  return found.length;
}
