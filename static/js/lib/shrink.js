import { text } from "./texts.js";

const LONGEST_SIDE = 2048;
const QUALITY = 0.85;
const MOST_BYTES = 7 * 1024 * 1024;
const ANIMATED = 0b10;

const HEAD = 64; // bytes, which tell the format

/**
 * The picture as it is to be sent: upright, its longest side at most 2048 pixels. What moves stays as it is, and HEIC does
 * where the browser cannot read it: then it has no width and height.
 * Throws an Error with a sentence for the person when it is no picture, or too large all the same.
 */
export async function shrinkPicture(file) {
  const head = await read(file, 0, HEAD);
  const { blob, width, height } = (await shrunk(file, head)) ?? { blob: file.slice(0, file.size, "image/heic") };
  if (blob.size > MOST_BYTES) throw new Error(text("picture-too-large"));
  return { dataUrl: await dataUrlOf(blob), blob, width, height, name: file.name, size: blob.size };
}

async function shrunk(file, head) {
  const bitmap = await decode(file, head);
  if (!bitmap) return null;
  const { width, height } = fit(bitmap);
  const blob = (await isMoving(file, head)) ? file : await smallest(file, bitmap, width, height);
  bitmap.close();
  return { blob, width, height };
}

async function decode(file, head) {
  try {
    if (!/^image\/(?!svg)/.test(file.type)) throw new TypeError(file.type);
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (/^.{4}ftyphei[cx]/s.test(head)) return null;
    throw new Error(text("not-a-picture"));
  }
}

function fit({ width, height }) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const scaled = (side) => Math.max(1, Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

async function isMoving(file, head) {
  if (head.startsWith("GIF8")) return true;
  if (head.startsWith("\x89PNG")) return hasFrames(file);
  if (/^RIFF.{4}WEBPVP8X/s.test(head)) return (head.charCodeAt(20) & ANIMATED) !== 0;
  return /^.{4}ftyp/s.test(head) && head.slice(8, number(head)).includes("avis");
}

/** Of a PNG: its parts have their size before their name, and the one that tells of frames comes before the pixels. */
async function hasFrames(file) {
  for (let place = 8; ;) {
    const part = await read(file, place, place + 8);
    const name = part.slice(4);
    if (part.length < 8 || name === "IDAT" || name === "acTL") return name === "acTL";
    place += 12 + number(part);
  }
}

const number = (bytes) => [...bytes.slice(0, 4)].reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);

/** Bytes as characters. */
async function read(file, start, end) {
  return String.fromCharCode(...new Uint8Array(await file.slice(start, end).arrayBuffer()));
}

async function smallest(file, bitmap, width, height) {
  const drawn = await draw(bitmap, width, height);
  const isSized = bitmap.width === width && bitmap.height === height;
  return isSized && isCommon(file) && file.size <= drawn.size ? file : drawn;
}

const isCommon = (file) => ["image/jpeg", "image/png", "image/webp", "image/avif"].includes(file.type);

async function draw(bitmap, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const webp = await encode(canvas, "image/webp");
  if (webp.type === "image/webp") return webp;
  // Where WebP cannot be written: JPEG, which has no transparency and would turn it black.
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
