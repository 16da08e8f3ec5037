// Signing out takes drafts and kept pages away, keeps what is not sent yet, and needs the network.
import { setBusy } from "./busy.js";
import { isAgreed } from "./lib/dialog.js";
import { formOf } from "./lib/texts.js";
import { OutboxDatabase } from "./stores/outbox-database.js";
import { forgetPrivate } from "./stores/private-data.js";

const question = document.getElementById("sign-out");
const { userId } = question.dataset;

// Somebody else may have been signed in before.
forgetPrivate({ but: userId });

document.addEventListener("submit", (event) => {
  if (event.target.matches('[action="/logout"]')) leave(event);
});

async function leave(event) {
  event.preventDefault();
  const form = event.target;
  if (!navigator.onLine) return document.getElementById("still-signed-in").showModal();
  if (!(await isWanted())) return;
  setBusy(form);
  await forgetPrivate();
  form.submit();
}

async function isWanted() {
  const count = await new OutboxDatabase(userId).count().catch(() => 0);
  if (count === 0) return true;
  const words = question.querySelector("p");
  words.textContent = words.dataset[formOf(count)].replace("{n}", count);
  return isAgreed(question, "leave");
}
