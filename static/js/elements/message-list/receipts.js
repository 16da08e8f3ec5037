import { seqOf } from "../../render/message.js";
import { receiptOf } from "../../render/parts/meta.js";
import { messagesOf } from "../../render/timeline.js";

const RECEIPT_STATES = new Set(["sent", "delivered", "read"]);

/** Shows up to where the reader's messages were delivered (`context.peerDeliveredSeq`) and read (`context.peerReadSeq`). */
export class Receipts {
  #list;
  #context;
  #isHidden;

  /** With `isHidden`, read messages are shown as delivered. */
  constructor(list, context, isHidden) {
    this.#list = list;
    this.#context = context;
    this.#isHidden = isHidden;
  }

  hide(isHidden) {
    this.#isHidden = isHidden;
    if (!isHidden) return;
    this.#context.peerReadSeq = 0;
    this.show();
  }

  advance({ read: seq = 0, delivered = seq }) {
    const read = this.#isHidden ? 0 : seq;
    const { peerReadSeq, peerDeliveredSeq } = this.#context;
    if (read <= peerReadSeq && delivered <= peerDeliveredSeq) return;
    this.#context.peerReadSeq = Math.max(read, peerReadSeq);
    this.#context.peerDeliveredSeq = Math.max(delivered, peerDeliveredSeq);
    this.show();
  }

  show() {
    for (const item of messagesOf(this.#list)) {
      if (!RECEIPT_STATES.has(item.dataset.state)) continue;
      const state = receiptOf(seqOf(item), this.#context);
      if (item.dataset.state !== state) item.dataset.state = state;
    }
  }
}
