// The pages of the chat that were read last, as they were left. The service worker writes them, and shows them while the
// network gives nothing. Browsers offer this over https and on localhost only: without it, nothing is kept.

const PREFIX = "pages-"; // templates/sw.js has the same
const storage = globalThis.caches;

/** From now on pages of this account are kept, until they are forgotten. */
export async function startKeeping(userId) {
  await storage?.open(PREFIX + userId).catch(() => {});
}

/** Without what the service worker need not fetch again: `pictures` are addresses of what is shown there. */
export function keepPage(userId, address, html, pictures = []) {
  navigator.serviceWorker?.controller?.postMessage({ userId, address, html, pictures });
}

/** Those that no kept page shows any more. */
export function dropPictures(userId) {
  navigator.serviceWorker?.controller?.postMessage({ userId });
}

/** Puts what `change(html)` returns in the place of what is kept for that address, if anything. It is not read by that. */
export async function changePage(userId, address, change) {
  if (!(await storage?.has(PREFIX + userId))) return;
  const cache = await storage.open(PREFIX + userId);
  const [found] = await cache.keys(address, { ignoreSearch: true });
  if (!found) return;
  const page = await cache.match(found);
  const before = await page.text();
  const html = change(before);
  if (html !== before) await cache.put(found, new Response(html, { headers: page.headers }));
}

/** What was shown at that address, beside whichever list. */
export async function keptPage(userId, address) {
  const where = { cacheName: PREFIX + userId, ignoreSearch: true };
  const page = await storage?.match(address, where).catch(() => null);
  return page ? page.text() : "";
}

/** Of everybody, or of everybody but one. */
export async function forgetPages({ but } = {}) {
  const names = (await storage?.keys().catch(() => [])) ?? [];
  const isOver = (name) => name.startsWith(PREFIX) && name !== PREFIX + but;
  await Promise.allSettled(names.filter(isOver).map((name) => storage.delete(name)));
}
