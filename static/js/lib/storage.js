/** Prefix, before the user's key, of the emoji used last. */
export const RECENT_EMOJI = "recent-emoji:";

// Browsers that block site data throw on every access; then nothing is stored.

export function read(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function write(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    return;
  }
}

/** Removes all keys with this prefix, except those with the prefix `kept`. */
export function removeByPrefix(prefix, kept) {
  try {
    const isOver = (key) => key.startsWith(prefix) && !(kept && key.startsWith(kept));
    const keys = Object.keys(localStorage).filter(isOver);
    keys.forEach((key) => localStorage.removeItem(key));
  } catch {
    return;
  }
}
