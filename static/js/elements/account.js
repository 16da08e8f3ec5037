// What somebody changes of their account on another device, or in another tab.
import { emit, on } from "../lib/bus.js";
import { text } from "../lib/texts.js";
import { canReload, reload } from "./new-version.js";

const FOR_GOOD = 2 ** 31 - 1;

export function watchAccount() {
  on("account", ({ fullName, profilePic, language }) => {
    showMe(fullName, profilePic);
    if (language !== document.body.dataset.language) speak();
  });
}

function showMe(name, picture) {
  document.body.dataset.userName = name;
  const me = document.querySelector(".sidebar__me");
  me.querySelector("bdi").textContent = name;
  me.querySelector("img").src = picture;
}

/** What is asked for from now on comes in the other language. */
function speak() {
  if (document.hidden && canReload()) return reload();
  const [words, load] = text("language-changed").split("|");
  emit("notice", { text: words, kind: "info", action: { words: load, run: loadAnew }, stay: FOR_GOOD });
}

/** Where that has to wait, it is offered again. */
function loadAnew() {
  if (!canReload()) speak();
  reload();
}
