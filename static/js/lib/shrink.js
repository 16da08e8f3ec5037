import { text } from "./texts.js";

const MAX_SIDE = 2048;
const QUALITY = 0.85;
const MAX_BYTES = 7 * 1024 * 1024;
const ANIMATED = 0b10;

const HEADER_LENGTH = 64; // bytes that identify the format

/**
 * Prepares a picture for sending: upright, at most 2048 pixels on its longest side. Animations stay as they are, as does HEIC
 * that the browser cannot decode, which then has no width and height.
 * Throws an Error with a message for the user if it is not a picture, or is still too large.
 */
export async function shrinkPicture(file) {
  const header = await read(file, 0, HEADER_LENGTH);
  const { blob, width, height } = (await shrunk(file, header)) ?? { blob: file.slice(0, file.size, "image/heic") };
  if (blob.size > MAX_BYTES) throw new Error(text("picture-too-large"));
  return { dataUrl: await dataUrlOf(blob), blob, width, height, name: file.name, size: blob.size };
}

async function shrunk(file, header) {
  const bitmap = await decode(file, header);
  if (!bitmap) return null;
  const { width, height } = fit(bitmap);
  const blob = (await isAnimated(file, header)) ? file : await smallerOf(file, bitmap, width, height);
  bitmap.close();
  return { blob, width, height };
}

async function decode(file, header) {
  try {
    if (!/^image\/(?!svg)/.test(file.type)) throw new TypeError(file.type);
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (/^.{4}ftyphei[cx]/s.test(header)) return null;
    throw new Error(text("not-a-picture"));
  }
}

function fit({ width, height }) {
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  const scaled = (side) => Math.max(1, Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

async function isAnimated(file, header) {
  if (header.startsWith("GIF8")) return true;
  if (header.startsWith("\x89PNG")) return hasFrames(file);
  if (/^RIFF.{4}WEBPVP8X/s.test(header)) return (header.charCodeAt(20) & ANIMATED) !== 0;
  return /^.{4}ftyp/s.test(header) && header.slice(8, number(header)).includes("avis");
}

/** Whether a PNG is animated. Its chunks have a size before their name; `acTL` comes before the pixels. */
async function hasFrames(file) {
  for (let offset = 8; ;) {
    const chunk = await read(file, offset, offset + 8);
    const name = chunk.slice(4);
    if (chunk.length < 8 || name === "IDAT" || name === "acTL") return name === "acTL";
    offset += 12 + number(chunk);
  }
}

const number = (bytes) => [...bytes.slice(0, 4)].reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);

/** Reads bytes as characters. */
async function read(file, start, end) {
  return String.fromCharCode(...new Uint8Array(await file.slice(start, end).arrayBuffer()));
}

async function smallerOf(file, bitmap, width, height) {
  const drawn = await draw(bitmap, width, height);
  const isUnscaled = bitmap.width === width && bitmap.height === height;
  return isUnscaled && isCommon(file) && file.size <= drawn.size ? file : drawn;
}

const isCommon = (file) => ["image/jpeg", "image/png", "image/webp", "image/avif"].includes(file.type);

async function draw(bitmap, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const webp = await encode(canvas, "image/webp");
  if (webp.type === "image/webp") return webp;
  // Without WebP encoding, use JPEG, on white: it has no transparency.
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  return encode(canvas, "image/jpeg");
}

function encode(canvas, type) {
  return new Promise((resolve, reject) => {
    const done = (blob) => (blob ? resolve(blob) : reject(new Error(text("not-a-picture"))));
    canvas.toBlob(done, type, QUALITY);
  });
}

function dataUrlOf(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(text("not-a-picture")));
    reader.readAsDataURL(blob);
  });
}
