// That a message is a copy of another: templates/messaging/parts/_forwarded.html has the words.
import { slot } from "../slots.js";

export function fillForwarded(item, { forwarded, deleted }) {
  const field = slot(item, "forwarded");
  if (!forwarded || deleted) return field?.remove();
  if (field) return;
  const label = document.getElementById("forwarded-template").content.firstElementChild.cloneNode(true);
  item.querySelector(".bubble").firstElementChild.before(label, "\n");
}
