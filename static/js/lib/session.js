import { emit } from "./bus.js";

const GRACE = 500;
let hasEnded = false;

// The back/forward cache must not bring back a page whose session has ended.
addEventListener("pageshow", ({ persisted }) => persisted && hasEnded && location.reload());

/** Announces that the session has ended, and reloads the page, which leads to log-in. */
export function endSession() {
  if (hasEnded) return;
  hasEnded = true;
  emit("connection", { state: "ended" });
  setTimeout(() => location.reload(), GRACE);
}
