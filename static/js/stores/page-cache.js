// Copies of the pages read last. The service worker writes them, and serves them without network. Only on https and localhost:
// elsewhere nothing is cached.

const PREFIX = "pages-"; // as in templates/sw.js
const storage = globalThis.caches;

/** Allows caching for this account, until its cache is deleted. */
export async function createPageCache(userId) {
  await storage?.open(PREFIX + userId).catch(() => {});
}

/** `pictures` are URLs of pictures in the page which the worker is to cache, too. */
export function cachePage(userId, address, html, pictures = []) {
  navigator.serviceWorker?.controller?.postMessage({ userId, address, html, pictures });
}

/** Deletes cached pictures that no cached page shows any more. */
export function pruneCachedPictures(userId) {
  navigator.serviceWorker?.controller?.postMessage({ userId });
}

/** Replaces the cached page, if there is one, by what `change(html)` returns. Does not count as reading it. */
export async function updateCachedPage(userId, address, change) {
  if (!(await storage?.has(PREFIX + userId))) return;
  const cache = await storage.open(PREFIX + userId);
  const [found] = await cache.keys(address, { ignoreSearch: true });
  if (!found) return;
  const page = await cache.match(found);
  const before = await page.text();
  const html = change(before);
  if (html !== before) await cache.put(found, new Response(html, { headers: page.headers }));
}

/** The cached HTML for that path, whichever list is beside it; or "". */
export async function cachedPage(userId, address) {
  const where = { cacheName: PREFIX + userId, ignoreSearch: true };
  const page = await storage?.match(address, where).catch(() => null);
  return page ? page.text() : "";
}

/** For all accounts, or for all but one. */
export async function deleteCachedPages({ except } = {}) {
  const names = (await storage?.keys().catch(() => [])) ?? [];
  const isOver = (name) => name.startsWith(PREFIX) && name !== PREFIX + except;
  await Promise.allSettled(names.filter(isOver).map((name) => storage.delete(name)));
}
