import { mentionsIn } from "./mentions.js";
import { linksIn, UNSPACED } from "./text.js";

const TAGS = { "*": "strong", _: "em", "~": "s" };
const SCRIPTS_WITHOUT_SPACES = `${UNSPACED}、。，！？：；`;
// Elsewhere a marker is part of a path, a snake_case name, arithmetic or an emoticon.
const BEFORE = String.raw`(?<=^|[\s\(\[\{"'“‘«„¿¡—–（「『《【${SCRIPTS_WITHOUT_SPACES}])`;
const END = String.raw`\s\)\]\}"'”’»—–）」』》】${SCRIPTS_WITHOUT_SPACES}`;
const AFTER = String.raw`(?=$|[${END}]|[.,:;!?…]+(?:$|[${END}]))`;
const MARK = String.raw`\*{1,2}|_|~{1,2}`;
// Two expressions, each run once: a single one for both ends would scan to the end of the text from every opening.
const OPENING = new RegExp(String.raw`${BEFORE}(?:${MARK})(?=\S)`, "gmv");
const CLOSING = new RegExp(String.raw`(?<=\S)(?=(?<mark>${MARK})${AFTER})`, "gmv");
const WORDS = /[\p{L}\p{N}\p{Extended_Pictographic}]+/gu;
const MAX_SPAN = 1000; // characters between two markers
const MAX_DEPTH = 3; // bold, italic and strikethrough, nested
const CODE = /(```)(?=[^`])(?:[\w+#-]*\n)?([^]*?)\n?(```)(?:\n|$)?|(?<!`)(`)([^\S\n]*[^`\s][^`\n]*)(`)(?!`)/dg;
const LINE = /^(?<quote> ?> ?)|^(?<bullet> *[-*•] +)(?=\S)|^(?<number> *\d{1,3}[.\)] +)(?=\S)/;
/** A quick test that rules out most texts. */
const MAY_BE_MARKED = /[*_~`]|^ *(?:>|[\-•] |\d{1,3}[.\)] )/m;

/**
 * Formats a text as DOM nodes: links, `*bold*`, `_italic_`, `~struck~`, code between backticks, lines that are quotes or list
 * items, and mentions of `people`, `{name, isMe}`. The markers stay in the nodes, hidden, so that their text content is the
 * original text.
 */
export function formatted(text, people = []) {
  const whole = document.createDocumentFragment();
  const source = sourceOf(text, people);
  if (MAY_BE_MARKED.test(text)) appendBlocks(whole, source);
  else appendPieces(whole, source, 0, text.length);
  return whole;
}

/** The text without its markers, for one-line previews. */
export function unmarked(text) {
  if (!MAY_BE_MARKED.test(text)) return text;
  const whole = formatted(text);
  whole.querySelectorAll("[hidden]").forEach((marker) => marker.remove());
  return whole.textContent;
}

/** Splits off the pieces that are not formatted further (code, links, mentions) and puts letters in their place. */
function sourceOf(text, people) {
  const pieces = [...codeIn(text)];
  const withoutCode = masked(text, pieces, " ");
  for (const [start, link] of linksIn(withoutCode)) pieces.push({ start, end: start + link.textContent.length, node: link });
  for (const { start, end, isMe } of mentionsIn(withoutCode, people)) {
    if (pieces.some((piece) => piece.start < end && start < piece.end)) continue;
    const node = element("span", text.slice(start, end));
    node.className = isMe ? "mention is-me" : "mention";
    pieces.push({ start, end, node });
  }
  pieces.sort((one, other) => one.start - other.start);
  const words = masked(text, pieces, "x");
  return { text, words, pieces: pieces.reverse() }; // popped from the end
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

/** Appends line by line; plain lines stay together. */
function appendBlocks(whole, source) {
  let [plain, start, quote] = [0, 0, null];
  for (const line of source.words.split(/(?<=\n)/)) {
    const { quote: isQuote, bullet, number } = line.match(LINE)?.groups ?? {};
    const marker = isQuote ?? bullet ?? number;
    if (marker !== undefined) {
      appendInline(whole, source, plain, start);
      plain = start + line.length;
      const block = (isQuote !== undefined && quote) || whole.appendChild(element("span"));
      if (isQuote !== undefined) quote = block;
      block.className = isQuote === undefined ? "item" : "quoted";
      if (bullet !== undefined) block.classList.add("is-bullet");
      block.append(number === undefined ? hidden(source.text.slice(start, start + marker.length)) : number);
      appendInline(block, source, start + marker.length, plain);
    }
    if (isQuote === undefined) quote = null;
    start += line.length;
  }
  appendInline(whole, source, plain, start);
}

function appendInline(parent, source, start, end, depth = 0) {
  let done = start;
  const words = source.words.slice(start, end);
  for (const { mark, from, to } of depth < MAX_DEPTH ? emphasisIn(words) : []) {
    const [first, last] = [start + from, start + to];
    appendPieces(parent, source, done, first - mark.length);
    const strong = element(TAGS[mark[0]], hidden(mark));
    appendInline(strong, source, first, last, depth + 1);
    strong.append(hidden(mark));
    parent.append(strong);
    done = last + mark.length;
  }
  appendPieces(parent, source, done, end);
}

/** The ranges between two markers: each opening with the first closing after it. */
function* emphasisIn(words) {
  if (!/[*_~]/.test(words)) return;
  const ends = Object.groupBy([...words.matchAll(CLOSING)].reverse(), ({ groups }) => groups.mark);
  const letters = [...words.matchAll(WORDS)].reverse();
  let done = 0;
  for (const { 0: longest, index } of words.matchAll(OPENING)) {
    if (index < done) continue;
    for (const mark of new Set([longest, longest[0]])) {
      const from = index + mark.length;
      const to = firstAfter(ends[mark], from);
      if (!(to - from <= MAX_SPAN) || words.slice(from, to).includes("\n")) continue;
      if (firstAfter(letters, from - 1) < to) {
        yield { mark, from, to };
        done = to + mark.length;
      }
      break;
    }
  }
}

/** The index of the first match after `position`. `matches` is in reverse order; those before it are dropped. */
function firstAfter(matches, position) {
  while (matches?.at(-1)?.index <= position) matches.pop();
  return matches?.at(-1)?.index;
}

function appendPieces(parent, { text, pieces }, start, end) {
  while (pieces.at(-1)?.end <= end) {
    const piece = pieces.pop();
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
