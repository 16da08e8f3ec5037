const PICTOGRAPH = String.raw`\p{Extended_Pictographic}[\uFE0E\uFE0F\u{1F3FB}-\u{1F3FF}]*`;
const EMOJI = String.raw`\p{RGI_Emoji}|[#*0-9]\uFE0F?\u20E3|${PICTOGRAPH}(?:\u200D${PICTOGRAPH})*`;
/** A quick test that rules out nearly all texts: the full expression is slow to compile, and not every page needs it. */
const MAY_BE_EMOJI = /^[^\0-\x7F]|\u20E3/;
/** White space and invisible characters, as in chatsite/text.py. */
const BLANK = /^[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]*$/u;
/** Characters that end a URL, also in scripts without spaces. The excluded ones occur within names. */
const BEYOND = String.raw`\s<>"\x60＜＞｜～\p{Cc}\p{Cf}[\p{P}--[\0-\x7F‘’‐‑–·・]][\p{Default_Ignorable_Code_Point}--[\uFE00-\uFE0F]]`;
const WITHIN = `[^${BEYOND}]`;
const MAILBOX = String.raw`\p{Script=Latin}\p{Nd}._%+\-`;
const LAST_LABEL = String.raw`(?:xn--[a-z\d\-]+|\p{Script=Latin}{2,}|[\p{L}--\p{Script=Latin}]{2,})`;
// Letters of other scripts may directly precede a scheme.
const LINK = new RegExp(
  String.raw`(?<![\p{Script=Latin}\p{Nd}])(?:https?://(?=[\p{L}\p{N}\p{S}\[])|www\.(?=[\p{L}\p{N}])|mailto:(?=[${MAILBOX}]+@))${WITHIN}+` +
    String.raw`|(?<![${MAILBOX}@\/])[\p{Script=Latin}\p{Nd}][${MAILBOX}]*@(?:[\p{L}\p{M}\p{N}\-]+\.)+${LAST_LABEL}`,
  "giv",
);
/** Scripts whose words have no spaces between them. */
export const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}`;
// Letters without a Unicode decomposition, as in chatsite/text.py.
const LETTERS = { æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ŧ: "t", þ: "th", ß: "ss" };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");
const SENTENCE_END = /[.,:;!?'‘’‐‑–·・*]/u;
const BRACKETS = { ")": "(", "]": "[", "}": "{" };

let oneToThreeEmoji = null;

/** Whether the text is empty or entirely invisible. */
export const isBlank = (text) => BLANK.test(text);

/** "ines" finds "Inês", "soren" finds "Søren". */
export const folded = (text) =>
  text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(LETTER, (letter) => LETTERS[letter]);

/** Isolates the direction of a name in plain text, as `<bdi>` does in HTML. */
export const isolated = (name) => `\u2068${name}\u2069`;

/** Whether the text is one to three emoji, as in messaging/page/timeline.py. */
export function isEmojiOnly(text) {
  const shown = (text ?? "").replace(/\s+/g, "");
  if (!MAY_BE_EMOJI.test(shown)) return false;
  oneToThreeEmoji ??= new RegExp(`^(?:${EMOJI}){1,3}$`, "v");
  return oneToThreeEmoji.test(shown);
}

/** Yields `[index, link]` for each web and mail address, without the punctuation at the end of the sentence. */
export function* linksIn(text) {
  for (const match of text.matchAll(LINK)) {
    const link = linkTo(trimmed(match[0]));
    if (link) yield [match.index, link];
  }
}

function trimmed(address) {
  let end = address.length;
  const loose = looseBrackets(address);
  while (SENTENCE_END.test(address[end - 1]) || loose[address[end - 1]]-- > 0) end -= 1;
  return address.slice(0, end);
}

/** By how many each closing bracket outnumbers its opening one. */
function looseBrackets(address) {
  const count = (character) => address.split(character).length;
  return Object.fromEntries(Object.entries(BRACKETS).map(([close, open]) => [close, count(close) - count(open)]));
}

function linkTo(address) {
  const href = hrefOf(address);
  if (!URL.canParse(href)) return null;
  const link = document.createElement("a");
  Object.assign(link, { href, textContent: address, rel: "noopener noreferrer nofollow" });
  if (link.protocol !== "mailto:") link.target = "_blank";
  return link;
}

function hrefOf(address) {
  if (/^www\./i.test(address)) return `https://${address}`;
  return /^(?:https?:\/\/|mailto:)/i.test(address) ? address : `mailto:${address}`;
}
