/** Registers the service worker, which has a page for when there is no network; only on https and localhost. */
export function keepOfflinePage() {
  if (!("noWorker" in document.body.dataset)) navigator.serviceWorker?.register("/sw.js").catch(() => {});
}
