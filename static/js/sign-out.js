// Signing out removes drafts and cached pages, keeps the outbox, and needs the network.
import { setBusy } from "./busy.js";
import { isConfirmed } from "./lib/dialog.js";
import { formOf } from "./lib/texts.js";
import { OutboxDatabase } from "./stores/outbox-database.js";
import { clearPrivateData } from "./stores/private-data.js";

const dialog = document.getElementById("sign-out");
const { userId } = dialog.dataset;

// Another account may have been signed in before.
clearPrivateData({ except: userId });

document.addEventListener("submit", (event) => {
  if (event.target.matches('[action="/logout"]')) signOut(event);
});

async function signOut(event) {
  event.preventDefault();
  const form = event.target;
  if (!navigator.onLine) return document.getElementById("still-signed-in").showModal();
  if (!(await confirmSignOut())) return;
  setBusy(form);
  await clearPrivateData();
  form.submit();
}

async function confirmSignOut() {
  const count = await new OutboxDatabase(userId).count().catch(() => 0);
  if (count === 0) return true;
  const words = dialog.querySelector("p");
  words.textContent = words.dataset[formOf(count)].replace("{n}", count);
  return isConfirmed(dialog, "leave");
}
