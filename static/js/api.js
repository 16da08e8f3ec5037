import { text } from "./lib/texts.js";

const PATIENCE = 30_000;
const SLOWEST_UPLOAD = 20; // bytes a millisecond
const BUSY = new Set([0, 408, 425, 429, 502, 503, 504, 507]);

let account = "";

export class ApiError extends Error {
  /** Of a group, rather than of whoever sends too much. */
  isSlowMode = false;

  /** `status` is 0 when no answer came; `retryAfter` is in milliseconds. */
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retryAfter = retryAfter;
  }

  get isTemporary() {
    return this.isBusy || this.status >= 500;
  }

  /** No answer, or one of a server, or of a proxy before it, that cannot take anything at the moment. */
  get isBusy() {
    return BUSY.has(this.status);
  }
}

/** Every request names this account from now on: once another person signs in with the same browser, it is refused. */
export function actAs(userId) {
  account = userId;
}

/** How many milliseconds a slow network takes to send that much. */
export const timeToUpload = (length) => length / SLOWEST_UPLOAD;

export const getJSON = (path) => request("GET", path);
export const postJSON = (path, body) => request("POST", path, body);
export const putJSON = (path, body, options) => request("PUT", path, body, options);
export const patchJSON = (path, body) => request("PATCH", path, body);
export const deleteJSON = (path, body) => request("DELETE", path, body);

/** What a call answers, and the address of the next page, or "". */
export async function getPage(path) {
  const response = await ask("GET", path);
  const [, next = ""] = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/) ?? [];
  return { answer: response.answer, next };
}

const request = async (...asked) => (await ask(...asked)).answer;

async function ask(method, path, data, options) {
  const body = data === undefined ? undefined : JSON.stringify(data);
  const response = await fetchOrFail(path, { method, body, headers: headersFor(body), ...limits(body), ...options });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response.status, answer, response.headers.get("Retry-After"));
  // A hotel's log-in page also answers 200.
  if (answer === null) throw new ApiError(0, text("no-answer"));
  return { answer, headers: response.headers };
}

/** What every request says of itself. */
export function headersFor(body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (account) headers["X-Expected-User"] = account;
  return headers;
}

function limits(body = "") {
  return { cache: "no-store", signal: AbortSignal.timeout(PATIENCE + timeToUpload(body.length)) };
}

async function fetchOrFail(path, options) {
  if (!navigator.onLine) throw new ApiError(0, text("no-answer"));
  try {
    return await fetch(path, options);
  } catch {
    throw new ApiError(0, text("no-answer"));
  }
}

/** Of an answer that is no success. */
export function refusal(status, answer, retryAfter) {
  const error = new ApiError(status, answer?.message ?? text("went-wrong"), pauseOf(retryAfter));
  error.isSlowMode = Boolean(answer?.errors?.slowSeconds);
  return error;
}

/** `Retry-After` in milliseconds: it comes as seconds or as a date. */
function pauseOf(value) {
  if (!value) return 0;
  const pause = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(0, pause) || 0;
}
