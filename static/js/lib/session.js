import { emit } from "./bus.js";

const GRACE = 500;
let over = false;

// Going back must not bring the dead page to life again.
addEventListener("pageshow", ({ persisted }) => persisted && over && location.reload());

/** Tells the page that its session ended and goes to log-in, unless it is already on its way elsewhere. */
export function endSession() {
  if (over) return;
  over = true;
  emit("connection", { state: "ended" });
  const here = location.pathname + location.search;
  setTimeout(() => location.assign(`/login?next=${encodeURIComponent(here)}`), GRACE);
}
