import { postJSON } from "../api.js";
import { setBusy, setIdle } from "../busy.js";
import { emit } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { isolated } from "../lib/text.js";
import { text } from "../lib/texts.js";
import { Chooser } from "./chooser.js";
import { openDialog, showProblem } from "./group-dialog.js";

/** Asks for chats and forwards the messages to them in this order. Resolves to whether they were, once it is closed. */
export async function openForwardDialog(messageIds) {
  await openDialog("/chats/targets");
  const form = document.querySelector("#group-dialog .forward-form");
  return form ? choose(form, messageIds) : false;
}

function choose(form, messageIds) {
  const chooser = new Chooser(form);
  // Retrying after a lost response makes no duplicates.
  const clientMessageId = newClientId();
  const dialog = form.closest("dialog");
  let isDone = false;
  form.addEventListener("click", ({ target }) => target.closest("[data-close]") && dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    if (!chooser.keys.length) return showProblem(form, text("forward-nowhere"));
    isDone = await forward(form, chooser, { messageIds, to: chooser.keys, text: form.elements.text.value, clientMessageId });
    if (isDone) form.closest("dialog")?.close();
  });
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(isDone), { once: true }));
}

async function forward(form, chooser, body) {
  setBusy(form);
  try {
    const { refused } = await postJSON("/api/messages/forward", body);
    notifyResult(refused, chooser);
    return true;
  } catch (error) {
    setIdle(form);
    showProblem(form, error.status ? error.message : text("no-answer"));
    return false;
  }
}

function notifyResult(refused, chooser) {
  if (!refused.length) return emit("notice", { text: text("forwarded"), kind: "info" });
  const names = refused.map(({ peerId }) => isolated(chooser.nameOf(peerId))).join(", ");
  const words = text("not-forwarded").replace("{names}", () => names).replace("{reason}", () => refused[0].message);
  emit("notice", { text: words, kind: "error" });
}
