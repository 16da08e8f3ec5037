import { emit } from "../lib/bus.js";
import { shrinkPicture } from "../lib/shrink.js";
import { text } from "../lib/texts.js";
import { sizeInWords } from "../lib/attachments.js";

const MOST = 10; // messaging/shapes/attachments.py has the same

const waiting = new Map();

/** The files that wait to be sent to this person: they stay when another conversation is opened. */
export function filesFor(peerId) {
  if (!waiting.has(peerId)) waiting.set(peerId, new WaitingFiles());
  return waiting.get(peerId);
}

/** Whoever they are for: they are in this page alone. */
export const areFilesWaiting = () => [...waiting.values()].some(({ items }) => items.length);

class WaitingFiles {
  /**
   * `{file, picture, video?, caption?}`: a picture as `shrinkPicture` makes it, null for what is none, undefined until that is
   * known; of a video what `<video-frame>` takes.
   */
  items = [];
  /** Whether pictures are sent as they are, and not as they were shrunk. */
  areOriginal = false;
  /** Whether each receiver is to open them once, where they can be sent so. */
  isOnce = false;
  /** Whoever shows them at the moment. */
  changed = () => {};
  #working = Promise.resolve();

  get isBusy() {
    return this.items.some(({ picture }) => picture === undefined);
  }

  /** What there is room for; whoever gave more is told. */
  take(files) {
    const limit = Number(document.body.dataset.fileLimit);
    const fitting = files.filter(({ size }) => size <= limit);
    const items = fitting.slice(0, MOST - this.items.length).map((file) => ({ file }));
    if (fitting.length < files.length) emit("notice", { text: text("file-too-large").replace("{limit}", sizeInWords(limit)), kind: "error" });
    if (items.length < fitting.length) emit("notice", { text: text("ten-files"), kind: "info" });
    this.items.push(...items);
    // One after the other: each takes as much memory as it has pixels.
    for (const item of items) this.#working = this.#working.then(() => this.#look(item));
    this.changed();
  }

  /** A recording that was not sent: `{duration, waveform}` make it a voice message, as long as it is alone. */
  takeVoice(file, voice) {
    this.items.push({ file, picture: null, voice });
    this.changed();
  }

  remove(item) {
    this.items = this.items.filter((each) => each !== item);
    this.changed();
  }

  keepOriginals() {
    this.areOriginal = !this.areOriginal;
    this.changed();
  }

  /** Pictures that are shown, or a recording alone. */
  get canBeOnce() {
    return this.items.length > 0 && (this.items.every(({ picture }) => picture?.width) || (this.items.length === 1 && Boolean(this.items[0].voice)));
  }

  openOnce() {
    this.isOnce = !this.isOnce;
    this.changed();
  }

  /** The same items, in that order. */
  order(items) {
    this.items = items;
  }

  clear() {
    this.items = [];
    this.areOriginal = this.isOnce = false;
    this.changed();
  }

  /** Waits for what is under way. */
  async settled() {
    while (this.isBusy) await this.#working;
  }

  /** As a message takes them: one picture is its `image`, which every client shows. */
  get value() {
    const [first, ...others] = this.items;
    if (first?.picture && !others.length && !this.areOriginal && !first.caption?.trim() && !this.isOnce) return { image: first.picture, attachments: [] };
    return { image: null, ...this.uploads };
  }

  /** The same, all of them as attachments. */
  get uploads() {
    const viewOnce = this.isOnce && this.canBeOnce;
    const attachments = this.items.map((item) => (viewOnce ? fileOf : attachmentOf)(item, this.areOriginal));
    const [{ voice } = {}, ...others] = this.items;
    if (!others.length && voice) Object.assign(attachments[0], voice);
    return { attachments, ...(viewOnce && { viewOnce }) };
  }

  async #look(item) {
    if (!this.items.includes(item)) return;
    const { file } = item;
    if (!(await isReadable(file))) {
      this.remove(item);
      return emit("notice", { text: text("file-unreadable").replace("{name}", () => file.name), kind: "error" });
    }
    if (kindOf(file.type) === "video") item.video = await frameOf(file).catch(() => null);
    item.picture = item.video ? null : await shrinkPicture(file).catch(() => null);
    this.changed();
  }
}

/** A folder is not, and an empty file has nothing to send. */
async function isReadable(file) {
  const beginning = await file.slice(0, 1).arrayBuffer().catch(() => null);
  return Boolean(beginning?.byteLength);
}

async function frameOf(file) {
  await import(document.body.dataset.videoFrame);
  return document.createElement("video-frame").take(file);
}

function attachmentOf(item, isOriginal) {
  const caption = item.caption?.trim();
  return { ...fileOf(item, isOriginal), ...(caption && { caption }) };
}

function fileOf({ file, picture, video }, isOriginal) {
  const { name, type } = file;
  if (!picture || isOriginal) return { blob: file, name, type, size: file.size, kind: picture?.width ? "picture" : kindOf(type), ...video };
  const { blob, width, height } = picture;
  return { blob, name: blob === file ? name : renamed(name, blob), type: blob.type, size: blob.size, width, height, kind: width ? "picture" : "file" };
}

/** By what it is now. */
function renamed(name, { type }) {
  return name.replace(/(\.\w{1,5})?$/, type.replace("image/", ".").replace("jpeg", "jpg"));
}

function kindOf(type) {
  const [main] = type.split("/");
  return ["video", "audio"].includes(main) ? main : "file";
}
