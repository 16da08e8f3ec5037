// The ids by which this tab opens what is seen once: with the same one it is the same opening, should its answer be lost, or the page
// be loaded again, before anything was shown.
const KEPT = "openings";
/** By message: {openingId, until?}, until it was shown. */
const openings = new Map(kept());

export const openingOf = (messageId) => openings.get(messageId);

export const isOpening = (messageId) => openings.has(messageId) && !(openings.get(messageId).until <= new Date().toISOString());

/** Without `opening`, it is over. */
export function keepOpening(messageId, opening) {
  if (opening) openings.set(messageId, opening);
  else openings.delete(messageId);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...openings]));
  } catch {
    return; // blocked: a page that is loaded again has lost it
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}
