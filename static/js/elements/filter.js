import { isGroup } from "../lib/peers.js";
import { folded } from "../lib/text.js";
import { isUnread, nameOf } from "../render/row.js";

const isArchived = (row) => "archived" in row.dataset;
const isRequest = (row) => "request" in row.dataset;

/** A search also covers the archive. In "unread", the open chat stays although it is read by now. */
const folders = {
  "": (row, query) => query !== "" || !isArchived(row),
  unread: (row) => !isArchived(row) && (isUnread(row) || row.hasAttribute("aria-current")),
  groups: (row) => !isArchived(row) && isGroup(row.dataset.peerId) && !row.matches(".is-saved"),
  archived: isArchived,
  requests: isRequest,
};

/**
 * Shows the rows of the folder whose name has all words of the query, and hides the others; returns how many are shown.
 * As in messaging/page/side_bar.py.
 */
export function filterRows(rows, query, folder) {
  const words = folded(query).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const isHere = isRequest(row) ? folder === "requests" || query.trim() !== "" : folders[folder](row, query.trim());
    const isFound = isHere && words.every((word) => folded(nameOf(row)).includes(word));
    if (row.parentElement.hidden === isFound) row.parentElement.hidden = !isFound;
    count += Number(isFound);
  }
  return count;
}
