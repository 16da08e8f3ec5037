// Checks for a new version of the site when the connection returns, as after an update, and offers to reload (connection-banner.js).
// The page reloads by itself only if the server refuses its cursor, as after a backup was restored.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { hasPendingFiles } from "../stores/pending-files.js";

const { version } = document.body.dataset;
let isOffered = false;
/** The server refuses this page's cursor, so the page must be reloaded, whatever its version. */
let isOutdated = false;
/** True until the first connection: the server cannot have been updated yet. */
let isJustLoaded = true;

export const hasNewVersion = () => isOffered;

export function watchVersion() {
  on("connection", ({ state }) => {
    if (state === "live" && !isJustLoaded) checkVersion();
    if (state === "live" || state === "offline") isJustLoaded = false;
  });
  on("cursor-refused", () => {
    isOutdated = true;
    if (canReload()) reload();
    else offer(true);
  });
  document.addEventListener("click", ({ target }) => {
    const choice = target.closest?.("[data-new-version]")?.dataset.newVersion;
    if (choice === "reload") reload();
    else if (choice) offer(false);
  });
}

async function checkVersion() {
  const response = await fetch("/version", { cache: "no-store" }).catch(() => null);
  const current = response?.ok ? await response.json().catch(() => null) : null;
  if (current) offer(isOutdated || current.version !== version);
}

function offer(isNew) {
  isOffered = isNew;
  emit("new-version", {});
}

/** A reload keeps the draft, but not attached files or a running recording. */
export const canReload = () => !hasPendingFiles() && !document.querySelector("voice-recorder");

/** Reloads at the current scroll position, or says what is to be done first. */
export function reload() {
  if (!canReload()) return emit("notice", { text: text("files-first"), kind: "info" });
  const item = messageInView();
  if (item) history.replaceState(history.state, "", `#m-${item.dataset.messageId}`);
  location.reload();
}

/** The message in the middle of the list; null at its end. */
function messageInView() {
  const list = document.querySelector("message-list");
  if (!list?.scrollPosition.firstVisible) return null;
  const { left, top, width, height } = list.getBoundingClientRect();
  const middle = document.elementFromPoint(left + width / 2, top + height / 2)?.closest(".message[data-message-id]");
  return middle ?? list.scrollPosition.firstVisible.closest("[data-message-id]");
}
