// What a new person is shown to do. The script comes to those alone who are.
import { write } from "../lib/storage.js";
import { copyText } from "./clipboard.js";
import { loadNotifications } from "./notifications.js";

const PAGE = { copyText, loadNotifications, write };

export async function watchFirstSteps(userId) {
  const source = document.body.dataset.firstSteps;
  if (!source) return;
  try {
    const { start } = await import(source);
    start(userId, PAGE);
  } catch {
    // Without it two of the three are there, and the next page tries again.
  }
}
