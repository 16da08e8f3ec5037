import { on } from "../lib/bus.js";
import { peerOf } from "../lib/peers.js";
import { isolated } from "../lib/text.js";
import { counted, text } from "../lib/texts.js";
import { firstNameOf } from "../stores/people.js";

const EXPIRES_AFTER = 5000;

/** "Ada is typing…", for a group. */
export function typingWords(ids) {
  const names = ids.map(firstNameOf);
  if (ids.length > 2) return counted("typing", ids.length);
  if (!ids.length || names.includes("")) return text("typing");
  const words = text(ids.length > 1 ? "typing-two" : "typing-one");
  return words.replace("{name}", () => isolated(names[0])).replace("{other}", () => isolated(names[1]));
}

/** Who is typing where; calls `changed(typing)` when that changes: the people by conversation. */
export class Typists {
  #timers = new Map();
  #changed;
  #ends;

  constructor(changed) {
    this.#changed = changed;
    this.#ends = [
      on("typing", (where) => this.#start(keyOf(where))),
      on("message", ({ message }) => this.#end(keyOf(message))),
    ];
  }

  stop() {
    this.#ends.forEach((end) => end());
    this.#timers.forEach((timer) => clearTimeout(timer));
  }

  #start(key) {
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => this.#end(key), EXPIRES_AFTER));
    this.#notify();
  }

  #end(key) {
    clearTimeout(this.#timers.get(key));
    if (this.#timers.delete(key)) this.#notify();
  }

  #notify() {
    const typing = new Map();
    for (const key of this.#timers.keys()) {
      const [peerId, senderId] = key.split(" ");
      typing.set(peerId, [...(typing.get(peerId) ?? []), senderId]);
    }
    this.#changed(typing);
  }
}

const keyOf = (event) => `${peerOf(event, document.body.dataset.userId)} ${event.senderId}`;
