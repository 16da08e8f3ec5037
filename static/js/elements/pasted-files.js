const BITMAP = "image.png"; // the name that browsers give to a picture without a file

/**
 * The files of a paste, unless it is text. Spreadsheets and word processors put a picture of their text beside it, pages
 * put HTML beside a picture, and file managers put its name beside a file.
 */
export function pastedFiles(data) {
  const files = [...data.files];
  const words = data.getData("text/plain").trim();
  if (!words) return files;
  const isPictureOfText = data.types.includes("text/html") || files[0]?.name === BITMAP;
  return isPictureOfText && words !== files[0]?.name ? [] : files;
}
