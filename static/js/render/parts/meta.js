// When a message was sent, and what became of one's own: the words are in the markup, `data-state` chooses.
import { clock, showTime } from "../../lib/time.js";
import { slot } from "../slots.js";

export const createdAt = (item) => slot(item, "time").dateTime;

export function fillTime(item, moment) {
  showTime(slot(item, "time"), moment, clock(moment));
}

/** "pending", "sent", "read" or "failed"; nothing where somebody else wrote. */
export function stateOf(message, { userId, peerReadSeq }) {
  if (message.senderId !== userId || message.system) return "";
  return message.state ?? (message.seq <= peerReadSeq ? "read" : "sent");
}
