// The places in a message's markup that script fills, named by `data-field`, and the classes that say what it is.
const CLASSES = ["is-mine", "is-follow", "is-followed", "is-emoji", "is-deleted", "is-system", "is-disappearing", "is-new", "is-found", "is-uploading"];

export const slot = (item, name) => item.querySelector(`[data-field="${name}"]`);

/** Sets or removes a class; the classes stay in one order, as the server writes them. */
export function mark(item, name, applies) {
  if (item.classList.contains(name) === applies) return;
  item.classList.toggle(name, applies);
  const marks = CLASSES.filter((each) => item.classList.contains(each));
  item.className = ["message", ...marks].join(" ");
}

/** Leaves alone what reads so already: a change would be read out, and drawn, again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setOrRemove(element, name, value) {
  if (!value) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
