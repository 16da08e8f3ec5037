const GATHER = 250;

/** Tells how far the reader has read: marks only rise, and each is kept until the server confirms it. */
export class Marks {
  #send;
  #highest = new Map();
  #unconfirmed = new Map();
  #untold = new Set();
  #timer = 0;

  /** `send({peerId, seq})` tells the server by whatever way there is at the moment. */
  constructor(send) {
    this.#send = send;
  }

  raise(peerId, seq) {
    if (seq <= (this.#highest.get(peerId) ?? 0)) return;
    this.#highest.set(peerId, seq);
    this.#unconfirmed.set(peerId, seq);
    this.#untold.add(peerId);
    this.#timer ||= setTimeout(() => this.tell(), GATHER);
  }

  confirm(peerId, seq) {
    if (seq > (this.#highest.get(peerId) ?? 0)) this.#highest.set(peerId, seq);
    if (seq >= this.#unconfirmed.get(peerId)) this.#unconfirmed.delete(peerId);
  }

  /** After a connection that may have lost some on their way. */
  tellAgain() {
    this.#untold = new Set(this.#unconfirmed.keys());
    this.tell();
  }

  tell() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const [peerId, seq] of this.#unconfirmed) {
      if (this.#untold.delete(peerId)) this.#send({ peerId, seq });
    }
  }
}
