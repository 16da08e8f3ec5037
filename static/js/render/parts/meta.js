// When a message was sent, and what became of one's own: the words are in the markup, `data-state` chooses.
import { clock, showTime } from "../../lib/time.js";
import { slot } from "../slots.js";

export const createdAt = (item) => slot(item, "time").dateTime;

export function fillTime(item, moment) {
  showTime(slot(item, "time"), moment, clock(moment));
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
