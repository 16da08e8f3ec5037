// The idempotency keys with which this tab opens view-once messages: a lost response or a reload before anything was shown does not
// use up the opening.
const STORAGE_KEY = "openings";
/** By message key: {openingId, until?}, until it was shown. */
const openings = new Map(loadOpenings());

export const openingOf = (messageId) => openings.get(messageId);

export const isOpening = (messageId) => openings.has(messageId) && !(openings.get(messageId).until <= new Date().toISOString());

/** Without `opening`, removes it. */
export function saveOpening(messageId, opening) {
  if (opening) openings.set(messageId, opening);
  else openings.delete(messageId);
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify([...openings]));
  } catch {
    return; // storage is blocked: a reload loses it
  }
}

function loadOpenings() {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY)) ?? [];
  } catch {
    return [];
  }
}
