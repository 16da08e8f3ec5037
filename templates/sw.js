const CACHE = "offline-{{ version }}";
/** The prefix of the caches with the pages an account read last: static/js/stores/page-cache.js. */
const PAGES_PREFIX = "pages-";
const MAX_CHATS = 50;
const MAX_PICTURES = 500;
/** Previews are smaller; larger pictures may be animations. */
const MAX_PICTURE_BYTES = 512 * 1024;
const CHAT = /^\/chat\//;
const PICTURE = /^\/(?:media|api)\//;
/** The pictures in a page's markup. */
const PICTURES = /\/(?:media|api)\/[^\s"?&]+/g;
/** When a page was read last. */
const READ_AT = "X-Read-At";
const PAGE = "{% url 'offline' %}";
const CHAT_FILES = [{% for file in files %}"{{ file }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
/** Signing in or out, in any way, deletes the cached pages of other accounts. */
const SESSIONS = ["{% url 'logout' %}", "{% url 'api-logout' %}", "{% url 'api-login' %}", "{% url 'api-signup' %}"];
/** Content shared by other apps, named as in static/js/stores/share-target.js. */
const SHARE = "{% url 'share' %}";
const SHARED = "shared";
const MAX_SHARED = 5;
const ASSETS = /(?:href|src)="([^"]+\.(?:css|js)(?:\?[^"]*)?)"/g;

self.addEventListener("install", (event) => event.waitUntil(precache().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(cleanUp().then(() => self.clients.claim())));
self.addEventListener("message", (event) => event.waitUntil(onMessage(event.data)));
self.addEventListener("fetch", (event) => {
  const { method, mode, destination, url } = event.request;
  const { pathname } = new URL(url);
  if (method === "POST" && SESSIONS.includes(pathname)) event.waitUntil(deletePages());
  else if (method === "POST" && pathname === SHARE) event.respondWith(saveShared(event.request));
  else if (mode === "navigate" && method === "GET") event.respondWith(respondToPage(event));
  else if (destination === "style" || destination === "script" || isPicture(event.request)) event.respondWith(respondToAsset(event.request));
});

async function precache() {
  const response = await fetch(PAGE, { cache: "reload", credentials: "omit" });
  const assets = [...assetsOf(await response.clone().text()), ...CHAT_FILES];
  const cache = await caches.open(CACHE);
  await Promise.all([cache.put(PAGE, response), cache.addAll([...new Set(assets)])]);
}

const assetsOf = (html) => Array.from(html.split("<body", 1)[0].matchAll(ASSETS), (match) => match[1]);

async function cleanUp() {
  await self.registration.navigationPreload?.enable();
  const names = await caches.keys();
  const isOld = (name) => name !== CACHE && !name.startsWith(PAGES_PREFIX) && !name.startsWith(SHARED);
  await Promise.all(names.filter(isOld).map((name) => caches.delete(name)));
}

async function respondToPage(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    const { url } = event.request;
    return (await cachedPage(url)) ?? (await cachedPage(listOf(url))) ?? (await caches.match(PAGE)) ?? Response.error();
  }
}

/** The list page, which opens chats that are not cached: elements/navigation.js. */
function listOf(url) {
  const { pathname, searchParams } = new URL(url);
  if (!CHAT.test(pathname)) return url;
  return new URL(searchParams.get("list") === "contacts" ? "{% url 'contacts' %}" : "{% url 'chats' %}", url).href;
}

const isPicture = ({ destination, url }) => destination === "image" && new URL(url).origin === location.origin;

async function respondToAsset(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request, { ignoreVary: true })) ?? Response.error();
  }
}

let writing = Promise.resolve();

/** Caches a page, or prunes pictures; one message at a time, so that the last one wins. Pictures are cached after that. */
async function onMessage(data) {
  const isPage = "address" in data;
  writing = writing.then(() => (isPage ? putPage(data) : deleteUnshown(data))).catch(() => {});
  await writing;
  if (isPage) await putPictures(data);
}

/** Undefined if the cache was deleted: the session has ended, even if the tab does not know yet. */
const cacheOf = async (userId) => (await caches.has(PAGES_PREFIX + userId)) && caches.open(PAGES_PREFIX + userId);

async function putPage({ userId, address, html }) {
  const cache = await cacheOf(userId);
  if (!cache) return;
  await cache.delete(address, { ignoreSearch: true });
  await cache.put(address, new Response(html, { headers: { [READ_AT]: Date.now() } }));
  await dropOldest(cache, CHAT, MAX_CHATS, (page) => Number(page.headers.get(READ_AT)));
}

async function putPictures({ userId, pictures = [] }) {
  const cache = await cacheOf(userId);
  if (!cache) return;
  const isNew = await Promise.all(pictures.map(async (address) => !(await cache.match(address, { ignoreVary: true }))));
  await Promise.allSettled(pictures.filter((_, number) => isNew[number]).map((address) => putPicture(cache, address)));
  await dropOldest(cache, PICTURE, MAX_PICTURES);
}

async function putPicture(cache, address) {
  const picture = await fetch(address);
  if (!picture.ok || Number(picture.headers.get("Content-Length")) > MAX_PICTURE_BYTES) return;
  // Not every response has a Content-Length.
  const { size } = await picture.clone().blob();
  if (size <= MAX_PICTURE_BYTES) await cache.put(address, picture);
}

const withPath = async (cache, path) => (await cache.keys()).filter(({ url }) => path.test(new URL(url).pathname));

/** Deletes all but the newest `limit` entries with such a path: by `age(response)`, else in the order in which they came. */
async function dropOldest(cache, path, limit, age = () => 0) {
  const matching = await withPath(cache, path);
  if (matching.length <= limit) return;
  const aged = await Promise.all(matching.map(async (key) => ({ key, at: age(await cache.match(key, { ignoreVary: true })) })));
  const oldest = aged.sort((one, other) => one.at - other.at).slice(0, matching.length - limit);
  await Promise.all(oldest.map(({ key }) => cache.delete(key, { ignoreVary: true })));
}

/** Deletes pictures that no cached page shows any more, such as those of deleted messages. */
async function deleteUnshown({ userId }) {
  const cache = await cacheOf(userId);
  if (!cache) return;
  const pictures = await withPath(cache, PICTURE);
  const shown = new Set();
  for (const page of await withPath(cache, /^(?!\/(?:media|api)\/)/)) {
    const html = await (await cache.match(page)).text();
    for (const [path] of html.matchAll(PICTURES)) shown.add(new URL(path, location).pathname);
  }
  const gone = pictures.filter(({ url }) => !shown.has(new URL(url).pathname));
  await Promise.all(gone.map((each) => cache.delete(each, { ignoreVary: true })));
}

/** The cached page, with the security headers of the offline page; null if it is not clear which account is signed in. */
async function cachedPage(url) {
  await writing;
  const [name, ...others] = await pageCacheNames();
  if (!name || others.length) return null;
  const address = url.split("#", 1)[0];
  const cache = await caches.open(name);
  const [found] = await cache.keys(address, { ignoreSearch: true });
  const html = found && (await (await cache.match(found)).text());
  const page = await caches.match(PAGE);
  if (!html || !page || !(await hasAssets(html))) return null;
  // It was cached beside the other list.
  if (found.url !== address) return Response.redirect(found.url);
  const headers = new Headers(page.headers);
  ["Content-Length", "Content-Encoding"].forEach((each) => headers.delete(each));
  return new Response(html, { headers });
}

/** A page from before an update may need files that are no longer cached. */
async function hasAssets(html) {
  const cache = await caches.open(CACHE);
  const found = await Promise.all(assetsOf(html).map((each) => cache.match(each)));
  return found.every(Boolean);
}

const pageCacheNames = async () => (await caches.keys()).filter((name) => name.startsWith(PAGES_PREFIX));

async function deletePages() {
  const shared = (await caches.keys()).filter((name) => name.startsWith(SHARED));
  await Promise.all([...(await pageCacheNames()), ...shared].map((name) => caches.delete(name)));
}

/** Caches shared content, beside earlier content, until the user sends it. Any site can post here, so nothing else is done with it. */
async function saveShared(request) {
  const address = `${SHARE}?id=${crypto.randomUUID()}`;
  try {
    const cache = await caches.open(SHARED);
    await cache.put(address, new Response(await request.formData()));
    await dropOldest(cache, /^/, MAX_SHARED);
    return Response.redirect(address, 303);
  } catch {
    return Response.redirect(`${SHARE}?lost=1`, 303);
  }
}
