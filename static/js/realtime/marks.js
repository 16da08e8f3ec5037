const GATHER = 250;

/** Sends how far the reader has read: marks only rise, and each is kept until the server confirms it. */
export class Marks {
  #send;
  #highest = new Map();
  #unconfirmed = new Map();
  #unsent = new Set();
  #timer = 0;

  /** `send({peerId, seq})` uses whatever connection there is at the moment. */
  constructor(send) {
    this.#send = send;
  }

  raise(peerId, seq) {
    if (seq <= (this.#highest.get(peerId) ?? 0)) return;
    this.#highest.set(peerId, seq);
    this.#unconfirmed.set(peerId, seq);
    this.#unsent.add(peerId);
    this.#timer ||= setTimeout(() => this.flush(), GATHER);
  }

  confirm(peerId, seq) {
    if (seq > (this.#highest.get(peerId) ?? 0)) this.#highest.set(peerId, seq);
    if (seq >= this.#unconfirmed.get(peerId)) this.#unconfirmed.delete(peerId);
  }

  /** After a connection that may have lost some on their way. */
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
