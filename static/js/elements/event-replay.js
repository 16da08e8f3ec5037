// A page region is rendered at one moment and swapped in a little later. What came in between is
// told to it again when it appears; everything here may be applied twice.
import { on } from "../lib/bus.js";
import { peerOf } from "../lib/peers.js";

const KEEP = 60_000;
let kept = [];

// What the reader deleted for themselves since is not told again.
on("hidden", ({ peerId, hidden }) => {
  const isHidden = ({ seq }) => hidden.some(([first, last]) => first <= seq && seq <= last);
  const isThere = ({ message }) => peerOf(message, document.body.dataset.userId) === peerId;
  kept = kept.filter(({ name, detail }) => name !== "message" || !isThere(detail) || !isHidden(detail.message));
});

for (const name of ["message", "message-deleted", "hidden", "reaction", "pin", "read", "delivered"]) {
  on(name, (detail) => keep(name, detail));
}

/** Calls `handlers[name](detail)` for each event of the last minute. */
export function replay(handlers) {
  forgetOld();
  for (const { name, detail } of kept) handlers[name]?.({ ...detail, live: false });
}

function keep(name, detail) {
  forgetOld();
  kept.push({ name, detail, at: performance.now() });
}

function forgetOld() {
  const oldest = performance.now() - KEEP;
  while (kept[0]?.at < oldest) kept.shift();
}
