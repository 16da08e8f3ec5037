// Loaded with the first scheduled message or reminder (elements/scheduling.js), apart from the page's bundle: imports are copies, and
// what it shares with the page is passed in. The server renders the dialogs.
import { newClientId } from "./lib/ids.js";
import { isBlank } from "./lib/text.js";
import { text } from "./lib/texts.js";
import { clock, fullDate, isoDay } from "./lib/time.js";

const MINUTE = 60_000;
const EXCERPT_LENGTH = 80;
/** A reminder is shown until it is dismissed, but no longer than this. */
const REMINDER_DURATION = 600_000;
const dialog = document.getElementById("group-dialog");

/** In the reader's time zone, where some days have 23 or 25 hours. */
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

/** To and from the value of a `datetime-local` field. */
const fieldValue = (iso) => `${isoDay(iso)}T${clock(iso)}`;
const isoOf = (value) => new Date(value).toISOString();

function words(iso) {
  const day = new Intl.DateTimeFormat(document.documentElement.lang || "en", { weekday: "short" }).format(new Date(iso));
  return isoDay(iso) === isoDay(new Date().toISOString()) ? clock(iso) : `${day} ${clock(iso)}`;
}

const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: dialog.dataset.schedulingSheet });
const sheetLoaded = new Promise((resolve) => Object.assign(sheet, { onload: resolve, onerror: resolve }));
document.head.append(sheet);

async function open(page, path, selector) {
  await sheetLoaded;
  await page.openDialog(path);
  return dialog.querySelector(selector);
}

/** Lets people choose a time and calls `save(when)`, until that succeeds. */
async function chooseTime(page, path, save) {
  const form = await open(page, path, ".scheduling-form");
  if (!form) return;
  const { at } = form.elements;
  at.value = fieldValue(TIMES["1h"]().toISOString());
  at.min = fieldValue(new Date().toISOString());
  for (const button of form.querySelectorAll("[data-when]")) {
    const time = TIMES[button.dataset.when]?.();
    if (!time) continue;
    // Not offered when it is almost due.
    button.hidden = time - Date.now() < 15 * MINUTE;
    button.value = time.toISOString();
    Object.assign(button.querySelector("time"), { dateTime: button.value, textContent: words(button.value), title: fullDate(button.value) });
  }
  form.addEventListener("click", ({ target }) => {
    if (target.closest("[data-close]")) return dialog.close();
    const choice = target.closest("[data-when]");
    if (choice) saveAndClose(page, form, () => save(choice.value));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    saveAndClose(page, form, () => save(isoOf(at.value)));
  });
}

async function saveAndClose(page, form, work) {
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

/** Schedules what is in the composer; without a time, for when the other person comes online. */
async function send(page, composer) {
  const { peerId, field } = composer;
  await composer.files.settled();
  const written = field.value;
  if (isBlank(written) && composer.files.isEmpty) return composer.focus();
  const replyTo = composer.reply.value || null;
  const words = { text: written, mentions: composer.mentionedIn(written), clientMessageId: newClientId() };
  const { attachments, viewOnce } = composer.files.uploads;
  const files = { attachments, viewOnce, text: "", clientMessageId: newClientId() };
  // A view-once message has no text: it goes as a second message.
  const messages = viewOnce ? [{ ...files, replyTo }, words] : [{ ...files, ...words, replyTo }];
  return chooseTime(page, `/chat/${peerId}/later`, async (sendAt) => {
    const when = sendAt ? { sendAt } : { whenOnline: true };
    for (const message of messages.filter(({ text: body, attachments: attached = [] }) => !isBlank(body) || attached.length)) await schedule(page, peerId, message, when);
    for (const { clientMessageId } of messages) page.forgetUpload(clientMessageId);
    composer.reply.clear();
    composer.files.clear();
    composer.keepRemainder(written);
  });
}

/** Does not upload or schedule again what an earlier attempt completed. */
async function schedule(page, peerId, { attachments: files = [], ...message }, when) {
  const { clientMessageId } = message;
  const bar = dialog.querySelector(".scheduling__progress");
  const end = page.on("upload", ({ clientMessageId: id, sent, size }) => id === clientMessageId && (bar.value = sent / size));
  bar.hidden = !files.length;
  const keys = await page.upload({ clientMessageId, attachments: files }).finally(() => (end(), (bar.hidden = true)));
  const captions = page.captionsOf({ attachments: files }, keys);
  const row = await page.postJSON(`/api/messages/schedule/${peerId}`, { ...message, attachments: keys, captions, ...when });
  // An earlier attempt whose response was lost had another time.
  if ((row.sendAt ?? "") !== (when.sendAt ?? "")) await page.patchJSON(`/api/scheduled/${row._id}`, when);
}

function remind(page, peerId, messageId) {
  return chooseTime(page, `/chat/${peerId}/remind`, (remindAt) => page.putJSON(`/api/reminders/${messageId}`, { remindAt }));
}

/** The list for one chat, or for all of them, with the reminders. */
async function list(page, peerId) {
  const root = await open(page, `/later?peer=${peerId}`, ".scheduled-list");
  if (!root) return;
  for (const { elements: { at } } of root.querySelectorAll("form[data-key]")) {
    at.value = at.defaultValue = fieldValue(at.dataset.at || TIMES["1h"]().toISOString());
    at.min = fieldValue(new Date().toISOString());
  }
  const runAndRefresh = (work) => runAndList(page, root, work);
  root.addEventListener("click", ({ target }) => {
    if (target.closest("[data-close]")) return dialog.close();
    const { scheduleAction: action, key } = target.closest("[data-schedule-action]")?.dataset ?? {};
    if (action === "send") runAndRefresh(() => page.postJSON(`/api/scheduled/${key}/send`));
    if (action === "cancel") runAndRefresh(() => page.deleteJSON(`/api/scheduled/${key}`));
    if (action === "forget") runAndRefresh(() => page.deleteJSON(`/api/reminders/${key}`));
  });
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const { dataset: { key }, elements: { text: words, at } } = event.target;
    const when = at.value === at.defaultValue && at.dataset.at ? {} : { sendAt: isoOf(at.value) };
    runAndRefresh(() => page.patchJSON(`/api/scheduled/${key}`, { text: words?.value, ...when }));
  });
}

async function runAndList(page, root, work) {
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

/** Follows changes from other devices, unless something in the list is being edited. */
function watch(page) {
  if (isWatching) return;
  isWatching = true;
  page.on("schedule-changed", () => {
    const root = dialog.querySelector(".scheduled-list");
    if (root && !root.querySelector("[open]") && root.getAttribute("aria-busy") !== "true") list(page, root.dataset.peer);
  });
}

function due(page, { messageId, peerId, message }) {
  const summary = page.summaryOf(message);
  const excerpt = summary ? `: ${[...summary].slice(0, EXCERPT_LENGTH).join("")}` : "";
  const run = async () => {
    await page.deleteJSON(`/api/reminders/${messageId}`).catch(() => {});
    location.assign(`/chat/${peerId}#m-${messageId}`);
  };
  page.emit("notice", { text: `${text("reminder")}${excerpt}`, kind: "info", duration: REMINDER_DURATION, action: { label: text("show"), run } });
}

/** Reminders that came due while no page was open. */
function overdue(page) {
  page.emit("notice", { text: text("reminders-due"), kind: "info", duration: REMINDER_DURATION, action: { label: text("show"), run: () => actions.list(page, "") } });
}

const actions = Object.fromEntries(
  Object.entries({ due, list, overdue, remind, send }).map(([name, action]) => [name, (page, ...args) => (watch(page), action(page, ...args))]),
);
dialog.scheduling = actions;
