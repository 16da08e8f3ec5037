import { linksIn } from "./text.js";

const TAGS = { "*": "strong", _: "em", "~": "s" };
const SCRIPTS_WITHOUT_SPACES = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。，！？：；`;
// Elsewhere a marker is part of a path, of a name with underscores, of a sum or of an emoticon.
const BEFORE = String.raw`(?<=^|[\s\(\[\{"'“‘«„¿¡—–（「『《【${SCRIPTS_WITHOUT_SPACES}])`;
const CLOSING = String.raw`\s\)\]\}"'”’»—–）」』》】${SCRIPTS_WITHOUT_SPACES}`;
const AFTER = String.raw`(?=$|[${CLOSING}]|[.,:;!?…]+(?:$|[${CLOSING}]))`;
const EMPHASIS = String.raw`${BEFORE}(?<mark>\*{1,2}|_|~{1,2})(?=\S)(?<words>[^\n]{0,1000}?\S)\k<mark>${AFTER}`;
const WORDS = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
const CODE = /(```)(?=[^`])(?:[\w+#-]*\n)?([^]*?)\n?(```)(?:\n|$)?|(?<!`)(`)([^`\n]*[^`\s][^`\n]*)(`)(?!`)/dg;
const LINE = /^(?<quote> ?> ?)|^(?<bullet> *[-*•] +)(?=\S)|^(?<number> *\d{1,3}[.\)] +)(?=\S)/;
/** Rules out most of what people write. */
const MAY_BE_MARKED = /[*_~`]|^ *(?:>|[\-•] |\d{1,3}[.\)] )/m;

/**
 * The text as nodes, with links and what is marked: `*bold*`, `_italic_`, `~struck~`, code between backticks, lines that
 * begin as quotes or items of a list. The markers stay, hidden: the text of the nodes is the text that was given.
 */
export function formatted(text) {
  const whole = document.createDocumentFragment();
  const source = sourceOf(text);
  if (MAY_BE_MARKED.test(text)) appendBlocks(whole, source);
  else appendPieces(whole, source, 0, text.length);
  return whole;
}

/** The text without its markers, where a line of it is shown. */
export function unmarked(text) {
  if (!MAY_BE_MARKED.test(text)) return text;
  const whole = formatted(text);
  whole.querySelectorAll("[hidden]").forEach((marker) => marker.remove());
  return whole.textContent;
}

/** The text with the pieces that are not looked into, code and links, and with letters in their place. */
function sourceOf(text) {
  const pieces = [...codeIn(text)];
  const withoutCode = masked(text, pieces, " ");
  for (const [start, link] of linksIn(withoutCode)) pieces.push({ start, end: start + link.textContent.length, node: link });
  pieces.sort((one, other) => one.start - other.start);
  return { text, pieces, words: masked(text, pieces, "x") };
}

function* codeIn(text) {
  if (!text.includes("`")) return;
  for (const match of text.matchAll(CODE)) {
    const isBlock = Boolean(match[1]);
    const [start, end] = [match.index, match.index + match[0].length];
    const [from, to] = match.indices[isBlock ? 2 : 5];
    const code = text.slice(from, to);
    if (!code.trim()) continue;
    const node = element("code", hidden(text.slice(start, from)), code, hidden(text.slice(to, end)));
    if (isBlock) node.className = "code-block";
    yield { start, end, node };
  }
}

function masked(text, pieces, letter) {
  let [rest, end] = ["", 0];
  for (const piece of pieces) {
    const last = text[piece.end - 1] === "\n" ? "\n" : letter;
    rest += text.slice(end, piece.start) + letter.repeat(piece.end - piece.start - 1) + last;
    end = piece.end;
  }
  return rest + text.slice(end);
}

/** Line by line; lines that are nothing special stay together. */
function appendBlocks(whole, source) {
  let [plain, start, quote] = [0, 0, null];
  for (const line of source.words.split(/(?<=\n)/)) {
    const { quote: isQuote, bullet, number } = line.match(LINE)?.groups ?? {};
    const marker = isQuote ?? bullet ?? number;
    if (marker !== undefined) {
      appendInline(whole, source, plain, start);
      plain = start + line.length;
      const block = isQuote === undefined ? element("span") : (quote ??= element("span"));
      block.className = isQuote === undefined ? "item" : "quoted";
      if (bullet !== undefined) block.classList.add("is-bullet");
      block.append(number === undefined ? hidden(source.text.slice(start, start + marker.length)) : number);
      appendInline(block, source, start + marker.length, plain);
      whole.append(block);
    }
    if (isQuote === undefined) quote = null;
    start += line.length;
  }
  appendInline(whole, source, plain, start);
}

function appendInline(parent, source, start, end) {
  const words = source.words.slice(start, end);
  const emphasis = new RegExp(EMPHASIS, "gmv");
  let done = 0;
  for (let match; (match = emphasis.exec(words)); ) {
    const [{ mark, words: within }, from] = [match.groups, start + match.index];
    if (!WORDS.test(within)) {
      emphasis.lastIndex = match.index + 1;
      continue;
    }
    appendPieces(parent, source, start + done, from);
    const strong = element(TAGS[mark[0]], hidden(mark));
    appendInline(strong, source, from + mark.length, from + mark.length + within.length);
    strong.append(hidden(mark));
    parent.append(strong);
    done = match.index + match[0].length;
  }
  appendPieces(parent, source, start + done, end);
}

function appendPieces(parent, { text, pieces }, start, end) {
  for (const piece of pieces) {
    if (piece.start < start || piece.end > end) continue;
    parent.append(text.slice(start, piece.start), piece.node);
    start = piece.end;
  }
  if (start < end) parent.append(text.slice(start, end));
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function hidden(marker) {
  const span = element("span", marker);
  span.hidden = true;
  return span;
}
