import { emit } from "../lib/bus.js";
import { shrinkPicture } from "../lib/shrink.js";

const pictures = new Map();

/** The picture that waits to be sent to this person: it stays when another conversation is opened. */
export function pictureFor(peerId) {
  if (!pictures.has(peerId)) pictures.set(peerId, new WaitingPicture());
  return pictures.get(peerId);
}

class WaitingPicture {
  /** Null, or what `shrinkPicture` made of the file. */
  value = null;
  /** Whoever shows it at the moment. */
  changed = () => {};
  #turn = 0;
  #working = null;

  get isBusy() {
    return this.#working !== null;
  }

  /** The last one that is chosen counts, however long each of them takes. */
  take(file) {
    this.#turn += 1;
    this.#working = this.#shrink(file, this.#turn);
    this.changed();
  }

  clear() {
    this.#turn += 1;
    this.#finish(null);
  }

  /** Waits for what is under way; false when that turned out to be no picture. */
  async settled() {
    let isFine = true;
    while (this.#working) isFine = await this.#working;
    return isFine;
  }

  async #shrink(file, turn) {
    const outcome = await shrinkPicture(file).catch((error) => error);
    if (turn !== this.#turn) return true;
    const isFine = !(outcome instanceof Error);
    if (!isFine) emit("notice", { text: outcome.message, kind: "error" });
    this.#finish(isFine ? outcome : this.value);
    return isFine;
  }

  #finish(value) {
    this.value = value;
    this.#working = null;
    this.changed();
  }
}
