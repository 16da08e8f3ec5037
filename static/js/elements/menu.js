// A menu is a dialog with a `role="menu"` list, shown beside its anchor, or at the bottom edge on phones (dialogs.css).
import { moveFocus } from "./arrow-keys.js";

const MARGIN = 8;

export const itemsOf = (menu) => [...menu.querySelectorAll('[role="menuitem"]')].filter((item) => item.checkVisibility());

/**
 * Opens it below a rectangle, or above it if it would be cut off. Aligned with the start of the rectangle, or with its end
 * (`atEnd`), as it fits.
 */
export function openMenu(menu, { left, right, top, bottom }, { atEnd = false } = {}) {
  menu.showModal();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isRtl = getComputedStyle(menu).direction === "rtl";
  const across = [left, right - width];
  if (atEnd !== isRtl) across.reverse();
  menu.style.setProperty("--menu-x", `${fit(across, width, innerWidth)}px`);
  menu.style.setProperty("--menu-y", `${fit([bottom, top - height], height, innerHeight)}px`);
  itemsOf(menu)[0]?.focus();
}

/** The first position that fits into the window, or else the nearest to the first. */
function fit(candidates, size, room) {
  const end = room - size - MARGIN;
  return candidates.find((place) => place >= MARGIN && place <= end) ?? Math.max(MARGIN, Math.min(candidates[0], end));
}

/** Arrow keys move, a letter goes to the next item that starts with it, Tab closes. */
export function handleMenuKey(event, menu) {
  if (event.key === "Tab") menu.close();
  else if (!moveFocus(event, itemsOf(menu)) && event.key.length === 1 && event.key !== " ") goToLetter(event, menu);
}

function goToLetter({ key, altKey, ctrlKey, metaKey }, menu) {
  if (altKey || ctrlKey || metaKey) return;
  const items = itemsOf(menu);
  const here = items.indexOf(document.activeElement) + 1;
  const begins = (item) => item.textContent.trim().toLocaleLowerCase().startsWith(key.toLocaleLowerCase());
  [...items.slice(here), ...items.slice(0, here)].find(begins)?.focus();
}
