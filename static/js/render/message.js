import { isEmojiOnly, linkify } from "../lib/text.js";
import { clock, showTime } from "../lib/time.js";
import { srcset } from "./srcset.js";

const CLASSES = ["is-mine", "is-follow", "is-followed", "is-emoji", "is-deleted", "is-new"];

const slot = (item, name) => item.querySelector(`[data-field="${name}"]`);

export function createMessage() {
  return document.getElementById("message-template").content.firstElementChild.cloneNode(true);
}

/** Sets or removes a class; the classes stay in one order, as the server writes them. */
export function mark(item, name, applies) {
  if (item.classList.contains(name) === applies) return;
  item.classList.toggle(name, applies);
  const marks = CLASSES.filter((each) => item.classList.contains(each));
  item.className = ["message", ...marks].join(" ");
}

/** Shows a message payload. `reading` tells who reads, the names, and how far the peer has read. */
export function fillMessage(item, message, reading) {
  const mine = message.senderId === reading.userId;
  setOrRemove(item, "aria-keyshortcuts", mine && !message.deleted && "Delete");
  fillKeys(item, message, mine ? stateOf(message, reading) : "");
  write(slot(item, "sender"), mine ? reading.userName : reading.peerName);
  mark(item, "is-mine", mine);
  mark(item, "is-deleted", Boolean(message.deleted));
  showTime(slot(item, "time"), message.createdAt, clock(message.createdAt));
  fillPicture(item, message);
  fillText(item, message.text ?? "");
}

/** Gives a message that the server rendered what only script can: links, and times in the reader's zone. */
export function decorateMessage(item) {
  showTime(slot(item, "time"), createdAt(item), clock(createdAt(item)));
  const text = slot(item, "text");
  const linked = linkify(text.textContent);
  if (linked.firstElementChild) text.replaceChildren(linked);
}

export function clearMessage(item) {
  item.removeAttribute("aria-keyshortcuts");
  mark(item, "is-deleted", true);
  fillPicture(item, {});
  fillText(item, "");
}

/** Leaves alone what reads so already: a change would be read out, and drawn, again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const createdAt = (item) => slot(item, "time").dateTime;

/** Where a message stands; one that is not sent yet comes after all others. */
export const seqOf = (item) => Number(item.dataset.seq) || Infinity;

function stateOf(message, reading) {
  if (message.state) return message.state;
  return message.seq <= reading.peerReadSeq ? "read" : "sent";
}

function fillKeys(item, { _id = "", clientMessageId, seq = "", senderId }, state) {
  const keys = { messageId: _id, clientId: clientMessageId ?? "", seq: String(seq), senderId, state };
  for (const [name, key] of Object.entries(keys)) {
    if (item.dataset[name] !== key) item.dataset[name] = key;
  }
}

function fillText(item, text) {
  const field = slot(item, "text");
  const words = text.replace(/\r\n?/g, "\n");
  if (field.textContent !== words) field.replaceChildren(linkify(words));
  mark(item, "is-emoji", slot(item, "picture").hidden && isEmojiOnly(text));
}

function fillPicture(item, message) {
  const { image, thumbnail, imageWidth, imageHeight, isLocal } = message;
  const link = slot(item, "picture");
  link.hidden = !image;
  setOrRemove(link, "href", isLocal ? "" : image);
  const widths = srcset(message);
  const shown = {
    srcset: widths, sizes: widths && "22rem", src: thumbnail ?? image, width: imageWidth, height: imageHeight,
  };
  for (const [name, value] of Object.entries(shown)) setOrRemove(link.firstElementChild, name, value);
}

function setOrRemove(element, name, value) {
  if (!value) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
