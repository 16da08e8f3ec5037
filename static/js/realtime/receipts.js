/** Sends read or delivery receipts: per peer, the highest `seq`, which is kept until the server confirms it. */
export class ReceiptSender {
  #send;
  #delay;
  #highest = new Map();
  #unconfirmed = new Map();
  #unsent = new Set();
  #timer = 0;

  /** `send({peerId, seq})` uses whatever connection there is; it is called `delay` milliseconds after the first change. */
  constructor(send, delay) {
    this.#send = send;
    this.#delay = delay;
  }

  hasReached(peerId, seq) {
    return seq <= (this.#highest.get(peerId) ?? 0);
  }

  advance(peerId, seq) {
    if (this.hasReached(peerId, seq)) return;
    this.#highest.set(peerId, seq);
    this.#unconfirmed.set(peerId, seq);
    this.#unsent.add(peerId);
    this.#timer ||= setTimeout(() => this.flush(), this.#delay);
  }

  confirm(peerId, seq) {
    if (seq > (this.#highest.get(peerId) ?? 0)) this.#highest.set(peerId, seq);
    if (seq >= this.#unconfirmed.get(peerId)) this.#unconfirmed.delete(peerId);
  }

  /** After a reconnect, since receipts may have been lost. */
  resend() {
    this.#unsent = new Set(this.#unconfirmed.keys());
    this.flush();
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const [peerId, seq] of this.#unconfirmed) {
      if (this.#unsent.delete(peerId)) this.#send({ peerId, seq });
    }
  }
}
