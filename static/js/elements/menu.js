// A menu is a dialog with a list of `role="menu"`: beside what it belongs to, on a phone at the lower edge (dialogs.css).
import { moveFocus } from "./arrow-keys.js";

const MARGIN = 8;

export const itemsOf = (menu) => [...menu.querySelectorAll('[role="menuitem"]')].filter((item) => item.checkVisibility());

/**
 * Opens it below a rectangle of the window, or above it where it would be cut off. It begins where the rectangle does in the
 * line, or ends there (`atEnd`), whichever fits.
 */
export function openMenu(menu, { left, right, top, bottom }, { atEnd = false } = {}) {
  menu.showModal();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isRtl = getComputedStyle(menu).direction === "rtl";
  const across = [left, right - width];
  if (atEnd !== isRtl) across.reverse();
  menu.style.setProperty("--menu-x", `${fitting(across, width, innerWidth)}px`);
  menu.style.setProperty("--menu-y", `${fitting([bottom, top - height], height, innerHeight)}px`);
  itemsOf(menu)[0]?.focus();
}

/** The first of these places that leaves it within the window; else the nearest that does. */
function fitting(places, size, room) {
  const end = room - size - MARGIN;
  return places.find((place) => place >= MARGIN && place <= end) ?? Math.max(MARGIN, Math.min(places[0], end));
}

/** Arrow keys go up and down, a letter to the next item that begins with it, Tab leaves. */
export function steerMenu(event, menu) {
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
