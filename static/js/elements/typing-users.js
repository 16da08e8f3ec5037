import { on } from "../lib/bus.js";
import { peerOf } from "../lib/peers.js";
import { isolated } from "../lib/text.js";
import { counted, text } from "../lib/texts.js";
import { firstNameOf } from "../stores/people.js";

const EXPIRES_AFTER = 5000;

/** "Ada is typing…", for groups. */
export function typingText(ids) {
  const names = ids.map(firstNameOf);
  if (ids.length > 2) return counted("typing", ids.length);
  if (!ids.length || names.includes("")) return text("typing");
  const words = text(ids.length > 1 ? "typing-two" : "typing-one");
  return words.replace("{name}", () => isolated(names[0])).replace("{other}", () => isolated(names[1]));
}

/** Tracks who is typing; calls `changed(typing)` on every change, with a map from peer to people. */
export class TypingUsers {
  #timers = new Map();
  #changed;
  #cleanups;

  constructor(changed) {
    this.#changed = changed;
    this.#cleanups = [
      on("typing", (where) => this.#start(keyOf(where))),
      on("message", ({ message }) => this.#end(keyOf(message))),
    ];
  }

  stop() {
    this.#cleanups.forEach((cleanup) => cleanup());
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
