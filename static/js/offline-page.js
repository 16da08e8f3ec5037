// The page stands in for the one that somebody wanted to see, at its address, until the server answers again.

const LOOK_EVERY = 5000;

if (location.pathname !== "/offline") {
  addEventListener("online", look);
  setInterval(look, LOOK_EVERY);
}

async function look() {
  if (navigator.onLine && (await isServerThere())) location.reload();
}

async function isServerThere() {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
