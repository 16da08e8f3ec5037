import { emit } from "./bus.js";

const GRACE = 500;
let over = false;

// Going back must not bring the dead page to life again.
addEventListener("pageshow", ({ persisted }) => persisted && over && location.reload());

/** Tells the page that its session ended and asks for it anew, which leads to log-in, unless it is already on its way elsewhere. */
export function endSession() {
  if (over) return;
  over = true;
  emit("connection", { state: "ended" });
  setTimeout(() => location.reload(), GRACE);
}
