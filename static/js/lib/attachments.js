// How the files of a message read where there is no room for them. messaging/page/attachments.py says the same.

/** Its text, or the names of its files. */
export function wordsOf({ text, attachments }) {
  if (text || !attachments) return text ?? "";
  return `📎 ${attachments.map(({ name }) => name).join(", ")}`;
}
