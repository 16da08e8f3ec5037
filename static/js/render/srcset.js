const WIDTHS = [360, 720, 1080, 1440];
const THUMBNAIL_WIDTH = 720;

/** The `srcset` of a picture, or "" if it has a single width, as in messaging/page/srcset.py. */
export function srcset({ image, thumbnail, imageWidth }) {
  const smaller = smallerOnes(image, thumbnail, imageWidth);
  if (!smaller.length) return "";
  return [...smaller, [image, imageWidth]].map(([address, width]) => `${address} ${width}w`).join(", ");
}

function smallerOnes(image, thumbnail, imageWidth) {
  if (!image || !thumbnail) return [];
  if (thumbnail.startsWith(`${image}?`)) {
    return WIDTHS.filter((width) => width < imageWidth).map((width) => [`${image}?w=${width}`, width]);
  }
  return thumbnail !== image && imageWidth > THUMBNAIL_WIDTH ? [[thumbnail, THUMBNAIL_WIDTH]] : [];
}
