/** Keeps a page at hand that says so when the network is away; browsers offer this over https and on localhost only. */
export function keepOfflinePage() {
  if (!("noWorker" in document.body.dataset)) navigator.serviceWorker?.register("/sw.js").catch(() => {});
}
