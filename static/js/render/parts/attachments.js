// The attachments of a message, with the same markup as templates/messaging/parts/_attachments.html.
import { describeFile, formatDuration, formatSize, isVoice, levelsOf, secondsOf, summaryOfFiles, wavePath } from "../../lib/attachments.js";
import { setOrRemove, setText, slot, toggleClass } from "../slots.js";

const PICTURE = ["src", "alt", "width", "height"];

/** Keeps what is already shown, which may be playing. */
export function fillAttachments(item, { attachments, viewOnce, deleted, isLocal }) {
  fillUpload(item, Boolean((attachments || viewOnce) && isLocal));
  const field = slot(item, "attachments");
  if (!attachments || deleted) return field?.remove();
  const shown = create(attachments);
  if (!field) slot(item, "picture").after("\n", shown);
  else if (!isShown(field, shown)) replaceKeepingPictures(field, shown);
}

/** Keeps picture elements while the same pictures load from the server: new elements would be blank until then. */
function replaceKeepingPictures(field, shown) {
  const [before, after] = [field, shown].map((each) => [...each.querySelectorAll(".album img")]);
  after.forEach((each, index) => before[index] && each.replaceWith(before[index]));
  field.replaceWith(shown);
  after.forEach((each, index) => before[index] && PICTURE.forEach((name) => setOrRemove(before[index], name, each.getAttribute(name))));
}

/**
 * Whether a voice message was listened to: "no" until the reader has, and for their own "yes" once somebody else has. `before` is
 * the previous state, since events do not contain it.
 */
export function fillListened(item, message, { userId }, before) {
  const { senderId, deleted, listened } = message;
  const isIt = isVoice(message) && !deleted;
  const state = senderId === userId ? (listened || before === "yes" ? "yes" : "") : listened || before === "" ? "" : "no";
  item.dataset.listened = isIt ? state : "";
}

/** A voice message is compared by its URL, because its player changes while it plays. */
function isShown(field, shown) {
  const [now, next] = [field, shown].map((each) => each.querySelector(".voice")?.dataset.url);
  return next ? now === next : field.isEqualNode(shown);
}

/** Shows the progress of an upload. */
export function showUpload(item, { sent, size }) {
  const field = slot(item, "upload");
  if (!field) return;
  field.firstElementChild.value = sent / size;
  setText(slot(field, "sent"), `${Math.floor((100 * sent) / size)} % / ${formatSize(size)}`);
}

/** The class is for the styles: `:has` would be checked for all messages whenever one is added. */
function fillUpload(item, isUploading) {
  toggleClass(item, "is-uploading", isUploading);
  const field = slot(item, "upload");
  if (!isUploading) return field?.remove();
  if (field) return;
  item.querySelector(".message__meta").prepend(document.getElementById("upload-template").content.firstElementChild.cloneNode(true));
}

/** The short description of a message's files, from the page; "" for a single picture or none. */
export const summaryIn = (item) => (slot(item, "view-once") ?? slot(item, "attachments"))?.dataset.words ?? "";

export function smallPictureIn(item) {
  const shown = slot(item, "attachments")?.querySelector(".album img, video[poster]");
  return shown?.getAttribute("poster") ?? shown?.getAttribute("src");
}

/** From a template that has one file of each kind. */
function create(files) {
  const field = document.getElementById("attachments-template").content.firstElementChild.cloneNode(true);
  const album = field.querySelector(".album");
  const picture = album.firstElementChild;
  const parts = Object.fromEntries([...field.querySelectorAll(".attachment")].map((part) => [part.dataset.kind, part]));
  const pictures = files.filter(({ kind, thumbnail }) => kind === "picture" && thumbnail);
  album.replaceChildren(...pictures.map((file) => fillPicture(picture.cloneNode(true), file)));
  const others = files.filter((file) => !pictures.includes(file));
  const shown = others.map((file) => (file.waveform ? fillVoice(parts.voice.cloneNode(true), file) : fillFile(parts[file.kind].cloneNode(true), file)));
  field.replaceChildren(...(pictures.length ? [album] : []), ...shown);
  field.dataset.words = summaryOfFiles(files);
  return field;
}

function fillPicture(element, { url, thumbnail, name, caption, width, height }) {
  const link = element.firstElementChild;
  setOrRemove(link, "href", url);
  setOrRemove(link, "data-caption", caption);
  for (const [key, value] of Object.entries({ src: thumbnail, alt: caption ?? name, width, height })) setOrRemove(link.firstElementChild, key, value);
  return element;
}

function fillVoice(element, { url, duration, waveform }) {
  const [wave, levels, length] = [element.querySelector(".voice__wave"), levelsOf(waveform), formatDuration(duration)];
  Object.assign(element.dataset, { url, duration });
  wave.setAttribute("viewBox", `0 0 ${4 * levels.length} 33`);
  wave.setAttribute("aria-valuemax", secondsOf(duration));
  wave.setAttribute("aria-valuetext", `0:00 / ${length}`);
  wave.firstElementChild.setAttribute("d", wavePath(levels));
  setText(slot(element, "length"), length);
  element.querySelector(".file").href = url;
  return element;
}

function fillPlayer(player, length, { kind, url, name, thumbnail, width, height, duration }) {
  // Media from a stranger loads once the request is accepted (chat-actions.js).
  const waits = document.querySelector('#conversation[data-closed="request"]');
  const shown = kind === "video" && thumbnail && { [waits ? "data-poster" : "poster"]: thumbnail, width, height };
  const fields = { ...shown, preload: shown || waits ? "none" : "metadata", src: url, "aria-label": name };
  for (const [key, value] of Object.entries(fields)) setOrRemove(player, key, value);
  if (length && duration) setText(length, formatDuration(duration));
  else length?.remove();
}

function fillFile(element, file) {
  const [link, player] = [element.querySelector(".file"), element.querySelector("video, audio")];
  setOrRemove(link, "href", file.url);
  setOrRemove(link, "download", file.name);
  setText(slot(link, "name"), file.name);
  setText(slot(link, "about"), describeFile(file));
  if (player) fillPlayer(player, slot(element, "length"), file);
  if (file.caption) element.append(Object.assign(document.createElement("p"), { className: "attachment__caption", dir: "auto", textContent: file.caption }));
  return element;
}
