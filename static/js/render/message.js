// Renders a message from its parts, with the same markup as templates/messaging/_message.html.
import { textOf } from "../lib/system-messages.js";
import { addPerson } from "../stores/people.js";
import { fillAttachments, fillListened } from "./parts/attachments.js";
import { authorIn, fillAuthor } from "./parts/author.js";
import { fillForwarded } from "./parts/forwarded.js";
import { fillLinkPreview } from "./parts/link-preview.js";
import { createdAt, editedAt, fillEdited, fillTime, stateOf } from "./parts/meta.js";
import { decorateViewOnce, fillViewOnce, isOpened } from "./parts/view-once.js";
import { fillPicture } from "./parts/picture.js";
import { clearReactions, fillReactions } from "./parts/reactions.js";
import { clearReply, decorateReply, fillReply } from "./parts/reply.js";
import { decorateText, fillText } from "./parts/text.js";
import { toggleClass } from "./slots.js";

export function createMessage() {
  return document.getElementById("message-template").content.firstElementChild.cloneNode(true);
}

/** Renders a message payload. `context` has the reader, the names, and how far the peer has read. */
export function fillMessage(item, message, context) {
  const mine = message.senderId === context.userId && !message.system;
  const listened = item.dataset.messageId === message._id ? item.dataset.listened : undefined;
  const wasOpened = item.dataset.messageId === message._id && isOpened(item);
  fillKeys(item, message, stateOf(message, context));
  fillAuthor(item, message, context);
  toggleClass(item, "is-mine", mine);
  toggleClass(item, "is-deleted", Boolean(message.deleted));
  toggleClass(item, "is-system", Boolean(message.system));
  toggleClass(item, "is-disappearing", Boolean(message.expiresAt));
  fillTime(item, message.createdAt);
  fillEdited(item, message.editedAt);
  fillReply(item, message, context);
  fillForwarded(item, message);
  fillPicture(item, message);
  fillAttachments(item, message);
  fillListened(item, message, context, listened);
  fillViewOnce(item, message, context, wasOpened);
  fillText(item, textOf(message), message.mentions);
  fillLinkPreview(item, message);
  fillReactions(item, message, context);
}

/** Adds to a server-rendered message what needs script: links, and times in the reader's zone. */
export function decorateMessage(item) {
  fillTime(item, createdAt(item));
  fillEdited(item, editedAt(item));
  decorateText(item);
  decorateReply(item);
  decorateViewOnce(item);
  const author = authorIn(item);
  if (author) addPerson(item.dataset.senderId, author);
}

export function clearMessage(item) {
  toggleClass(item, "is-deleted", true);
  item.dataset.pinnedAt = item.dataset.listened = "";
  clearReply(item);
  fillForwarded(item, {});
  clearReactions(item);
  fillEdited(item, "");
  fillPicture(item, {});
  fillAttachments(item, {});
  fillViewOnce(item, {}, {});
  fillText(item, "");
  fillLinkPreview(item, {});
}

/** The sort key of a message; unsent ones come last. */
export const seqOf = (item) => Number(item.dataset.seq) || Infinity;

function fillKeys(item, { _id = "", clientMessageId, seq = "", senderId, pinnedAt = "", expiresAt = "" }, state) {
  const keys = { messageId: _id, clientId: clientMessageId ?? "", seq: String(seq), senderId, state, pinnedAt, expiresAt };
  for (const [name, key] of Object.entries(keys)) {
    if (item.dataset[name] !== key) item.dataset[name] = key;
  }
}
