// The page on which a chat is chosen for what another app shared: templates/messaging/share.html.
import { moveFocus } from "./elements/arrow-keys.js";
import { sizeInWords } from "./lib/attachments.js";
import { keepOfflinePage } from "./lib/offline.js";
import { forgetPrivate } from "./stores/private-data.js";
import { keepShared, sharedWith } from "./stores/share-target.js";

const { userId } = document.body.dataset;
const section = document.getElementById("share");
const words = new URLSearchParams(location.search);
let key = words.get("id");

const targets = () => [...section.querySelectorAll(".candidate")];

section.addEventListener("click", ({ target }) => {
  const link = target.closest("a.candidate");
  if (link && key) link.search = `?shared=${key}`;
});

section.addEventListener("keydown", (event) => {
  const isField = event.target.matches("input");
  if (isField && event.key === "Enter") targets()[0]?.click();
  else if (!isField || event.key === "ArrowDown") moveFocus(event, targets());
});

// Somebody else may have been signed in before.
await forgetPrivate({ but: userId });
keepOfflinePage();
show(await find().catch(() => null));

async function find() {
  key ??= await keepShared(userId, words);
  return sharedWith(userId, key);
}

function show(shared) {
  if (!shared?.text && !shared?.files.length) return showNothing();
  section.querySelector(".share__text").textContent = shared.text;
  section.querySelector(".share__files").replaceChildren(...shared.files.map(lineOf));
}

function showNothing() {
  section.hidden = true;
  if (words.has("lost")) return;
  const nothing = document.getElementById("share-nothing");
  nothing.hidden = false;
  nothing.querySelector("h2").focus();
}

function lineOf(file) {
  const line = document.getElementById("shared-file").content.firstElementChild.cloneNode(true);
  const image = line.querySelector("img");
  // What is no picture after all has the sign of a file.
  image.onload = () => (image.hidden = false);
  if (file.type.startsWith("image/")) image.src = URL.createObjectURL(file);
  line.querySelector("bdi").textContent = file.name;
  line.lastElementChild.textContent = sizeInWords(file.size);
  return line;
}
