// Takes service workers away and what they keep, nothing else: drafts, and what waits to be sent, lie elsewhere.
const button = document.getElementById("reset");

button.addEventListener("click", async () => {
  button.disabled = true;
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  const names = (await globalThis.caches?.keys()) ?? [];
  await Promise.allSettled([...workers.map((worker) => worker.unregister()), ...names.map((name) => caches.delete(name))]);
  location.replace("/");
});
