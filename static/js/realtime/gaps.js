/** Per conversation: the `seq` up to which nothing is missing, and those that came beyond a gap. */
const places = new Map();

/** Notes a message that came by itself; true when an earlier one of its conversation may be missing. */
export function leavesGap(peerId, seq) {
  const place = places.get(peerId);
  if (!place) {
    places.set(peerId, { upTo: seq, beyond: new Set() });
    return seq > 1;
  }
  if (seq > place.upTo) place.beyond.add(seq);
  while (place.beyond.delete(place.upTo + 1)) place.upTo += 1;
  return place.beyond.size > 0;
}

/** After a sync nothing is missing before the newest that was seen. */
export function closeGaps() {
  for (const place of places.values()) {
    place.upTo = Math.max(place.upTo, ...place.beyond);
    place.beyond.clear();
  }
}
