// Follows changes of the account made on another device or in another tab.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { canReload, reload } from "./new-version.js";

const MAX_TIMEOUT = 2 ** 31 - 1;

export function watchAccount() {
  on("account", ({ fullName, profilePic, language }) => {
    showOwnProfile(fullName, profilePic);
    if (language !== document.body.dataset.language) offerReload();
  });
}

function showOwnProfile(name, picture) {
  document.body.dataset.userName = name;
  const link = document.querySelector(".sidebar__me");
  link.querySelector("bdi").textContent = name;
  link.querySelector("img").src = picture;
}

/** What is loaded from now on is in the other language, so offer to reload the page. */
function offerReload() {
  if (document.hidden && canReload()) return reload();
  const [words, load] = text("language-changed").split("|");
  emit("notice", { text: words, kind: "info", action: { label: load, run: reloadOrOffer }, duration: MAX_TIMEOUT });
}

/** If it has to wait, the offer stays. */
function reloadOrOffer() {
  if (!canReload()) offerReload();
  reload();
}
