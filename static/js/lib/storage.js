/** Before the key of a person: what they used last in the emoji picker. */
export const RECENT_EMOJI = "recent-emoji:";

// Browsers that block site data throw on every access: then nothing is remembered, and nothing breaks.

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

/** All that begins like this, but for what begins like `kept`. */
export function forget(prefix, kept) {
  try {
    const isOver = (key) => key.startsWith(prefix) && !(kept && key.startsWith(kept));
    const keys = Object.keys(localStorage).filter(isOver);
    keys.forEach((key) => localStorage.removeItem(key));
  } catch {
    return;
  }
}
