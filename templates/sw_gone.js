// In place of the service worker (sw.js), where the site is to have none: ends whichever one is there, and all that it keeps.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(leave()));

async function leave() {
  await self.registration.unregister();
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  const pages = await self.clients.matchAll({ type: "window" });
  // Not waited for: they wait for this.
  pages.forEach((page) => page.navigate(page.url));
}
