"""What text from outside must be before anything is done with it."""

import re
import unicodedata

FOLDED_LENGTH = 200
SOME_LETTERS = 100
# What nothing is drawn for, beside the categories of control and format characters: the other
# default-ignorable ones (fillers, variation selectors, joiners), the blank of Braille, a null note.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U0001d159\U000e0000-\U000e0fff]"
)
# How web addresses begin: no fewer than those that static/js/lib/text.js finds.
_LINK = re.compile(
    r"(?<![a-z\d])(?:https?://|www\.)(?=[a-z\d\[$+=~]|[^\s\x00-\x7f])", re.IGNORECASE
)
_WHITE_SPACE = set("\t\n\v\f\r")  # among the control characters
_BIDI_CONTROL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_storable(text: str) -> bool:
    """No NUL (PostgreSQL refuses it) and no lone surrogate (it cannot be encoded)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def is_blank(text: str) -> bool:
    """White space and characters nobody sees, alone."""
    return not (text[:1].isascii() and text[:1].isalnum()) and all(
        character.isspace() or _is_invisible(character) for character in text
    )


def has_link(text: str) -> bool:
    """Whether it may have a web address."""
    return _LINK.search(text) is not None


# What the page takes for code, and what no address goes beyond: static/js/lib/markup.js and text.js
# have the same.
_CODE = re.compile(r"```(?=[^`]).*?```|(?<!`)`[^\S\n]*[^`\s][^`\n]*`(?!`)", re.DOTALL)
_WITHIN = "‘’‐‑–·・"  # of signs that are not ASCII
_SENTENCE_END = f".,:;!?'*{_WITHIN}"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def first_link(text: str) -> str:
    """The first web address, as it is written; "" without one."""
    words = _CODE.sub(" ", text) if "`" in text else text
    found = _LINK.search(words)
    if found is None:
        return ""
    start, end = found.span()
    while end < len(words) and not _ends_address(words[end]):
        end += 1
    return _trimmed(words[start:end])


def _ends_address(character: str) -> bool:
    if character.isspace() or character in '<>"`＜＞｜～':
        return True
    if character in _WITHIN or "\ufe00" <= character <= "\ufe0f":
        return False
    is_sign = not character.isascii() and unicodedata.category(character).startswith("P")
    return is_sign or _is_invisible(character)


def _trimmed(address: str) -> str:
    """Punctuation that ends the sentence stays outside."""
    loose = {end: address.count(end) - address.count(begin) for end, begin in _BRACKETS.items()}
    end = len(address)
    while end and (address[end - 1] in _SENTENCE_END or loose.get(address[end - 1], 0) > 0):
        end -= 1
        if address[end] in loose:
            loose[address[end]] -= 1
    return address[:end]


def has_invisible(text: str) -> bool:
    return any(map(_is_invisible, text))


def with_invisible_as(instead: str, text: str) -> str:
    """Whatever nobody sees, but for tabs and line ends, is `instead`."""
    unseen = {ord(c): instead for c in set(text) - _WHITE_SPACE if _is_invisible(c)}
    return text.translate(unseen) if unseen else text


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") or bool(
        _INVISIBLE.match(character)
    )


# What no decomposition takes apart. static/js/elements/filter.js has the same.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t"}
    | {"þ": "th"}
)
_PLAIN = {c: None for c in range(0x300, 0x1F000) if unicodedata.combining(chr(c))} | _LETTERS
_VOICED = (0x3099, 0x309A)  # the marks of が and ぱ
_PLAIN_TEXT = {c: to for c, to in _PLAIN.items() if c not in _VOICED}


def folded(text: str) -> str:
    """For comparing and sorting as people do: without case, accents or width, and not too long."""
    return unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)[:FOLDED_LENGTH]


def folded_text(text: str) -> str:
    """The same of a text of any length. Unlike in names, か is not が here, and Hangul stays in
    syllables. At most a fifth longer than the text, and some letters: what is written becomes
    hardly longer, but ﷺ alone is 18 letters, so that a text of it would take that many times the
    work and the room.
    """
    if text.isascii():
        return text.lower()
    # A syllable of Hangul is three letters here.
    apart = unicodedata.normalize("NFKD", text.casefold())[: 3 * len(text) + SOME_LETTERS]
    together = unicodedata.normalize("NFC", apart.translate(_PLAIN_TEXT))
    return together[: len(text) * 6 // 5 + SOME_LETTERS]


def folded_whole(text: str) -> str:
    """The same, however long it becomes: up to 18 times the text. For what must not be missed. A
    dot of whatever script is one here, as in web addresses.
    """
    if text.isascii():
        return text.lower()
    # Without its marks first: many in a row would take long to be put in order.
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN_TEXT))
    return unicodedata.normalize("NFC", apart.translate(_PLAIN_TEXT)).replace("。", ".")


# What looks like a letter of ours once it is folded, in either case, after that letter: Cyrillic,
# Greek, Armenian, Cherokee, phonetic letters, digits. So does "l" like the capital of "i".
_LOOKING_LIKE = (
    "aаαɑᴀᎪ bвьβʙ cсᴄᏟ dԁᴅᎠ eеεᴇᎬ fꜰ gցɡɢᏀ hһнհʜᎻ ilіӏιɩɪʟ1Ꮮ jјյᴊᎫ kкκᴋᏦ mмμᴍᎷ nոηɴ"
    " oоօοσᴏ0 pрρᴘᏢ qԛզ rгʀᎡ sѕꜱᏚ tтτᴛᎢ uսυᴜ vѵνᴠᏙ wԝѡωᴡᎳ xхχ yуүʏ zζᴢᏃ"
)
_PLAINLY = {ord(c): like[0] for like in _LOOKING_LIKE.split() for c in like}


def skeleton(text: str) -> str:
    """What a text looks like, as Unicode calls it, for comparing with another skeleton alone:
    without case, accents or width, and with look-alike letters as one. Up to 18 times as long.
    """
    return folded_whole(text).translate(_PLAINLY)


def has_words(name: str, query: str) -> bool:
    """Whether each word of the query is in the name; static/js/elements/filter.js agrees."""
    shown = folded(name)
    return all(word in shown for word in folded(query).split())


def one_line(text: str) -> str:
    """A name as it is kept: trimmed, white space made single, without control characters, also
    those that turn the direction of whatever stands beside it.
    """
    shown = ("" if unicodedata.category(c) == "Cc" and not c.isspace() else c for c in text)
    return " ".join(_BIDI_CONTROL.sub("", "".join(shown)).split())


def isolated(text: str) -> str:
    """In plain text, what `<bdi>` is in HTML: a name turns nothing but itself."""
    return f"\u2068{text}\u2069"
