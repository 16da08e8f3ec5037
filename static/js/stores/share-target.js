// What another app shared. The service worker keeps it as it came (templates/sw.js), for whoever is signed in where it is first
// looked at, and for nobody after them, until it is in the field of a chat.

const SHARED = "shared"; // templates/sw.js has the same
/** That wait for a chat, as in tabs that were left. */
const MOST = 5;
const storage = globalThis.caches;

const cacheOf = (userId) => `${SHARED}-${userId}`;
const addressOf = (key) => `/share?id=${key}`;

/** What came in the address of the page, where there was no worker. Answers its key. */
export async function keepShared(userId, words) {
  const form = new FormData();
  words.forEach((value, name) => form.append(name, value));
  const key = crypto.randomUUID();
  await own(userId, key, new Response(form));
  return key;
}

/** `{text, files}`, or null where there is nothing for this account. */
export async function sharedWith(userId, key) {
  const cacheName = cacheOf(userId);
  const unowned = await storage?.match(addressOf(key), { cacheName: SHARED });
  if (unowned) {
    await own(userId, key, unowned);
    await (await storage.open(SHARED)).delete(addressOf(key));
  }
  const found = await storage?.match(addressOf(key), { cacheName });
  return found ? contentOf(await found.formData()) : null;
}

/** It is where it was to go. */
export async function hasArrived(userId, key) {
  await (await storage.open(cacheOf(userId))).delete(addressOf(key));
}

/** Of everybody, or of everybody but one. */
export async function forgetShared({ but } = {}) {
  const names = (await storage?.keys().catch(() => [])) ?? [];
  const isOver = (name) => name.startsWith(`${SHARED}-`) && name !== cacheOf(but);
  await Promise.allSettled(names.filter(isOver).map((name) => storage.delete(name)));
}

async function own(userId, key, response) {
  const cache = await storage.open(cacheOf(userId));
  await cache.put(addressOf(key), response);
  const [oldest, ...others] = await cache.keys();
  if (others.length >= MOST) await cache.delete(oldest);
}

function contentOf(form) {
  const words = ["title", "text", "url"].map((name) => String(form.get(name) ?? "").trim());
  // Apps say in one of them what they say in another.
  const isTwice = (word, place) =>
    words.some((other, there) => there !== place && other.includes(word) && (other !== word || there < place));
  const text = words.filter((word, place) => word && !isTwice(word, place)).join("\n");
  return { text, files: form.getAll("files").filter(({ name, size }) => name || size) };
}
