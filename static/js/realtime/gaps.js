/** By peer: the `seq` up to which nothing is missing, and those received beyond a gap. */
const progress = new Map();

/** Records a received message; true if an earlier one of its conversation may be missing. */
export function trackSeq(peerId, seq) {
  const state = progress.get(peerId);
  if (!state) {
    progress.set(peerId, { contiguous: seq, ahead: new Set() });
    return seq > 1;
  }
  if (seq > state.contiguous) state.ahead.add(seq);
  while (state.ahead.delete(state.contiguous + 1)) state.contiguous += 1;
  return state.ahead.size > 0;
}

/** After a sync, nothing is missing up to the newest message received. */
export function closeGaps() {
  for (const state of progress.values()) {
    state.contiguous = Math.max(state.contiguous, ...state.ahead);
    state.ahead.clear();
  }
}
