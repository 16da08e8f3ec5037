const BITMAP = "image.png"; // the name that browsers give to a pasted bitmap

/**
 * The files of a paste, unless it is meant as text. Office programs add a picture of the text, web pages add HTML to a picture,
 * and file managers add a file's name.
 */
export function pastedFiles(data) {
  const files = [...data.files];
  const words = data.getData("text/plain").trim();
  if (!words) return files;
  const isPictureOfText = data.types.includes("text/html") || files[0]?.name === BITMAP;
  return isPictureOfText && words !== files[0]?.name ? [] : files;
}
