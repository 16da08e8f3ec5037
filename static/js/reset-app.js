// Removes service workers and their caches, nothing else: drafts and the outbox are stored elsewhere.
const button = document.getElementById("reset");

button.addEventListener("click", async () => {
  button.disabled = true;
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  const names = (await globalThis.caches?.keys()) ?? [];
  await Promise.allSettled([...workers.map((worker) => worker.unregister()), ...names.map((name) => caches.delete(name))]);
  location.replace("/");
});
