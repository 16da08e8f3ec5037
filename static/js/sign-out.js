// Signing out takes the drafts away, keeps what is not sent yet, and needs the network.
import { forgetDrafts } from "./stores/drafts.js";
import { OutboxDatabase } from "./stores/outbox-database.js";

const question = document.getElementById("sign-out");
const { userId } = question.dataset;

document.addEventListener("submit", (event) => {
  if (event.target.matches('[action="/logout"]')) leave(event);
});

async function leave(event) {
  event.preventDefault();
  const form = event.target;
  if (!navigator.onLine) return document.getElementById("still-signed-in").showModal();
  if (!(await isWanted())) return;
  forgetDrafts(userId);
  form.submit();
}

async function isWanted() {
  const count = await new OutboxDatabase(userId).count().catch(() => 0);
  return count === 0 || isAgreed(count);
}

function isAgreed(count) {
  const words = question.querySelector("[data-many]");
  words.textContent = count === 1 ? words.dataset.one : words.dataset.many.replace("{n}", count);
  question.returnValue = "";
  question.showModal();
  return new Promise((resolve) => {
    // The event of an earlier time may come only now.
    question.onclose = () => question.open || resolve(question.returnValue === "leave");
  });
}
