// The slots in a message's markup, named by `data-field`, and its state classes.
const CLASSES = ["is-mine", "is-continuation", "is-continued", "is-emoji", "is-deleted", "is-system", "is-disappearing", "is-new", "is-highlighted", "is-uploading"];

export const slot = (item, name) => item.querySelector(`[data-field="${name}"]`);

/** Toggles a class; the classes stay in the order in which the server writes them. */
export function toggleClass(item, name, applies) {
  if (item.classList.contains(name) === applies) return;
  item.classList.toggle(name, applies);
  const marks = CLASSES.filter((each) => item.classList.contains(each));
  item.className = ["message", ...marks].join(" ");
}

/** Writes only if the text differs, since a change is announced and painted again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setOrRemove(element, name, value) {
  if (!value) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
