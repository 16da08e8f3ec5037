import { setOrRemove, slot } from "../slots.js";
import { srcset } from "../srcset.js";

export function fillPicture(item, message) {
  const { image, thumbnail, imageWidth, imageHeight, isLocal } = message;
  const link = slot(item, "picture");
  link.hidden = !image;
  setOrRemove(link, "href", isLocal ? "" : image);
  const widths = srcset(message);
  const shown = {
    srcset: widths, sizes: widths && "22rem", src: thumbnail ?? image, width: imageWidth, height: imageHeight,
  };
  for (const [name, value] of Object.entries(shown)) setOrRemove(link.firstElementChild, name, value);
}
