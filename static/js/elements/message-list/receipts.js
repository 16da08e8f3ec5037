import { seqOf } from "../../render/message.js";
import { receiptOf } from "../../render/parts/meta.js";
import { messagesOf } from "../../render/timeline.js";

const SHOWN = new Set(["sent", "delivered"]);

/** How far the reader's own messages have come (`reading.peerDeliveredSeq`), and were read (`reading.peerReadSeq`). */
export class Receipts {
  #list;
  #reading;

  constructor(list, reading) {
    this.#list = list;
    this.#reading = reading;
  }

  raise({ read = 0, delivered = read }) {
    const { peerReadSeq, peerDeliveredSeq } = this.#reading;
    if (read <= peerReadSeq && delivered <= peerDeliveredSeq) return;
    this.#reading.peerReadSeq = Math.max(read, peerReadSeq);
    this.#reading.peerDeliveredSeq = Math.max(delivered, peerDeliveredSeq);
    this.show();
  }

  show() {
    for (const item of messagesOf(this.#list)) {
      if (!SHOWN.has(item.dataset.state)) continue;
      const state = receiptOf(seqOf(item), this.#reading);
      if (item.dataset.state !== state) item.dataset.state = state;
    }
  }
}
