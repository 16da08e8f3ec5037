const PICTOGRAPH = String.raw`\p{Extended_Pictographic}[\uFE0E\uFE0F\u{1F3FB}-\u{1F3FF}]*`;
const EMOJI = String.raw`\p{RGI_Emoji}|[#*0-9]\uFE0F?\u20E3|${PICTOGRAPH}(?:\u200D${PICTOGRAPH})*`;
/** Rules out nearly all that people write: the expression for emoji takes long to make, and not every page needs it. */
const MAY_BE_EMOJI = /^[^\0-\x7F]|\u20E3/;
/** White space and what nothing is drawn for, as chatsite/text.py has it. */
const BLANK = /^[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]*$/u;
/** What no address goes beyond: other scripts write no space after it. The signs left out are parts of names in them. */
const BEYOND = String.raw`\s<>"\x60＜＞｜～\p{Cc}\p{Cf}[\p{P}--[\0-\x7F‘’‐‑–·・]][\p{Default_Ignorable_Code_Point}--[\uFE00-\uFE0F]]`;
const WITHIN = `[^${BEYOND}]`;
const MAILBOX = String.raw`\p{Script=Latin}\p{Nd}._%+\-`;
const LAST_LABEL = String.raw`(?:xn--[a-z\d\-]+|\p{Script=Latin}{2,}|[\p{L}--\p{Script=Latin}]{2,})`;
// A scheme may stand beside any letters but those that it is written in itself.
const LINK = new RegExp(
  String.raw`(?<![\p{Script=Latin}\p{Nd}])(?:https?://(?=[\p{L}\p{N}\p{S}\[])|www\.(?=[\p{L}\p{N}])|mailto:(?=[${MAILBOX}]+@))${WITHIN}+` +
    String.raw`|(?<![${MAILBOX}@\/])[\p{Script=Latin}\p{Nd}][${MAILBOX}]*@(?:[\p{L}\p{M}\p{N}\-]+\.)+${LAST_LABEL}`,
  "giv",
);
/** Scripts whose words have no spaces between them. */
export const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}`;
// What no decomposition takes apart. chatsite/text.py has the same.
const LETTERS = { æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ŧ: "t", þ: "th", ß: "ss" };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");
const SENTENCE_END = /[.,:;!?'‘’‐‑–·・*]/u;
const BRACKETS = { ")": "(", "]": "[", "}": "{" };

let oneToThreeEmoji = null;

/** Whether nobody would see anything. */
export const isBlank = (text) => BLANK.test(text);

/** "ines" finds "Inês", "soren" finds "Søren". */
export const folded = (text) =>
  text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(LETTER, (letter) => LETTERS[letter]);

/** In plain text, what `<bdi>` is in HTML: a name turns nothing but itself. */
export const isolated = (name) => `\u2068${name}\u2069`;

/** One to three emoji and no words, as messaging/page/timeline.py has it. */
export function isEmojiOnly(text) {
  const shown = (text ?? "").replace(/\s+/g, "");
  if (!MAY_BE_EMOJI.test(shown)) return false;
  oneToThreeEmoji ??= new RegExp(`^(?:${EMOJI}){1,3}$`, "v");
  return oneToThreeEmoji.test(shown);
}

/** Web and mail addresses, each as where it stands and a link; punctuation that ends the sentence stays outside. */
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

/** How many more of each closing bracket there are than of its opening one. */
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
