import { seqOf } from "../../render/message.js";
import { receiptOf } from "../../render/parts/meta.js";
import { messagesOf } from "../../render/timeline.js";

const SHOWN = new Set(["sent", "delivered", "read"]);

/** How far the reader's own messages have come (`reading.peerDeliveredSeq`), and were read (`reading.peerReadSeq`). */
export class Receipts {
  #list;
  #reading;
  #isHidden;

  /** With `isHidden`, what was read is only known to be delivered. */
  constructor(list, reading, isHidden) {
    this.#list = list;
    this.#reading = reading;
    this.#isHidden = isHidden;
  }

  hide(isHidden) {
    this.#isHidden = isHidden;
    if (!isHidden) return;
    this.#reading.peerReadSeq = 0;
    this.show();
  }

  raise({ read: seq = 0, delivered = seq }) {
    const read = this.#isHidden ? 0 : seq;
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
