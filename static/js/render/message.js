// A message, put together of its parts. templates/messaging/_message.html is the same for what the server renders.
import { textOf } from "../lib/system-messages.js";
import { learn } from "../stores/people.js";
import { fillAttachments, fillListened } from "./parts/attachments.js";
import { authorIn, fillAuthor } from "./parts/author.js";
import { fillForwarded } from "./parts/forwarded.js";
import { fillLinkPreview } from "./parts/link-preview.js";
import { createdAt, editedAt, fillEdited, fillTime, stateOf } from "./parts/meta.js";
import { decorateOnce, fillOnce, isOpened } from "./parts/view-once.js";
import { fillPicture } from "./parts/picture.js";
import { clearReactions, fillReactions } from "./parts/reactions.js";
import { clearReply, decorateReply, fillReply } from "./parts/reply.js";
import { decorateText, fillText } from "./parts/text.js";
import { mark } from "./slots.js";

export function createMessage() {
  return document.getElementById("message-template").content.firstElementChild.cloneNode(true);
}

/** Shows a message payload. `reading` tells who reads, the names, and how far the peer has read. */
export function fillMessage(item, message, reading) {
  const mine = message.senderId === reading.userId && !message.system;
  const listened = item.dataset.messageId === message._id ? item.dataset.listened : undefined;
  const wasOpened = item.dataset.messageId === message._id && isOpened(item);
  fillKeys(item, message, stateOf(message, reading));
  fillAuthor(item, message, reading);
  mark(item, "is-mine", mine);
  mark(item, "is-deleted", Boolean(message.deleted));
  mark(item, "is-system", Boolean(message.system));
  mark(item, "is-disappearing", Boolean(message.expiresAt));
  fillTime(item, message.createdAt);
  fillEdited(item, message.editedAt);
  fillReply(item, message, reading);
  fillForwarded(item, message);
  fillPicture(item, message);
  fillAttachments(item, message);
  fillListened(item, message, reading, listened);
  fillOnce(item, message, reading, wasOpened);
  fillText(item, textOf(message), message.mentions);
  fillLinkPreview(item, message);
  fillReactions(item, message, reading);
}

/** Gives a message that the server rendered what only script can: links, and times in the reader's zone. */
export function decorateMessage(item) {
  fillTime(item, createdAt(item));
  fillEdited(item, editedAt(item));
  decorateText(item);
  decorateReply(item);
  decorateOnce(item);
  const author = authorIn(item);
  if (author) learn(item.dataset.senderId, author);
}

export function clearMessage(item) {
  mark(item, "is-deleted", true);
  item.dataset.pinnedAt = item.dataset.listened = "";
  clearReply(item);
  fillForwarded(item, {});
  clearReactions(item);
  fillEdited(item, "");
  fillPicture(item, {});
  fillAttachments(item, {});
  fillOnce(item, {}, {});
  fillText(item, "");
  fillLinkPreview(item, {});
}

/** Where a message stands; one that is not sent yet comes after all others. */
export const seqOf = (item) => Number(item.dataset.seq) || Infinity;

function fillKeys(item, { _id = "", clientMessageId, seq = "", senderId, pinnedAt = "", expiresAt = "" }, state) {
  const keys = { messageId: _id, clientId: clientMessageId ?? "", seq: String(seq), senderId, state, pinnedAt, expiresAt };
  for (const [name, key] of Object.entries(keys)) {
    if (item.dataset[name] !== key) item.dataset[name] = key;
  }
}
