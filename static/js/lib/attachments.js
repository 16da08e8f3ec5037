// How the files of a message read where there is no room for them. messaging/page/attachments.py says the same.
import { textOf } from "./system-messages.js";
import { counted, text as say } from "./texts.js";

/** Texts have no format that their content tells, whatever the browser of their sender says: there the name does. */
const FORMAT = /^(?!text\/)[a-z]+\/(?:x-)?([a-z0-9]{2,5})$/;
const ENDING = /\.([a-z0-9]{1,5})$/i;

/** Its text, or its files in few words; nothing for one picture. */
export const wordsOf = (message) => (message.viewOnce ? wordsOfOnce(message.viewOnce) : textOf(message) || wordsOfFiles(message.attachments ?? []));

function wordsOfOnce({ kind, files: { length } }) {
  return kind === "picture" && length > 1 ? counted("once-pictures", length) : say(`once-${kind}`);
}

export function wordsOfFiles(files) {
  const { length } = files;
  if (length === 1 && files[0].waveform) return say("voice").replace("{length}", lengthInWords(files[0].duration));
  if (length === 1) return { picture: "", video: say("video") }[files[0].kind] ?? files[0].name;
  return length ? counted(arePictures(files) ? "pictures" : "files", length) : "";
}

/** What is there beside words: "picture", "voice", "files", or nothing. */
export function kindOf({ image, attachments = [], viewOnce }) {
  if (viewOnce) return viewOnce.kind;
  if (image || (attachments.length && arePictures(attachments))) return "picture";
  if (isVoice({ attachments })) return "voice";
  return attachments.length ? "files" : "";
}

/** The address of a small picture that stands for the message, if any does. */
export const smallPicture = ({ image, thumbnail, attachments = [] }) =>
  thumbnail ?? image ?? attachments.find((each) => each.thumbnail)?.thumbnail ?? "";

const arePictures = (files) => files.every(({ kind }) => kind === "picture");

export const isVoice = ({ attachments = [] }) => attachments.some(({ waveform }) => waveform);

export const secondsOf = (duration) => Math.floor((duration + 500) / 1000);

/** Of milliseconds: "0:07", "1:00:00". */
export function lengthInWords(duration) {
  const seconds = secondsOf(duration);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A line for each level from 0 to 31, four apart, as an SVG path of which the middle is at 16.5. */
export const wavePath = (levels) => levels.map((level, place) => `M${4 * place + 2} ${16 - level / 2}v${level + 1}`).join("");

export const levelsOf = (waveform) => [...waveform].map((digit) => parseInt(digit, 32));

/** "PDF, 2.3 MB": what it is by its content, or else as its name says, and its size. */
export const about = ({ type, name, size }) =>
  `${(FORMAT.exec(type) ?? ENDING.exec(name))?.[1].toUpperCase() ?? say("file")}, ${sizeInWords(size)}`;

/** Of bytes, as the reader writes numbers: "12 kB", "2.3 MB". */
export function sizeInWords(size) {
  if (size < 999_500) return inUnit(Math.max(1, Math.round(size / 1e3)), "kilobyte");
  return size < 999_950_000 ? inUnit(Math.round(size / 1e5) / 10, "megabyte") : inUnit(Math.round(size / 1e8) / 10, "gigabyte");
}

function inUnit(number, unit) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", { style: "unit", unit, numberingSystem: "latn" }).format(number);
}
