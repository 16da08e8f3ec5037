// The first steps of a new account. Their script is loaded only where they are shown.
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
    // Without the script, two of the three steps work; the next page load retries.
  }
}
