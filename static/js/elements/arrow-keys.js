const STEPS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/** Moves the focus among elements by arrow keys, Home and End; true if it did. */
export function moveFocus(event, elements) {
  const step = STEPS[event.key];
  if (!step || !elements.length || event.altKey || event.ctrlKey || event.metaKey) return false;
  const active = document.activeElement;
  const here = elements.indexOf(elements.includes(active) ? active : active.closest("[tabindex], a"));
  const start = here < 0 && step < 0 ? elements.length : here;
  elements[Math.max(0, Math.min(elements.length - 1, start + step))].focus();
  event.preventDefault();
  return true;
}

const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };

/** The step of a horizontal arrow key: 1 is forward in the reading direction, 0 is none. */
export function stepAcross(event) {
  const step = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey ? 0 : (ACROSS[event.key] ?? 0);
  return getComputedStyle(event.target).direction === "rtl" ? -step : step;
}
