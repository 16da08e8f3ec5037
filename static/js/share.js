// The page that asks for a chat for content shared by another app: templates/messaging/share.html.
import { moveFocus } from "./elements/arrow-keys.js";
import { formatSize } from "./lib/attachments.js";
import { keepOfflinePage } from "./lib/offline.js";
import { clearPrivateData } from "./stores/private-data.js";
import { findShared, saveShared } from "./stores/share-target.js";

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

// Another account may have been signed in before.
await clearPrivateData({ except: userId });
keepOfflinePage();
show(await find().catch(() => null));

async function find() {
  key ??= await saveShared(userId, words);
  return findShared(userId, key);
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
  // A file that cannot be shown keeps the file icon.
  image.onload = () => (image.hidden = false);
  if (file.type.startsWith("image/")) image.src = URL.createObjectURL(file);
  line.querySelector("bdi").textContent = file.name;
  line.lastElementChild.textContent = formatSize(file.size);
  return line;
}
