const FIELDS = "input, textarea, select, [contenteditable]";
/** Keys that start a composed character, or an input method. */
const COMPOSING_KEYS = new Set(["Dead", "Process"]);

/** Focuses this field when somebody types outside of any field; returns a function that unsubscribes. */
export function focusOnTyping(field) {
  const listen = (event) => {
    if (isText(event) && !event.target.closest?.(FIELDS) && !document.querySelector("dialog[open]")) field.focus({ preventScroll: true });
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

/** Not for the space bar, which scrolls or clicks. */
function isText(event) {
  if (event.defaultPrevented || event.key === " ") return false;
  const isShortcut = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
  return !isShortcut && ([...event.key].length === 1 || COMPOSING_KEYS.has(event.key));
}
