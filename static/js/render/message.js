import { isEmojiOnly, linkify } from "../lib/text.js";
import { clock } from "../lib/time.js";

const CLASSES = ["is-mine", "is-follow", "is-emoji", "is-deleted", "is-new"];

const slot = (item, name) => item.querySelector(`[data-field="${name}"]`);

export function createMessage() {
  return document.getElementById("message-template").content.firstElementChild.cloneNode(true);
}

/** Sets or removes a class; the classes stay in one order, as the server writes them. */
export function mark(item, name, applies) {
  item.classList.toggle(name, applies);
  const marks = CLASSES.filter((each) => item.classList.contains(each));
  item.className = ["message", ...marks].join(" ");
}

/** Shows a message payload. `reading` tells who reads, the names, and how far the peer has read. */
export function fillMessage(item, message, reading) {
  const mine = message.senderId === reading.userId;
  Object.assign(item.dataset, {
    messageId: message._id ?? "",
    clientId: message.clientMessageId ?? "",
    seq: message.seq ?? "",
    senderId: message.senderId,
    state: mine ? stateOf(message, reading) : "",
  });
  slot(item, "sender").textContent = mine ? reading.userName : reading.peerName;
  mark(item, "is-mine", mine);
  mark(item, "is-deleted", Boolean(message.deleted));
  fillTime(item, message.createdAt);
  fillPicture(item, message);
  fillText(item, message.text ?? "");
}

/** Gives a message that the server rendered what only script can: links, and times in the reader's zone. */
export function decorateMessage(item) {
  fillTime(item, createdAt(item));
  fillText(item, slot(item, "text").textContent);
}

export function clearMessage(item) {
  mark(item, "is-deleted", true);
  fillPicture(item, {});
  fillText(item, "");
}

export const createdAt = (item) => slot(item, "time").dateTime;

/** Where a message stands; one that is not sent yet comes after all others. */
export const seqOf = (item) => Number(item.dataset.seq) || Infinity;

function stateOf(message, reading) {
  if (message.state) return message.state;
  return message.seq <= reading.peerReadSeq ? "read" : "sent";
}

function fillTime(item, iso) {
  const time = slot(item, "time");
  time.dateTime = iso;
  time.textContent = clock(iso);
}

function fillText(item, text) {
  slot(item, "text").replaceChildren(linkify(text.replace(/\r\n?/g, "\n")));
  mark(item, "is-emoji", slot(item, "picture").hidden && isEmojiOnly(text));
}

function fillPicture(item, { image, thumbnail, imageWidth, imageHeight, isLocal }) {
  const link = slot(item, "picture");
  link.hidden = !image;
  setOrRemove(link, "href", isLocal ? "" : image);
  const shown = { src: thumbnail ?? image, width: imageWidth, height: imageHeight };
  for (const [name, value] of Object.entries(shown)) setOrRemove(link.firstElementChild, name, value);
}

function setOrRemove(element, name, value) {
  if (!value) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
