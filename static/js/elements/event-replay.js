// A page region is rendered at one moment and swapped in a little later. Events from in between are replayed to it, so all of
// them must be idempotent.
import { on } from "../lib/bus.js";
import { peerOf } from "../lib/peers.js";

const MAX_AGE = 60_000;
let events = [];

// Messages that the reader has deleted for themselves since are not replayed.
on("hidden", ({ peerId, hidden }) => {
  const isHidden = ({ seq }) => hidden.some(([first, last]) => first <= seq && seq <= last);
  const isInChat = ({ message }) => peerOf(message, document.body.dataset.userId) === peerId;
  events = events.filter(({ name, detail }) => name !== "message" || !isInChat(detail) || !isHidden(detail.message));
});

for (const name of ["message", "message-deleted", "hidden", "reaction", "pin", "read", "delivered"]) {
  on(name, (detail) => record(name, detail));
}

/** Calls `handlers[name](detail)` for each event of the last minute. */
export function replay(handlers) {
  dropOld();
  for (const { name, detail } of events) handlers[name]?.({ ...detail, live: false });
}

function record(name, detail) {
  dropOld();
  events.push({ name, detail, at: performance.now() });
}

function dropOld() {
  const oldest = performance.now() - MAX_AGE;
  while (events[0]?.at < oldest) events.shift();
}
