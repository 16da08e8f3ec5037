// When a message was sent and edited, and what became of one's own: the words are in the markup, `data-state` chooses.
import { clock, fullDate, showTime } from "../../lib/time.js";
import { setOrRemove, slot } from "../slots.js";

const MINUTE = 60_000;

export const createdAt = (item) => slot(item, "time").dateTime;

export function fillTime(item, moment) {
  showTime(slot(item, "time"), moment, clock(moment));
}

export const editedAt = (item) => slot(item, "edited").dataset.at;

/** Nothing for one that says what it said from the beginning. */
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

/** "pending", "sent", "delivered", "read" or "failed"; nothing where somebody else wrote. */
export function stateOf(message, { userId, peerReadSeq, peerDeliveredSeq }) {
  if (message.senderId !== userId || message.system) return "";
  return message.state ?? receiptOf(message.seq, { peerReadSeq, peerDeliveredSeq });
}

/** Of what the server has. */
export function receiptOf(seq, { peerReadSeq, peerDeliveredSeq }) {
  if (seq <= peerReadSeq) return "read";
  return seq <= peerDeliveredSeq ? "delivered" : "sent";
}
