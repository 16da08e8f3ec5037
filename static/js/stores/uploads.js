// Files on their way to the server: by the tus protocol, whose client (npm) comes with the first file, or, where the site was made
// without it, in one piece. What has arrived is not sent again, in another tab or after a reload neither.
import { ApiError, headersFor, putJSON, refusal, timeToUpload } from "../api.js";
import { emit } from "../lib/bus.js";
import { forget, read, write } from "../lib/storage.js";
import { text } from "../lib/texts.js";

const UPLOADS = new URL("/api/uploads", location.href).href;
/** Nothing moved for so long: the server may have to look at what has arrived, or to hand it on. */
const STALLED = 120_000;
const PAUSE = 500;
/** Elsewhere, or written to by a connection that the server has not given up yet: the next try finds out. */
const GONE = new Set([404, 410]);
const PASSING = new Set([409, 423, 460]);
/** The server has removed it. */
const REFUSED = 400;
const FULL = 507;

const running = new Map();
const addresses = new Map();
let tries = 0;

const keyOf = (clientMessageId, place = "") => `upload:${clientMessageId}:${place}`;

/**
 * Sends what of these files is not there yet, tells how far that is by the event `upload`, `{clientMessageId, sent, size}`, and
 * returns their keys. Throws ApiError.
 */
export async function upload({ clientMessageId, attachments }) {
  const size = sizeOf(attachments);
  const keys = [];
  const ending = new AbortController();
  running.set(clientMessageId, ending);
  try {
    for (const [place, file] of attachments.entries()) {
      const before = sizeOf(attachments.slice(0, place));
      const told = (sent) => emit("upload", { clientMessageId, sent: before + sent, size });
      const key = await send(file, keyOf(clientMessageId, place), told, ending);
      if (file.poster) await givePoster(key, file.poster);
      keys.push(key);
    }
    return keys;
  } finally {
    running.delete(clientMessageId);
  }
}

/** What the server cannot use is left out. */
async function givePoster(key, picture) {
  await putJSON(`/api/uploads/${key}/poster`, { picture }).catch((error) => {
    if (error.isBusy && error.status !== FULL) throw error;
  });
}

/** Ends what is under way, and takes back what is there. */
export function endUpload(clientMessageId, files = []) {
  running.get(clientMessageId)?.abort();
  for (const place of files.keys()) {
    const address = read(keyOf(clientMessageId, place));
    if (address) fetch(address, { method: "DELETE", headers: tusHeaders() }).catch(() => {});
  }
  forgetUpload(clientMessageId);
}

/** It is sent, or is not going to be. */
export function forgetUpload(clientMessageId) {
  forget(keyOf(clientMessageId));
  addresses.get(clientMessageId)?.forEach((address) => URL.revokeObjectURL(address));
  addresses.delete(clientMessageId);
}

/** As a message has them, from this browser. */
export function localFiles({ clientMessageId, attachments }) {
  if (!addresses.has(clientMessageId)) addresses.set(clientMessageId, attachments.map(({ blob }) => URL.createObjectURL(blob)));
  const urls = addresses.get(clientMessageId);
  return attachments.map(({ blob, poster, ...file }, place) => ({ ...file, url: urls[place], thumbnail: poster ?? (file.kind === "picture" && urls[place]) }));
}

const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

/** Gives up when nothing moves, or the network is gone. */
async function send(file, key, told, ending) {
  const tus = await loadTus();
  if (ending.signal.aborted) throw cancelled();
  const stop = new AbortController();
  const end = () => stop.abort(new ApiError(0, text("no-answer")));
  // What goes in one piece does not tell how far it is.
  let timer = setTimeout(end, STALLED + (tus ? 0 : timeToUpload(file.size)));
  const moved = (sent) => {
    clearTimeout(timer);
    timer = setTimeout(end, STALLED);
    told(sent);
  };
  addEventListener("offline", end, { signal: stop.signal });
  ending.signal.addEventListener("abort", () => stop.abort(cancelled()), { signal: stop.signal });
  try {
    return await (tus ? sendByTus(tus, file, key, moved, stop.signal) : sendWhole(file, key, stop.signal));
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

async function loadTus() {
  const { tus } = document.body.dataset;
  if (!tus) return null;
  // What could not be loaded is asked for again under another address alone.
  await import(tries ? `${tus}?${tries}` : tus).catch(() => {
    tries += 1;
    throw new ApiError(0, text("no-answer"));
  });
  return globalThis.tus;
}

function sendByTus(tus, { blob, name, type, duration, waveform }, key, moved, signal) {
  const uploadUrl = read(key) || null;
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(blob, {
      endpoint: uploadUrl ? null : UPLOADS,
      uploadUrl,
      headers: headersFor(),
      metadata: { filename: name, filetype: type, ...(duration && { duration: String(duration) }), ...(waveform && { waveform }) },
      retryDelays: null,
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => write(key, upload.url),
      onProgress: moved,
      onSuccess: () => resolve(keyIn(upload.url)),
      onError: ({ originalResponse: answer }) => reject(errorOf(answer, key)),
    });
    signal.addEventListener("abort", () => {
      upload.abort();
      reject(signal.reason);
    });
    upload.start();
  });
}

async function sendWhole({ blob, name, duration, waveform }, key, signal) {
  const address = read(key);
  if (address && (await isThere(address, signal))) return keyIn(address);
  const body = new FormData();
  body.append("file", blob, name);
  for (const [field, value] of Object.entries({ duration, waveform })) if (value) body.append(field, value);
  const options = { method: "POST", body, headers: headersFor(), signal };
  const response = await fetch("/api/attachments", options).catch((error) => Promise.reject(asFailure(error)));
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) throw refusal(response.status, answer, response.headers.get("Retry-After"));
  write(key, `${UPLOADS}/${answer.id}`);
  return answer.id;
}

/** What was not sent with a message expires. */
async function isThere(address, signal) {
  const options = { method: "HEAD", headers: tusHeaders(), signal };
  const { ok, status, headers } = await fetch(address, options).catch((error) => Promise.reject(asFailure(error)));
  if (!ok && !GONE.has(status)) throw refusal(status, null, headers.get("Retry-After"));
  return ok;
}

const tusHeaders = () => ({ ...headersFor(), "Tus-Resumable": "1.0.0" });

const asFailure = (error) => (error instanceof ApiError ? error : new ApiError(0, text("no-answer")));

const keyIn = (address) => address.split("/").at(-1);

/** A disk that is full says so to the person: waiting does not help. */
function errorOf(answer, key) {
  const status = answer?.getStatus() ?? 0;
  if (GONE.has(status) || status === REFUSED) write(key, "");
  if (!status || GONE.has(status) || PASSING.has(status)) return new ApiError(0, text("no-answer"), PAUSE);
  return refusal(status === FULL ? 413 : status, parsed(answer.getBody()), answer.getHeader("Retry-After"));
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export const cancelled = () => new ApiError(400, "");
