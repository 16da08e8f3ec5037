// The preview of the first link of a message: templates/messaging/parts/_link_preview.html is the same for what the server renders.
import { setOrRemove, slot, write } from "../slots.js";

export function fillLinkPreview(item, { preview, deleted }) {
  const field = slot(item, "preview");
  if (!preview || deleted) return field?.remove();
  const shown = create(preview);
  if (!field) item.querySelector(".message__gone").after("\n", shown);
  else if (!field.isEqualNode(shown)) field.replaceWith(shown);
}

function create({ url, title, description = "", image, width, height }) {
  const field = document.getElementById("link-preview-template").content.firstElementChild.cloneNode(true);
  const [picture, ...words] = field.firstElementChild.children;
  for (const [name, value] of Object.entries({ src: image, width, height })) setOrRemove(picture, name, value);
  field.firstElementChild.href = url;
  [title, description, new URL(url).hostname.replace(/^www\./, "")].forEach((text, place) => write(words[place], text));
  return field;
}
