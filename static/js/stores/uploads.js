// Uploads files by the tus protocol, whose client (npm) is loaded with the first file; without it, in one request. What has arrived
// is not sent again, not even in another tab or after a reload.
import { ApiError, headersFor, putJSON, timeToUpload, toApiError } from "../api.js";
import { emit } from "../lib/bus.js";
import { read, removeByPrefix, write } from "../lib/storage.js";
import { text } from "../lib/texts.js";

const UPLOADS = new URL("/api/uploads", location.href).href;
/** How long an upload may make no progress: the server may be checking the file, or passing it on. */
const STALL_TIMEOUT = 120_000;
const RETRY_DELAY = 500;
/** The upload is gone; or another connection still writes to it: the next attempt finds out. */
const GONE = new Set([404, 410]);
const TRANSIENT = new Set([409, 423, 460]);
/** The server has deleted the upload. */
const REFUSED = 400;
const DISK_FULL = 507;

const running = new Map();
const objectUrls = new Map();
let attempts = 0;

const keyOf = (clientMessageId, index = "") => `upload:${clientMessageId}:${index}`;

/**
 * Uploads what is missing of these files and returns their keys. Reports progress by the event `upload`,
 * `{clientMessageId, sent, size}`. Throws ApiError.
 */
export async function upload({ clientMessageId, attachments }) {
  const size = sizeOf(attachments);
  const keys = [];
  const controller = new AbortController();
  running.set(clientMessageId, controller);
  try {
    for (const [index, file] of attachments.entries()) {
      const before = sizeOf(attachments.slice(0, index));
      const report = (sent) => emit("upload", { clientMessageId, sent: before + sent, size });
      const key = await send(file, keyOf(clientMessageId, index), report, controller);
      if (file.poster) await uploadPoster(key, file.poster);
      keys.push(key);
    }
    return keys;
  } finally {
    running.delete(clientMessageId);
  }
}

/** A poster that the server cannot use is left out. */
async function uploadPoster(key, picture) {
  await putJSON(`/api/uploads/${key}/poster`, { picture }).catch((error) => {
    if (error.isBusy && error.status !== DISK_FULL) throw error;
  });
}

/** Aborts the upload, and deletes what has arrived. */
export function endUpload(clientMessageId, files = []) {
  running.get(clientMessageId)?.abort();
  for (const index of files.keys()) {
    const address = read(keyOf(clientMessageId, index));
    if (address) fetch(address, { method: "DELETE", headers: tusHeaders() }).catch(() => {});
  }
  forgetUpload(clientMessageId);
}

/** Called once the message is sent or discarded. */
export function forgetUpload(clientMessageId) {
  removeByPrefix(keyOf(clientMessageId));
  objectUrls.get(clientMessageId)?.forEach((address) => URL.revokeObjectURL(address));
  objectUrls.delete(clientMessageId);
}

/** The files in the form of a message's attachments, with local URLs. */
export function localFiles({ clientMessageId, attachments }) {
  if (!objectUrls.has(clientMessageId)) objectUrls.set(clientMessageId, attachments.map(({ blob }) => URL.createObjectURL(blob)));
  const urls = objectUrls.get(clientMessageId);
  return attachments.map(({ blob, poster, ...file }, index) => ({ ...file, url: urls[index], thumbnail: poster ?? (file.kind === "picture" && urls[index]) }));
}

const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

/** Gives up when the upload stalls or the network is gone. */
async function send(file, key, report, controller) {
  const tus = await loadTus();
  if (controller.signal.aborted) throw cancelled();
  const stop = new AbortController();
  const end = () => stop.abort(new ApiError(0, text("no-answer")));
  // A single request reports no progress.
  let timer = setTimeout(end, STALL_TIMEOUT + (tus ? 0 : timeToUpload(file.size)));
  const onProgress = (sent) => {
    clearTimeout(timer);
    timer = setTimeout(end, STALL_TIMEOUT);
    report(sent);
  };
  addEventListener("offline", end, { signal: stop.signal });
  controller.signal.addEventListener("abort", () => stop.abort(cancelled()), { signal: stop.signal });
  try {
    return await (tus ? sendByTus(tus, file, key, onProgress, stop.signal) : sendWhole(file, key, stop.signal));
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

async function loadTus() {
  const { tus } = document.body.dataset;
  if (!tus) return null;
  // Browsers do not retry a failed import of the same URL.
  await import(attempts ? `${tus}?${attempts}` : tus).catch(() => {
    attempts += 1;
    throw new ApiError(0, text("no-answer"));
  });
  return globalThis.tus;
}

function sendByTus(tus, { blob, name, type, duration, waveform }, key, onProgress, signal) {
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
      onProgress: onProgress,
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
  if (address && (await exists(address, signal))) return keyIn(address);
  const body = new FormData();
  body.append("file", blob, name);
  for (const [field, value] of Object.entries({ duration, waveform })) if (value) body.append(field, value);
  const options = { method: "POST", body, headers: headersFor(), signal };
  const response = await fetch("/api/attachments", options).catch((error) => Promise.reject(toNetworkError(error)));
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) throw toApiError(response.status, answer, response.headers.get("Retry-After"));
  write(key, `${UPLOADS}/${answer.id}`);
  return answer.id;
}

/** Uploads that were not sent with a message expire. */
async function exists(address, signal) {
  const options = { method: "HEAD", headers: tusHeaders(), signal };
  const { ok, status, headers } = await fetch(address, options).catch((error) => Promise.reject(toNetworkError(error)));
  if (!ok && !GONE.has(status)) throw toApiError(status, null, headers.get("Retry-After"));
  return ok;
}

const tusHeaders = () => ({ ...headersFor(), "Tus-Resumable": "1.0.0" });

const toNetworkError = (error) => (error instanceof ApiError ? error : new ApiError(0, text("no-answer")));

const keyIn = (address) => address.split("/").at(-1);

/** A full disk (507) is shown to the user like a refusal, since waiting does not help. */
function errorOf(answer, key) {
  const status = answer?.getStatus() ?? 0;
  if (GONE.has(status) || status === REFUSED) write(key, "");
  if (!status || GONE.has(status) || TRANSIENT.has(status)) return new ApiError(0, text("no-answer"), RETRY_DELAY);
  return toApiError(status === DISK_FULL ? 413 : status, parsed(answer.getBody()), answer.getHeader("Retry-After"));
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export const cancelled = () => new ApiError(400, "");
