// The time of a message, whether it was edited, and its delivery state: the texts are in the markup, `data-state` selects one.
import { clock, fullDate, showTime } from "../../lib/time.js";
import { setOrRemove, slot } from "../slots.js";

const MINUTE = 60_000;

export const createdAt = (item) => slot(item, "time").dateTime;

export function fillTime(item, moment) {
  showTime(slot(item, "time"), moment, clock(moment));
}

export const editedAt = (item) => slot(item, "edited").dataset.at;

/** Hidden if `moment` is empty. */
export function fillEdited(item, moment) {
  const field = slot(item, "edited");
  setOrRemove(field, "data-at", moment);
  setOrRemove(field, "title", moment && fullDate(moment));
  field.hidden = !moment;
}

/** Whether its sender may still edit it. */
export function isInTimeToEdit(moment) {
  return Date.now() < Date.parse(moment) + Number(document.body.dataset.editMinutes) * MINUTE;
}

/** "pending", "sent", "delivered", "read" or "failed"; "" for messages of others. */
export function stateOf(message, { userId, peerReadSeq, peerDeliveredSeq }) {
  if (message.senderId !== userId || message.system) return "";
  return message.state ?? receiptOf(message.seq, { peerReadSeq, peerDeliveredSeq });
}

/** The state of a message that the server has. */
export function receiptOf(seq, { peerReadSeq, peerDeliveredSeq }) {
  if (seq <= peerReadSeq) return "read";
  return seq <= peerDeliveredSeq ? "delivered" : "sent";
}
