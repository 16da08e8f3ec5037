const CACHE = "offline-{{ version }}";
/** Caches that begin like this hold what one person read last: see static/js/stores/page-cache.js. */
const KEPT = "pages-";
const MOST_CHATS = 50;
const MOST_PICTURES = 500;
/** In bytes: previews have less, and what has more may be an animation. */
const LARGEST_PICTURE = 512 * 1024;
const CHAT = /^\/chat\//;
const PICTURE = /^\/(?:media|api)\//;
/** In a page. */
const PICTURES = /\/(?:media|api)\/[^\s"?&]+/g;
/** When a page was read last. */
const READ_AT = "X-Read-At";
const PAGE = "{% url 'offline' %}";
const CHAT_FILES = [{% for file in files %}"{{ file }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
/** Whoever signs in or out by whichever way, another account's pages are not to be shown from then on. */
const SESSIONS = ["{% url 'logout' %}", "{% url 'api-logout' %}", "{% url 'api-login' %}", "{% url 'api-signup' %}"];
/** What another app shares: static/js/stores/share-target.js has the same names. */
const SHARE = "{% url 'share' %}";
const SHARED = "shared";
const MOST_SHARED = 5;
const PARTS = /(?:href|src)="([^"]+\.(?:css|js)(?:\?[^"]*)?)"/g;

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
self.addEventListener("message", (event) => event.waitUntil(heed(event.data)));
self.addEventListener("fetch", (event) => {
  const { method, mode, destination, url } = event.request;
  const { pathname } = new URL(url);
  if (method === "POST" && SESSIONS.includes(pathname)) event.waitUntil(forgetPages());
  else if (method === "POST" && pathname === SHARE) event.respondWith(keepShared(event.request));
  else if (mode === "navigate" && method === "GET") event.respondWith(visit(event));
  else if (destination === "style" || destination === "script" || isPicture(event.request)) event.respondWith(part(event.request));
});

async function keep() {
  const response = await fetch(PAGE, { cache: "reload", credentials: "omit" });
  const parts = [...partsOf(await response.clone().text()), ...CHAT_FILES];
  const cache = await caches.open(CACHE);
  await Promise.all([cache.put(PAGE, response), cache.addAll([...new Set(parts)])]);
}

const partsOf = (html) => Array.from(html.split("<body", 1)[0].matchAll(PARTS), (match) => match[1]);

async function tidy() {
  await self.registration.navigationPreload?.enable();
  const names = await caches.keys();
  const isOld = (name) => name !== CACHE && !name.startsWith(KEPT) && !name.startsWith(SHARED);
  await Promise.all(names.filter(isOld).map((name) => caches.delete(name)));
}

async function visit(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    const { url } = event.request;
    return (await keptPage(url)) ?? (await keptPage(listOf(url))) ?? (await caches.match(PAGE)) ?? Response.error();
  }
}

/** The list that leads to a chat, and says of one that is not kept that it is not: elements/navigation.js. */
function listOf(url) {
  const { pathname, searchParams } = new URL(url);
  if (!CHAT.test(pathname)) return url;
  return new URL(searchParams.get("list") === "contacts" ? "{% url 'contacts' %}" : "{% url 'chats' %}", url).href;
}

const isPicture = ({ destination, url }) => destination === "image" && new URL(url).origin === location.origin;

async function part(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request, { ignoreVary: true })) ?? Response.error();
  }
}

let written = Promise.resolve();

/** A page, or that pictures may be left of what is gone. One after the other: the last one counts. Nobody waits for pictures. */
async function heed(data) {
  const isPage = "address" in data;
  written = written.then(() => (isPage ? putPage(data) : dropUnshown(data))).catch(() => {});
  await written;
  if (isPage) await putPictures(data);
}

/** Where it is gone, the session has ended meanwhile: another tab may not have heard of it yet. */
const cacheOf = async (userId) => (await caches.has(KEPT + userId)) && caches.open(KEPT + userId);

async function putPage({ userId, address, html }) {
  const cache = await cacheOf(userId);
  if (!cache) return;
  await cache.delete(address, { ignoreSearch: true });
  await cache.put(address, new Response(html, { headers: { [READ_AT]: Date.now() } }));
  await dropOldest(cache, CHAT, MOST_CHATS, (page) => Number(page.headers.get(READ_AT)));
}

async function putPictures({ userId, pictures = [] }) {
  const cache = await cacheOf(userId);
  if (!cache) return;
  const isNew = await Promise.all(pictures.map(async (address) => !(await cache.match(address, { ignoreVary: true }))));
  await Promise.allSettled(pictures.filter((_, number) => isNew[number]).map((address) => putPicture(cache, address)));
  await dropOldest(cache, PICTURE, MOST_PICTURES);
}

async function putPicture(cache, address) {
  const picture = await fetch(address);
  if (!picture.ok || Number(picture.headers.get("Content-Length")) > LARGEST_PICTURE) return;
  // Not every answer tells beforehand.
  const { size } = await picture.clone().blob();
  if (size <= LARGEST_PICTURE) await cache.put(address, picture);
}

const withPath = async (cache, path) => (await cache.keys()).filter(({ url }) => path.test(new URL(url).pathname));

/** Of those with such a path, all but so many: by `age(response)`, or else as they came. */
async function dropOldest(cache, path, most, age = () => 0) {
  const such = await withPath(cache, path);
  if (such.length <= most) return;
  const aged = await Promise.all(such.map(async (key) => ({ key, at: age(await cache.match(key, { ignoreVary: true })) })));
  const oldest = aged.sort((one, other) => one.at - other.at).slice(0, such.length - most);
  await Promise.all(oldest.map(({ key }) => cache.delete(key, { ignoreVary: true })));
}

/** Pictures that no kept page shows any more, as those of messages that were deleted. */
async function dropUnshown({ userId }) {
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

/** What was read there last, under the policy of our own page; nothing where it is not certain whose it would be. */
async function keptPage(url) {
  await written;
  const [name, ...others] = await keptNames();
  if (!name || others.length) return null;
  const address = url.split("#", 1)[0];
  const cache = await caches.open(name);
  const [found] = await cache.keys(address, { ignoreSearch: true });
  const html = found && (await (await cache.match(found)).text());
  const page = await caches.match(PAGE);
  if (!html || !page || !(await hasParts(html))) return null;
  // Beside the other list.
  if (found.url !== address) return Response.redirect(found.url);
  const headers = new Headers(page.headers);
  ["Content-Length", "Content-Encoding"].forEach((each) => headers.delete(each));
  return new Response(html, { headers });
}

/** A page from before an update may need files that are not here any more. */
async function hasParts(html) {
  const cache = await caches.open(CACHE);
  const found = await Promise.all(partsOf(html).map((each) => cache.match(each)));
  return found.every(Boolean);
}

const keptNames = async () => (await caches.keys()).filter((name) => name.startsWith(KEPT));

async function forgetPages() {
  const shared = (await caches.keys()).filter((name) => name.startsWith(SHARED));
  await Promise.all([...(await keptNames()), ...shared].map((name) => caches.delete(name)));
}

/** As it came, beside what was shared before, which any site may add to: it stays in this browser until somebody sends it. */
async function keepShared(request) {
  const address = `${SHARE}?id=${crypto.randomUUID()}`;
  try {
    const cache = await caches.open(SHARED);
    await cache.put(address, new Response(await request.formData()));
    await dropOldest(cache, /^/, MOST_SHARED);
    return Response.redirect(address, 303);
  } catch {
    return Response.redirect(`${SHARE}?lost=1`, 303);
  }
}
