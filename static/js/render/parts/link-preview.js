// The preview of a message's first link, with the same markup as templates/messaging/parts/_link_preview.html.
import { setOrRemove, setText, slot } from "../slots.js";

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
  [title, description, new URL(url).hostname.replace(/^www\./, "")].forEach((text, index) => setText(words[index], text));
  return field;
}
