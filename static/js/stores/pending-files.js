import { emit } from "../lib/bus.js";
import { shrinkPicture } from "../lib/shrink.js";
import { text } from "../lib/texts.js";
import { formatSize } from "../lib/attachments.js";

const MAX_FILES = 10; // as in messaging/shapes/attachments.py

const pending = new Map();

/** The files attached to the next message to this peer. They stay when another conversation is opened. */
export function pendingFilesFor(peerId) {
  if (!pending.has(peerId)) pending.set(peerId, new PendingFiles());
  return pending.get(peerId);
}

/** For any peer: such files exist in this page only. */
export const hasPendingFiles = () => [...pending.values()].some(({ items }) => items.length);

class PendingFiles {
  /**
   * `{file, picture, video?, caption?}`. `picture` is the result of `shrinkPicture`, null if it is none, undefined until that is
   * known; `video` is the result of `<video-frame>`.
   */
  items = [];
  /** Whether pictures are sent in original quality. */
  areOriginal = false;
  /** Whether they are sent as view-once, if possible. */
  isViewOnce = false;
  /** Set by the view that shows them. */
  onChange = () => {};
  #preparing = Promise.resolve();

  get isBusy() {
    return this.items.some(({ picture }) => picture === undefined);
  }

  /** Adds as many as there is room for, with a notice about the others. */
  add(files) {
    const limit = Number(document.body.dataset.fileLimit);
    const fitting = files.filter(({ size }) => size <= limit);
    const items = fitting.slice(0, MAX_FILES - this.items.length).map((file) => ({ file }));
    if (fitting.length < files.length) emit("notice", { text: text("file-too-large").replace("{limit}", formatSize(limit)), kind: "error" });
    if (items.length < fitting.length) emit("notice", { text: text("ten-files"), kind: "info" });
    this.items.push(...items);
    // One after the other, since each decoded picture takes much memory.
    for (const item of items) this.#preparing = this.#preparing.then(() => this.#prepare(item));
    this.onChange();
  }

  /** Adds an unsent recording. As the only file it is sent as a voice message, with `voice`: `{duration, waveform}`. */
  addVoice(file, voice) {
    this.items.push({ file, picture: null, voice });
    this.onChange();
  }

  remove(item) {
    this.items = this.items.filter((each) => each !== item);
    this.onChange();
  }

  toggleOriginals() {
    this.areOriginal = !this.areOriginal;
    this.onChange();
  }

  /** Only decodable pictures, or a single recording. */
  get canBeViewOnce() {
    return this.items.length > 0 && (this.items.every(({ picture }) => picture?.width) || (this.items.length === 1 && Boolean(this.items[0].voice)));
  }

  toggleViewOnce() {
    this.isViewOnce = !this.isViewOnce;
    this.onChange();
  }

  /** `items` are the same items in another order. */
  reorder(items) {
    this.items = items;
  }

  clear() {
    this.items = [];
    this.areOriginal = this.isViewOnce = false;
    this.onChange();
  }

  /** Resolves once all files are prepared. */
  async settled() {
    while (this.isBusy) await this.#preparing;
  }

  /** In the form of a message: a single picture is its `image`, which all clients can show. */
  get value() {
    const [first, ...others] = this.items;
    if (first?.picture && !others.length && !this.areOriginal && !first.caption?.trim() && !this.isViewOnce) return { image: first.picture, attachments: [] };
    return { image: null, ...this.uploads };
  }

  /** The same, but all as attachments. */
  get uploads() {
    const viewOnce = this.isViewOnce && this.canBeViewOnce;
    const attachments = this.items.map((item) => (viewOnce ? fileOf : attachmentOf)(item, this.areOriginal));
    const [{ voice } = {}, ...others] = this.items;
    if (!others.length && voice) Object.assign(attachments[0], voice);
    return { attachments, ...(viewOnce && { viewOnce }) };
  }

  async #prepare(item) {
    if (!this.items.includes(item)) return;
    const { file } = item;
    if (!(await isReadable(file))) {
      this.remove(item);
      return emit("notice", { text: text("file-unreadable").replace("{name}", () => file.name), kind: "error" });
    }
    if (kindOf(file.type) === "video") item.video = await analyseVideo(file).catch(() => null);
    item.picture = item.video ? null : await shrinkPicture(file).catch(() => null);
    this.onChange();
  }
}

/** False for folders and empty files. */
async function isReadable(file) {
  const firstByte = await file.slice(0, 1).arrayBuffer().catch(() => null);
  return Boolean(firstByte?.byteLength);
}

async function analyseVideo(file) {
  await import(document.body.dataset.videoFrame);
  return document.createElement("video-frame").analyse(file);
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

/** With the extension of its new format. */
function renamed(name, { type }) {
  return name.replace(/(\.\w{1,5})?$/, type.replace("image/", ".").replace("jpeg", "jpg"));
}

function kindOf(type) {
  const [main] = type.split("/");
  return ["video", "audio"].includes(main) ? main : "file";
}
