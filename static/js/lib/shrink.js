import { text } from "./texts.js";

const LONGEST_SIDE = 2048;
const QUALITY = 0.85;
const MOST_BYTES = 7 * 1024 * 1024;
const ANIMATED = 0b10;

/**
 * The picture as it is to be sent: upright, its longest side at most 2048 pixels. Animations stay as they are.
 * Throws an Error with a sentence for the person when it is no picture, or too large all the same.
 */
export async function shrinkPicture(file) {
  const bitmap = await decode(file);
  const { width, height } = fit(bitmap);
  const blob = (await isMoving(file)) ? file : await smallest(file, bitmap, width, height);
  bitmap.close();
  if (blob.size > MOST_BYTES) throw new Error(text("picture-too-large"));
  return { dataUrl: await dataUrlOf(blob), blob, width, height, name: file.name, size: blob.size };
}

async function decode(file) {
  try {
    if (!/^image\/(?!svg)/.test(file.type)) throw new TypeError(file.type);
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(text("not-a-picture"));
  }
}

function fit({ width, height }) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const scaled = (side) => Math.max(1, Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

async function isMoving(file) {
  if (file.type === "image/gif") return true;
  if (file.type !== "image/webp") return false;
  const head = new Uint8Array(await file.slice(0, 21).arrayBuffer());
  return String.fromCharCode(...head.subarray(12, 16)) === "VP8X" && (head[20] & ANIMATED) !== 0;
}

async function smallest(file, bitmap, width, height) {
  const drawn = await draw(bitmap, width, height);
  const isSized = bitmap.width === width && bitmap.height === height;
  return isSized && isCommon(file) && file.size <= drawn.size ? file : drawn;
}

const isCommon = (file) => ["image/jpeg", "image/png", "image/webp"].includes(file.type);

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
