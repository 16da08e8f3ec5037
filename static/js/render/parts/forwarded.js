// The label of a forwarded message, worded in templates/messaging/parts/_forwarded.html.
import { slot } from "../slots.js";

export function fillForwarded(item, { forwarded, deleted }) {
  const field = slot(item, "forwarded");
  if (!forwarded || deleted) return field?.remove();
  if (field) return;
  const label = document.getElementById("forwarded-template").content.firstElementChild.cloneNode(true);
  item.querySelector(".bubble").firstElementChild.before(label, "\n");
}
