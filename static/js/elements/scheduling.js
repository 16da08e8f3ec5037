// Entry points of scheduled messages and reminders. Their script and style sheet are loaded with the first one.
import { deleteJSON, patchJSON, postJSON, putJSON } from "../api.js";
import { setBusy, setIdle } from "../busy.js";
import { summaryOf } from "../lib/attachments.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { captionsOf } from "../stores/outbox.js";
import { forgetUpload, upload } from "../stores/uploads.js";
import { openDialog, showProblem } from "./group-dialog.js";
import { pane } from "./panes.js";

const PAGE = {
  captionsOf, deleteJSON, emit, forgetUpload, on, openDialog, patchJSON, postJSON, putJSON, setBusy, setIdle, showProblem, upload, summaryOf,
};
const LONG_PRESS = 500;

export function watchScheduling() {
  let timer = 0;
  let wasLongPress = false;
  const sendButton = ({ target }) => target.closest?.(".composer__send");
  const openSendLater = (event) => {
    clearTimeout(timer);
    wasLongPress = event.pointerType === "touch";
    event.preventDefault();
    sendLater(event.target.closest("message-composer"));
  };
  document.addEventListener("pointerdown", (event) => {
    wasLongPress = false;
    if (event.pointerType === "touch" && sendButton(event)) timer = setTimeout(() => openSendLater(event), LONG_PRESS);
  });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => clearTimeout(timer));
  document.addEventListener("contextmenu", (event) => sendButton(event) && !wasLongPress && openSendLater(event));
  document.addEventListener("keydown", (event) => {
    const composer = event.key === "Enter" && event.shiftKey && (event.ctrlKey || event.metaKey) && event.target.closest("message-composer");
    if (composer) openSendLater(event);
  });
  document.addEventListener("click", (event) => {
    // The click that ends a long press.
    if (wasLongPress && sendButton(event)) event.preventDefault();
    const composer = event.target.closest?.(".composer__schedule")?.closest("message-composer");
    if (composer) sendLater(composer);
    const list = event.target.closest?.("[data-scheduled-list]");
    if (list) runAction("list", list.dataset.scheduledList);
  }, { capture: true });
  let isAny = "scheduling" in document.body.dataset;
  on("schedule-changed", () => ((isAny = true), refresh()));
  on("history-loaded", () => isAny && refresh());
  on("connection", ({ state }) => state === "live" && isAny && refresh());
  on("reminder-due", (reminder) => runAction("due", reminder));
  if (document.body.dataset.scheduling === "due") runAction("overdue");
}

export const remind = (item, peerId) => runAction("remind", peerId, item.dataset.messageId);

const sendLater = (composer) => composer.edit.value || runAction("send", composer);

const bar = () => pane().querySelector(".scheduled-bar");

function refresh() {
  if (bar()) htmx.ajax("GET", `/chat/${pane().dataset.peerId}/scheduled`, { source: bar(), target: bar(), swap: "innerHTML show:none" }).catch(() => {});
}

async function runAction(name, ...args) {
  const dialog = document.getElementById("group-dialog");
  try {
    await import(dialog.dataset.scheduling);
    dialog.scheduling[name](PAGE, ...args);
  } catch {
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}
