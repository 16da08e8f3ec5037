// Fetched with the first message that is sent later, or the first reminder (elements/scheduling.js): what is imported here is a copy, and
// what it shares with the page is given to it. The server renders the dialogs.
import { newClientId } from "./lib/ids.js";
import { isBlank } from "./lib/text.js";
import { text } from "./lib/texts.js";
import { clock, fullDate, isoDay } from "./lib/time.js";

const MINUTE = 60_000;
const EXCERPT = 80;
/** A reminder stays until one has done with it, or for so long. */
const STAY = 600_000;
const dialog = document.getElementById("group-dialog");

/** Of the reader's zone, whose days have 23 or 25 hours at times. */
const dayAt = (days, hour) => {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
};
const TIMES = {
  "20m": () => new Date(Date.now() + 20 * MINUTE),
  "1h": () => new Date(Date.now() + 60 * MINUTE),
  tonight: () => dayAt(0, 20),
  tomorrow: () => dayAt(1, 9),
};

/** What a field of date and time has, and back. */
const fieldValue = (iso) => `${isoDay(iso)}T${clock(iso)}`;
const isoOf = (value) => new Date(value).toISOString();

function words(iso) {
  const day = new Intl.DateTimeFormat(document.documentElement.lang || "en", { weekday: "short" }).format(new Date(iso));
  return isoDay(iso) === isoDay(new Date().toISOString()) ? clock(iso) : `${day} ${clock(iso)}`;
}

const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: dialog.dataset.schedulingSheet });
const styled = new Promise((resolve) => Object.assign(sheet, { onload: resolve, onerror: resolve }));
document.head.append(sheet);

async function open(page, path, selector) {
  await styled;
  await page.openDialog(path);
  return dialog.querySelector(selector);
}

/** Lets people choose a time, and calls `save(when)` with it until that works. */
async function choose(page, path, save) {
  const form = await open(page, path, ".scheduling-form");
  if (!form) return;
  const { at } = form.elements;
  at.value = fieldValue(TIMES["1h"]().toISOString());
  at.min = fieldValue(new Date().toISOString());
  for (const button of form.querySelectorAll("[data-when]")) {
    const time = TIMES[button.dataset.when]?.();
    if (!time) continue;
    // Shortly before, it is no choice any more.
    button.hidden = time - Date.now() < 15 * MINUTE;
    button.value = time.toISOString();
    Object.assign(button.querySelector("time"), { dateTime: button.value, textContent: words(button.value), title: fullDate(button.value) });
  }
  form.addEventListener("click", ({ target }) => {
    if (target.closest("[data-close]")) return dialog.close();
    const choice = target.closest("[data-when]");
    if (choice) attempt(page, form, () => save(choice.value));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(page, form, () => save(isoOf(at.value)));
  });
}

async function attempt(page, form, work) {
  if (form.getAttribute("aria-busy") === "true") return;
  page.setBusy(form);
  try {
    await work();
    dialog.close();
  } catch (error) {
    page.setIdle(form);
    page.showProblem(form, error.message);
  }
}

/** What is in the composer; without a time, when the other comes online. */
async function send(page, composer) {
  const { peerId, field } = composer;
  await composer.files.settled();
  const written = field.value;
  if (isBlank(written) && composer.files.isEmpty) return composer.focus();
  const replyTo = composer.reply.value || null;
  const words = { text: written, mentions: composer.mentionedIn(written), clientMessageId: newClientId() };
  const { attachments, viewOnce } = composer.files.uploads;
  const files = { attachments, viewOnce, text: "", clientMessageId: newClientId() };
  // What is seen once has no words: they follow.
  const messages = viewOnce ? [{ ...files, replyTo }, words] : [{ ...files, ...words, replyTo }];
  return choose(page, `/chat/${peerId}/later`, async (sendAt) => {
    const when = sendAt ? { sendAt } : { whenOnline: true };
    for (const message of messages.filter(({ text: said, attachments: some = [] }) => !isBlank(said) || some.length)) await schedule(page, peerId, message, when);
    for (const { clientMessageId } of messages) page.forgetUpload(clientMessageId);
    composer.reply.clear();
    composer.files.clear();
    composer.keepRest(written);
  });
}

/** What was uploaded or scheduled in an earlier try is not again. */
async function schedule(page, peerId, { attachments: files = [], ...message }, when) {
  const { clientMessageId } = message;
  const bar = dialog.querySelector(".scheduling__progress");
  const end = page.on("upload", ({ clientMessageId: id, sent, size }) => id === clientMessageId && (bar.value = sent / size));
  bar.hidden = !files.length;
  const keys = await page.upload({ clientMessageId, attachments: files }).finally(() => (end(), (bar.hidden = true)));
  const captions = page.captionsOf({ attachments: files }, keys);
  const row = await page.postJSON(`/api/messages/schedule/${peerId}`, { ...message, attachments: keys, captions, ...when });
  // An earlier try, whose answer was lost, had another time.
  if ((row.sendAt ?? "") !== (when.sendAt ?? "")) await page.patchJSON(`/api/scheduled/${row._id}`, when);
}

function remind(page, peerId, messageId) {
  return choose(page, `/chat/${peerId}/remind`, (remindAt) => page.putJSON(`/api/reminders/${messageId}`, { remindAt }));
}

/** Of one chat, or all of them, with the reminders. */
async function list(page, peerId) {
  const root = await open(page, `/later?peer=${peerId}`, ".scheduled-list");
  if (!root) return;
  for (const { elements: { at } } of root.querySelectorAll("form[data-key]")) {
    at.value = at.defaultValue = fieldValue(at.dataset.at || TIMES["1h"]().toISOString());
    at.min = fieldValue(new Date().toISOString());
  }
  const again = (work) => change(page, root, work);
  root.addEventListener("click", ({ target }) => {
    if (target.closest("[data-close]")) return dialog.close();
    const { scheduleAction: action, key } = target.closest("[data-schedule-action]")?.dataset ?? {};
    if (action === "send") again(() => page.postJSON(`/api/scheduled/${key}/send`));
    if (action === "cancel") again(() => page.deleteJSON(`/api/scheduled/${key}`));
    if (action === "forget") again(() => page.deleteJSON(`/api/reminders/${key}`));
  });
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const { dataset: { key }, elements: { text: words, at } } = event.target;
    const when = at.value === at.defaultValue && at.dataset.at ? {} : { sendAt: isoOf(at.value) };
    again(() => page.patchJSON(`/api/scheduled/${key}`, { text: words?.value, ...when }));
  });
}

async function change(page, root, work) {
  if (root.getAttribute("aria-busy") === "true") return;
  page.setBusy(root);
  try {
    await work();
    if (root.isConnected) await list(page, root.dataset.peer);
  } catch (error) {
    page.setIdle(root);
    page.showProblem(root, error.message);
  }
}

let isWatching = false;

/** What comes from other devices, while nothing is being edited there. */
function watch(page) {
  if (isWatching) return;
  isWatching = true;
  page.on("schedule-changed", () => {
    const root = dialog.querySelector(".scheduled-list");
    if (root && !root.querySelector("[open]") && root.getAttribute("aria-busy") !== "true") list(page, root.dataset.peer);
  });
}

function due(page, { messageId, peerId, message }) {
  const said = page.wordsOf(message);
  const excerpt = said ? `: ${[...said].slice(0, EXCERPT).join("")}` : "";
  const run = async () => {
    await page.deleteJSON(`/api/reminders/${messageId}`).catch(() => {});
    location.assign(`/chat/${peerId}#m-${messageId}`);
  };
  page.emit("notice", { text: `${text("reminder")}${excerpt}`, kind: "info", stay: STAY, action: { words: text("show"), run } });
}

/** What was due while nobody was here. */
function overdue(page) {
  page.emit("notice", { text: text("reminders-due"), kind: "info", stay: STAY, action: { words: text("show"), run: () => actions.list(page, "") } });
}

const actions = Object.fromEntries(
  Object.entries({ due, list, overdue, remind, send }).map(([name, action]) => [name, (page, ...args) => (watch(page), action(page, ...args))]),
);
dialog.scheduling = actions;
