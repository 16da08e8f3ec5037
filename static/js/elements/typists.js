import { on } from "../lib/bus.js";

const FORGET_AFTER = 5000;

/** Who is writing to the reader at the moment; calls `changed(ids)` when that changes. */
export class Typists {
  #timers = new Map();
  #changed;
  #ends;

  constructor(changed) {
    this.#changed = changed;
    this.#ends = [
      on("typing", ({ senderId }) => this.#start(senderId)),
      on("message", ({ message }) => this.#end(message.senderId)),
    ];
  }

  stop() {
    this.#ends.forEach((end) => end());
    this.#timers.forEach((timer) => clearTimeout(timer));
  }

  #start(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(id, setTimeout(() => this.#end(id), FORGET_AFTER));
    this.#tell();
  }

  #end(id) {
    clearTimeout(this.#timers.get(id));
    if (this.#timers.delete(id)) this.#tell();
  }

  #tell() {
    this.#changed(new Set(this.#timers.keys()));
  }
}
