// Shown in place of a page that could not be loaded; reloads it once the server responds again.

const CHECK_INTERVAL = 5000;

if (location.pathname !== "/offline") {
  addEventListener("online", checkServer);
  setInterval(checkServer, CHECK_INTERVAL);
}

async function checkServer() {
  if (navigator.onLine && (await isServerUp())) location.reload();
}

async function isServerUp() {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
