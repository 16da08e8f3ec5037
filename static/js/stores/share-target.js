// Content shared by other apps. The service worker caches it (templates/sw.js); it belongs to the account that first opens it,
// until it is inserted into a composer.

const SHARED = "shared"; // as in templates/sw.js
/** How many may wait for a chat, as in tabs that were left open. */
const MAX_SHARED = 5;
const storage = globalThis.caches;

const cacheOf = (userId) => `${SHARED}-${userId}`;
const addressOf = (key) => `/share?id=${key}`;

/** Saves content from the page's URL, where there was no worker. Returns its key. */
export async function saveShared(userId, words) {
  const form = new FormData();
  words.forEach((value, name) => form.append(name, value));
  const key = crypto.randomUUID();
  await assignTo(userId, key, new Response(form));
  return key;
}

/** `{text, files}`, or null if there is nothing for this account. */
export async function findShared(userId, key) {
  const cacheName = cacheOf(userId);
  const unowned = await storage?.match(addressOf(key), { cacheName: SHARED });
  if (unowned) {
    await assignTo(userId, key, unowned);
    await (await storage.open(SHARED)).delete(addressOf(key));
  }
  const found = await storage?.match(addressOf(key), { cacheName });
  return found ? contentOf(await found.formData()) : null;
}

/** Called once it is in the composer. */
export async function deleteShared(userId, key) {
  await (await storage.open(cacheOf(userId))).delete(addressOf(key));
}

/** For all accounts, or for all but one. */
export async function clearShared({ except } = {}) {
  const names = (await storage?.keys().catch(() => [])) ?? [];
  const isOver = (name) => name.startsWith(`${SHARED}-`) && name !== cacheOf(except);
  await Promise.allSettled(names.filter(isOver).map((name) => storage.delete(name)));
}

async function assignTo(userId, key, response) {
  const cache = await storage.open(cacheOf(userId));
  await cache.put(addressOf(key), response);
  const [oldest, ...others] = await cache.keys();
  if (others.length >= MAX_SHARED) await cache.delete(oldest);
}

function contentOf(form) {
  const words = ["title", "text", "url"].map((name) => String(form.get(name) ?? "").trim());
  // Apps repeat the same text in several fields.
  const isRepeated = (word, index) =>
    words.some((other, otherIndex) => otherIndex !== index && other.includes(word) && (other !== word || otherIndex < index));
  const text = words.filter((word, index) => word && !isRepeated(word, index)).join("\n");
  return { text, files: form.getAll("files").filter(({ name, size }) => name || size) };
}
