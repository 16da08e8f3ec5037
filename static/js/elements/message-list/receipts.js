import { seqOf } from "../../render/message.js";
import { messagesOf } from "../../render/timeline.js";

/** How far the reader's own messages were read by the other side: `reading.peerReadSeq`. */
export class Receipts {
  #list;
  #reading;

  constructor(list, reading) {
    this.#list = list;
    this.#reading = reading;
  }

  raise(seq) {
    if (seq <= this.#reading.peerReadSeq) return;
    this.#reading.peerReadSeq = seq;
    this.show();
  }

  show() {
    for (const item of messagesOf(this.#list)) {
      if (item.dataset.state === "sent" && seqOf(item) <= this.#reading.peerReadSeq) item.dataset.state = "read";
    }
  }
}
