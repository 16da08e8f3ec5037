{% load static %}const CACHE = "offline-{{ version }}";
const PAGE = "{% url 'offline' %}";
const SCRIPT = new URL("{% static 'js/offline-page.js' %}", location).href;
const PARTS = /(?:href|src)="([^"]+\.(?:css|js)(?:\?[^"]*)?)"/g;

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const { method, mode, destination, url } = event.request;
  if (mode === "navigate" && method === "GET") event.respondWith(visit(event));
  else if (destination === "style" || url === SCRIPT) event.respondWith(part(event.request));
});

async function keep() {
  const response = await fetch(PAGE, { cache: "reload", credentials: "omit" });
  const html = await response.clone().text();
  const parts = Array.from(html.matchAll(PARTS), (match) => match[1]);
  const cache = await caches.open(CACHE);
  await Promise.all([cache.put(PAGE, response), cache.addAll([...new Set(parts)])]);
}

async function tidy() {
  await self.registration.navigationPreload?.enable();
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
}

async function visit(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function part(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}
