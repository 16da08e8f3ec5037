// A newer version of the site than this page is of: it is looked for when the server comes back, as after an update, and offered in
// a quiet line (connection-banner.js). Nobody but the reader reloads, unless the server does not know the time any more that the page
// is of, as after a backup was put back.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { areFilesWaiting } from "../stores/pending-files.js";

const { version } = document.body.dataset;
let isOffered = false;
/** The server does not know this page's time any more: whatever version it is of, the page has to be loaded anew. */
let isOutdated = false;
/** No time has passed yet in which the server could have become another. */
let isFresh = true;

export const hasNewVersion = () => isOffered;

export function watchVersion() {
  on("connection", ({ state }) => {
    if (state === "live" && !isFresh) look();
    if (state === "live" || state === "offline") isFresh = false;
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

async function look() {
  const answer = await fetch("/version", { cache: "no-store" }).catch(() => null);
  const there = answer?.ok ? await answer.json().catch(() => null) : null;
  if (there) offer(isOutdated || there.version !== version);
}

function offer(isNew) {
  isOffered = isNew;
  emit("new-version", {});
}

/** What is written is kept; files that were chosen are not, nor is a recording that has not ended. */
export const canReload = () => !areFilesWaiting() && !document.querySelector("voice-recorder");

/** Loads the page anew at the place that is read, or says what is to be done first. */
export function reload() {
  if (!canReload()) return emit("notice", { text: text("files-first"), kind: "info" });
  const item = messageInView();
  if (item) history.replaceState(history.state, "", `#m-${item.dataset.messageId}`);
  location.reload();
}

/** In the middle of the list, where the reader is not at its end. */
function messageInView() {
  const list = document.querySelector("message-list");
  if (!list?.place.seen) return null;
  const { left, top, width, height } = list.getBoundingClientRect();
  const middle = document.elementFromPoint(left + width / 2, top + height / 2)?.closest(".message[data-message-id]");
  return middle ?? list.place.seen.closest("[data-message-id]");
}
