// Messages that are sent later, and reminders: what begins with them. Their script and sheet come with the first one.
import { deleteJSON, patchJSON, postJSON, putJSON } from "../api.js";
import { setBusy, setIdle } from "../busy.js";
import { wordsOf } from "../lib/attachments.js";
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { captionsOf } from "../stores/outbox.js";
import { forgetUpload, upload } from "../stores/uploads.js";
import { openDialog, showProblem } from "./group-dialog.js";
import { pane } from "./panes.js";

const PAGE = {
  captionsOf, deleteJSON, emit, forgetUpload, on, openDialog, patchJSON, postJSON, putJSON, setBusy, setIdle, showProblem, upload, wordsOf,
};
const LONG = 500;

export function watchLater() {
  let timer = 0;
  let isHeld = false;
  const sendButton = ({ target }) => target.closest?.(".composer__send");
  const hold = (event) => {
    clearTimeout(timer);
    isHeld = event.pointerType === "touch";
    event.preventDefault();
    sendLater(event.target.closest("message-composer"));
  };
  document.addEventListener("pointerdown", (event) => {
    isHeld = false;
    if (event.pointerType === "touch" && sendButton(event)) timer = setTimeout(() => hold(event), LONG);
  });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => clearTimeout(timer));
  document.addEventListener("contextmenu", (event) => sendButton(event) && !isHeld && hold(event));
  document.addEventListener("keydown", (event) => {
    const composer = event.key === "Enter" && event.shiftKey && (event.ctrlKey || event.metaKey) && event.target.closest("message-composer");
    if (composer) hold(event);
  });
  document.addEventListener("click", (event) => {
    // What the finger did that held it.
    if (isHeld && sendButton(event)) event.preventDefault();
    const composer = event.target.closest?.(".composer__schedule")?.closest("message-composer");
    if (composer) sendLater(composer);
    const list = event.target.closest?.("[data-scheduled-list]");
    if (list) act("list", list.dataset.scheduledList);
  }, { capture: true });
  let isAny = "scheduling" in document.body.dataset;
  on("schedule-changed", () => ((isAny = true), refresh()));
  on("history-loaded", () => isAny && refresh());
  on("connection", ({ state }) => state === "live" && isAny && refresh());
  on("reminder-due", (reminder) => act("due", reminder));
  if (document.body.dataset.scheduling === "due") act("overdue");
}

export const remind = (item, peerId) => act("remind", peerId, item.dataset.messageId);

const sendLater = (composer) => composer.edit.value || act("send", composer);

const place = () => pane().querySelector(".scheduled-bar");

function refresh() {
  if (place()) htmx.ajax("GET", `/chat/${pane().dataset.peerId}/scheduled`, { source: place(), target: place(), swap: "innerHTML show:none" }).catch(() => {});
}

async function act(name, ...what) {
  const dialog = document.getElementById("group-dialog");
  try {
    await import(dialog.dataset.scheduling);
    dialog.scheduling[name](PAGE, ...what);
  } catch {
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}
