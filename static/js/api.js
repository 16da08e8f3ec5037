import { text } from "./lib/texts.js";

const TIMEOUT = 30_000;
const MIN_UPLOAD_RATE = 20; // bytes a millisecond
const BUSY_STATUSES = new Set([0, 408, 425, 429, 502, 503, 504, 507]);

let account = "";

export class ApiError extends Error {
  /** Whether a 429 comes from a group's slow mode rather than from a rate limit. */
  isSlowMode = false;

  /** `status` is 0 when there was no response; `retryAfter` is in milliseconds. */
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retryAfter = retryAfter;
  }

  get isTemporary() {
    return this.isBusy || this.status >= 500;
  }

  /** There was no response, or the server (or a proxy in front of it) cannot take the request at the moment. */
  get isBusy() {
    return BUSY_STATUSES.has(this.status);
  }
}

/** Names the account in every request from now on, so that the server refuses them once somebody else signs in with this browser. */
export function setAccount(userId) {
  account = userId;
}

/** How many milliseconds a slow network takes to send that many bytes. */
export const timeToUpload = (length) => length / MIN_UPLOAD_RATE;

export const getJSON = (path) => request("GET", path);
export const postJSON = (path, body) => request("POST", path, body);
export const putJSON = (path, body, options) => request("PUT", path, body, options);
export const patchJSON = (path, body) => request("PATCH", path, body);
export const deleteJSON = (path, body) => request("DELETE", path, body);

/** The result of a call and the URL of the next page, or "". */
export async function getPage(path) {
  const response = await send("GET", path);
  const [, next = ""] = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/) ?? [];
  return { result: response.result, next };
}

const request = async (...args) => (await send(...args)).result;

async function send(method, path, data, options) {
  const body = data === undefined ? undefined : JSON.stringify(data);
  const response = await fetchOrFail(path, { method, body, headers: headersFor(body), ...timeoutOptions(body), ...options });
  const result = await response.json().catch(() => null);
  if (!response.ok) throw toApiError(response.status, result, response.headers.get("Retry-After"));
  // A captive portal also responds with 200.
  if (result === null) throw new ApiError(0, text("no-answer"));
  return { result, headers: response.headers };
}

/** The headers of every request. */
export function headersFor(body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (account) headers["X-Expected-User"] = account;
  return headers;
}

function timeoutOptions(body = "") {
  return { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT + timeToUpload(body.length)) };
}

async function fetchOrFail(path, options) {
  if (!navigator.onLine) throw new ApiError(0, text("no-answer"));
  try {
    return await fetch(path, options);
  } catch {
    throw new ApiError(0, text("no-answer"));
  }
}

/** The error for a response that is not a success. */
export function toApiError(status, result, retryAfter) {
  const error = new ApiError(status, result?.message ?? text("went-wrong"), parseRetryAfter(retryAfter));
  error.isSlowMode = Boolean(result?.errors?.slowSeconds);
  return error;
}

/** `Retry-After` in milliseconds; the header holds seconds or a date. */
function parseRetryAfter(value) {
  if (!value) return 0;
  const delay = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(0, delay) || 0;
}
