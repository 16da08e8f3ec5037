/** Keeps a page at hand that says so when the network is away; browsers offer this over https and on localhost only. */
export function keepOfflinePage() {
  navigator.serviceWorker?.register("/sw.js").catch(() => {});
}
