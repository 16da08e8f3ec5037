/** Sends how far the reader has read, or how far this device has what was written: marks only rise, and each is kept until the server confirms it. */
export class Marks {
  #send;
  #gather;
  #highest = new Map();
  #unconfirmed = new Map();
  #unsent = new Set();
  #timer = 0;

  /** `send({peerId, seq})` uses whatever connection there is; it is called so many milliseconds after the first change. */
  constructor(send, gather) {
    this.#send = send;
    this.#gather = gather;
  }

  covers(peerId, seq) {
    return seq <= (this.#highest.get(peerId) ?? 0);
  }

  raise(peerId, seq) {
    if (this.covers(peerId, seq)) return;
    this.#highest.set(peerId, seq);
    this.#unconfirmed.set(peerId, seq);
    this.#unsent.add(peerId);
    this.#timer ||= setTimeout(() => this.flush(), this.#gather);
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
