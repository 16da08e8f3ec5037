// The files of a message: templates/messaging/parts/_attachments.html is the same for what the server renders.
import { about, isVoice, lengthInWords, levelsOf, secondsOf, sizeInWords, wavePath, wordsOfFiles } from "../../lib/attachments.js";
import { mark, setOrRemove, slot, write } from "../slots.js";

const PICTURE = ["src", "alt", "width", "height"];

/** Leaves alone what is shown so already: it may be playing. */
export function fillAttachments(item, { attachments, viewOnce, deleted, isLocal }) {
  fillUpload(item, Boolean((attachments || viewOnce) && isLocal));
  const field = slot(item, "attachments");
  if (!attachments || deleted) return field?.remove();
  const shown = create(attachments);
  if (!field) slot(item, "picture").after("\n", shown);
  else if (!isShown(field, shown)) renew(field, shown);
}

/** A picture stays until the same one has come from the server: another element would be empty until then. */
function renew(field, shown) {
  const [before, after] = [field, shown].map((each) => [...each.querySelectorAll(".album img")]);
  after.forEach((each, place) => before[place] && each.replaceWith(before[place]));
  field.replaceWith(shown);
  after.forEach((each, place) => before[place] && PICTURE.forEach((name) => setOrRemove(before[place], name, each.getAttribute(name))));
}

/**
 * Of a voice message: "no" until the reader has listened to it, and of their own one "yes" once somebody else has.
 * `before` is what was known of it: events do not say.
 */
export function fillListened(item, message, { userId }, before) {
  const { senderId, deleted, listened } = message;
  const isIt = isVoice(message) && !deleted;
  const state = senderId === userId ? (listened || before === "yes" ? "yes" : "") : listened || before === "" ? "" : "no";
  item.dataset.listened = isIt ? state : "";
}

/** A player changes while it plays. */
function isShown(field, shown) {
  const [now, next] = [field, shown].map((each) => each.querySelector(".voice")?.dataset.url);
  return next ? now === next : field.isEqualNode(shown);
}

/** On its way: how far, and the way out. */
export function showUpload(item, { sent, size }) {
  const field = slot(item, "upload");
  if (!field) return;
  field.firstElementChild.value = sent / size;
  write(slot(field, "sent"), `${Math.floor((100 * sent) / size)} % / ${sizeInWords(size)}`);
}

/** The class is for the styles: by `:has` they would look for the bar in all messages anew, whenever one comes. */
function fillUpload(item, isUnderWay) {
  mark(item, "is-uploading", isUnderWay);
  const field = slot(item, "upload");
  if (!isUnderWay) return field?.remove();
  if (field) return;
  item.querySelector(".message__meta").prepend(document.getElementById("upload-template").content.firstElementChild.cloneNode(true));
}

/** In few words, of what is in the page; nothing for one picture, and for none. */
export const wordsIn = (item) => (slot(item, "view-once") ?? slot(item, "attachments"))?.dataset.words ?? "";

export function smallPictureIn(item) {
  const shown = slot(item, "attachments")?.querySelector(".album img, video[poster]");
  return shown?.getAttribute("poster") ?? shown?.getAttribute("src");
}

/** Of a template with one file of each kind. */
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
  field.dataset.words = wordsOfFiles(files);
  return field;
}

function fillPicture(place, { url, thumbnail, name, caption, width, height }) {
  const link = place.firstElementChild;
  setOrRemove(link, "href", url);
  setOrRemove(link, "data-caption", caption);
  for (const [key, value] of Object.entries({ src: thumbnail, alt: caption ?? name, width, height })) setOrRemove(link.firstElementChild, key, value);
  return place;
}

function fillVoice(place, { url, duration, waveform }) {
  const [wave, levels, length] = [place.querySelector(".voice__wave"), levelsOf(waveform), lengthInWords(duration)];
  Object.assign(place.dataset, { url, duration });
  wave.setAttribute("viewBox", `0 0 ${4 * levels.length} 33`);
  wave.setAttribute("aria-valuemax", secondsOf(duration));
  wave.setAttribute("aria-valuetext", `0:00 / ${length}`);
  wave.firstElementChild.setAttribute("d", wavePath(levels));
  write(slot(place, "length"), length);
  place.querySelector(".file").href = url;
  return place;
}

function fillPlayer(player, length, { kind, url, name, thumbnail, width, height, duration }) {
  // What a stranger sends loads once it is accepted (chat-actions.js).
  const waits = document.querySelector('#conversation[data-closed="request"]');
  const shown = kind === "video" && thumbnail && { [waits ? "data-poster" : "poster"]: thumbnail, width, height };
  const fields = { ...shown, preload: shown || waits ? "none" : "metadata", src: url, "aria-label": name };
  for (const [key, value] of Object.entries(fields)) setOrRemove(player, key, value);
  if (length && duration) write(length, lengthInWords(duration));
  else length?.remove();
}

function fillFile(place, file) {
  const [link, player] = [place.querySelector(".file"), place.querySelector("video, audio")];
  setOrRemove(link, "href", file.url);
  setOrRemove(link, "download", file.name);
  write(slot(link, "name"), file.name);
  write(slot(link, "about"), about(file));
  if (player) fillPlayer(player, slot(place, "length"), file);
  if (file.caption) place.append(Object.assign(document.createElement("p"), { className: "attachment__caption", dir: "auto", textContent: file.caption }));
  return place;
}
