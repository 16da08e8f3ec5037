const FIELDS = "input, textarea, select, [contenteditable]";
/** Of a letter that takes two keys, and of an input method. */
const BEGINNINGS = new Set(["Dead", "Process"]);

/** Whoever types while nothing takes it writes into this field; returns the function that ends it. */
export function watchTyping(field) {
  const listen = (event) => {
    if (isText(event) && !event.target.closest?.(FIELDS) && !document.querySelector("dialog[open]")) field.focus({ preventScroll: true });
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

/** A space scrolls, or presses a button. */
function isText(event) {
  if (event.defaultPrevented || event.key === " ") return false;
  const isShortcut = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
  return !isShortcut && ([...event.key].length === 1 || BEGINNINGS.has(event.key));
}
