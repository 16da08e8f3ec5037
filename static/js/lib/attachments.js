// Short descriptions of a message's files, worded as in messaging/page/attachments.py.
import { textOf } from "./system-messages.js";
import { counted, text as t } from "./texts.js";

/** The format in a media type. Not of text, whose type senders' browsers guess: there the file name decides. */
const FORMAT = /^(?!text\/)[a-z]+\/(?:x-)?([a-z0-9]{2,5})$/;
const EXTENSION = /\.([a-z0-9]{1,5})$/i;

/** A message's text, or a short description of its files; nothing for a single picture. */
export const summaryOf = (message) => (message.viewOnce ? summaryOfViewOnce(message.viewOnce) : textOf(message) || summaryOfFiles(message.attachments ?? []));

function summaryOfViewOnce({ kind, files: { length } }) {
  return kind === "picture" && length > 1 ? counted("once-pictures", length) : t(`once-${kind}`);
}

export function summaryOfFiles(files) {
  const { length } = files;
  if (length === 1 && files[0].waveform) return t("voice").replace("{length}", formatDuration(files[0].duration));
  if (length === 1) return { picture: "", video: t("video") }[files[0].kind] ?? files[0].name;
  return length ? counted(arePictures(files) ? "pictures" : "files", length) : "";
}

/** What a message has besides text: "picture", "voice", "files" or "". */
export function kindOf({ image, attachments = [], viewOnce }) {
  if (viewOnce) return viewOnce.kind;
  if (image || (attachments.length && arePictures(attachments))) return "picture";
  if (isVoice({ attachments })) return "voice";
  return attachments.length ? "files" : "";
}

/** The URL of a thumbnail for the message, or "". */
export const smallPicture = ({ image, thumbnail, attachments = [] }) =>
  thumbnail ?? image ?? attachments.find((each) => each.thumbnail)?.thumbnail ?? "";

const arePictures = (files) => files.every(({ kind }) => kind === "picture");

export const isVoice = ({ attachments = [] }) => attachments.some(({ waveform }) => waveform);

export const secondsOf = (duration) => Math.floor((duration + 500) / 1000);

/** Formats milliseconds: "0:07", "1:00:00". */
export function formatDuration(duration) {
  const seconds = secondsOf(duration);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** An SVG path with a vertical line per level (0 to 31), four units apart and centred at 16.5. */
export const wavePath = (levels) => levels.map((level, index) => `M${4 * index + 2} ${16 - level / 2}v${level + 1}`).join("");

export const levelsOf = (waveform) => [...waveform].map((digit) => parseInt(digit, 32));

/** "PDF, 2.3 MB": the format by content, or else by name, and the size. */
export const describeFile = ({ type, name, size }) =>
  `${(FORMAT.exec(type) ?? EXTENSION.exec(name))?.[1].toUpperCase() ?? t("file")}, ${formatSize(size)}`;

/** Formats bytes in the reader's locale: "12 kB", "2.3 MB". */
export function formatSize(size) {
  if (size < 999_500) return formatUnit(Math.max(1, Math.round(size / 1e3)), "kilobyte");
  return size < 999_950_000 ? formatUnit(Math.round(size / 1e5) / 10, "megabyte") : formatUnit(Math.round(size / 1e8) / 10, "gigabyte");
}

function formatUnit(number, unit) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", { style: "unit", unit, numberingSystem: "latn" }).format(number);
}
