const WIDTHS = [360, 720, 1080, 1440];
const THUMBNAIL_WIDTH = 720;

/** The widths in which the page can have a picture, or nothing when there is but one; messaging/page/srcset.py does the same. */
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
