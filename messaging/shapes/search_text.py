"""What is searched: how a block of the index keeps what messages say, and where words are found."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from chatsite.text import folded_text
from chatsite.wire import Key, PictureUrl
from messaging.models import AttachmentKind, MessageKind
from messaging.shapes.attachments import AttachmentRecord, decoded_attachments
from messaging.shapes.reactions import StoredKey
from messaging.shapes.record import MessageRecord

Has = Literal["picture", "video", "audio", "file", "link", "voice"]
HAS: tuple[Has, ...] = get_args(Has)

# No text has these, as it is folded: control characters become spaces there.
_ENTRY, _SENDER, _PART = "\n", "\x1d", "\x1f"
_MARKS: Mapping[Has, str] = {kind: chr(number) for number, kind in enumerate(HAS, start=1)}
# Voice messages are among the sounds, and separated from these when they are read.
_HINTS: Mapping[Has, str] = {**_MARKS, "voice": _MARKS["audio"]}
_PLAYED: Mapping[str, Has] = {AttachmentKind.VIDEO: "video", AttachmentKind.AUDIO: "audio"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SHORT = 3  # a word of fewer letters is found only where a word begins with it
WORDS = 16  # of a search that are looked for; each of them is, in each message
PIECE, LONG = 500, 1500  # characters of a text; a search has at most 200
_UNSPACED = "\u0e00"  # the first of the scripts that write without spaces between words
_TERM = re.compile(r'"([^"]*)"|(\S+)')
_SPACE = re.compile(r"\s+")
# A letter: vowels and final consonants of Hangul, the sound marks of narrow katakana.
_CONTINUES = re.compile("[\u1160-\u11ff\uff9e\uff9f]")

# Of a message, what `entry` takes.
COLUMNS = (
    "sender_id",
    "text",
    "attachments",
    "has_picture",
    "has_file",
    "has_link",
    "kind",
    "deleted",
)
TEXT, FILES = COLUMNS.index("text"), COLUMNS.index("attachments")


def entry(row: Sequence[Any]) -> str:
    """Of COLUMNS: what there is to find of a message; "" for a deleted one, and of the system."""
    sender_id, text, attachments, has_picture, has_file, has_link, kind, deleted = row
    if deleted or kind == MessageKind.SYSTEM:
        return ""
    files = decoded_attachments(attachments) if attachments else []
    has = {_PLAYED.get(each.kind) for each in files}
    shared: tuple[tuple[Has, bool | None], ...] = (
        ("picture", has_picture),
        ("file", has_file),
        ("link", has_link),
    )
    has.update(kind for kind, is_there in shared if is_there)
    marks = "".join(_MARKS[kind] for kind in HAS if kind in has)
    return f"{marks}{_sender(sender_id)}{_PART}{_searchable_text(text, files)}"


def block(entries: Iterable[str]) -> str:
    return _ENTRY.join(entries)


def entries_of(text: str) -> list[str]:
    """Of a block, in the order of its messages."""
    return text.split(_ENTRY)


def _searchable_text(text: str, files: Iterable[AttachmentRecord]) -> str:
    of_files = (text for each in files for text in (each.name, each.caption) if text)
    return _PART.join(map(_plain, [text, *of_files]))


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", folded_text(text))


def _sender(key: str) -> str:
    """A hint that takes little room: others have the same."""
    return f"{_SENDER}{key[-2:]}"


class Terms:
    """What a message must have: each word, each "quoted part", and each of what it is asked for."""

    def __init__(
        self, words: str, *, has: Has | None = None, sender: str = "", in_names: bool = False
    ) -> None:
        self.in_names = in_names  # of files, not in texts
        self.in_voice = has == "voice"  # messages alone
        found = (quoted or word for quoted, word in _TERM.findall(words))
        each_once = dict.fromkeys(filter(None, (_plain(each).strip() for each in found)))
        self.words = list(each_once)[:WORDS]
        self._hints = [_HINTS[has]] if has else []
        if sender:
            self._hints.append(_sender(sender))
        self._patterns = [re.compile(_pattern(word)) for word in self.words]
        self._beginnings = [each for each in self._patterns if each.pattern.startswith("(?")]

    @property
    def parts(self) -> list[str]:
        """That are in a block which has such a message; the longest words narrow it most."""
        return [*self._hints, *sorted(self.words, key=len, reverse=True)[:5]]

    def match(self, entry: str) -> bool:
        """Whether a message may be one, by its entry; the sender may be another yet."""
        if not entry or not self._in(entry):
            return False
        marks, _, folded = entry.partition(_PART)
        if self.in_names:
            folded = folded.partition(_PART)[2]
        return self._in(folded) and all(hint in marks for hint in self._hints)

    def matches_voice(self, files: str | None) -> bool:
        """False where a voice message is asked for, and these, as a row has them, have none."""
        return not self.in_voice or any(each.waveform for each in decoded_attachments(files or ""))

    def are_in(self, text: str, files: Iterable[AttachmentRecord] = ()) -> bool:
        """The words, in a text or in the names and captions of its files."""
        return self._in(_searchable_text("" if self.in_names else text, files))

    def rank(self, text: str, files: Iterable[AttachmentRecord]) -> int:
        """Of a message that has them: 2 for each that is a word of its own there, 1 for one with
        which a word begins, and 1 where they follow on each other as they were typed.
        """
        folded = _searchable_text(text, files)
        rank = int(len(self.words) > 1 and " ".join(self.words) in folded)
        for word in self.words:
            begins = rf"(?<![^\W_]){re.escape(word)}"
            if re.search(rf"{begins}(?![^\W_])", folded):
                rank += 2
            elif re.search(begins, folded):
                rank += 1
        return rank

    def _in(self, folded: str) -> bool:
        for word in self.words:
            if word not in folded:
                return False
        return not self._beginnings or all(each.search(folded) for each in self._beginnings)

    def marked(self, text: str) -> list[tuple[int, int]]:
        """Where the words are in it, merged and in order: from which character to which. In a long
        text, those that are near the first: it would take long to go through all of its letters.
        """
        first = self._about_first(text) if len(text) > LONG else 0
        start = _end_of_letter(text, max(0, first - PIECE))
        folded, places = _placed(text[start : first + LONG])
        found = sorted(
            (start + places[match.start()], start + places[match.end() - 1] + 1)
            for pattern in self._patterns
            for match in pattern.finditer(folded)
        )
        merged: list[tuple[int, int]] = []
        for begin, end in found:
            if begin < first or (merged and end <= merged[-1][1]):
                continue
            end = _end_of_letter(text, end)
            if merged and begin <= merged[-1][1]:
                merged[-1] = merged[-1][0], end
            else:
                merged.append((begin, end))
        return merged

    def _about_first(self, text: str) -> int:
        """The start of the piece of the text in which the first of the words begins."""
        starts = [0]
        while starts[-1] < len(text):
            starts.append(_end_of_letter(text, starts[-1] + PIECE))
        pieces = [_plain(text[start:end]) for start, end in pairwise(starts)]
        folded, ends = "".join(pieces), list(accumulate(map(len, pieces)))
        found = [
            match.start() for match in (each.search(folded) for each in self._patterns) if match
        ]
        return starts[bisect_right(ends, min(found))] if found else 0


def _pattern(word: str) -> str:
    escaped = re.escape(word)
    if len(word) < SHORT and word.isalnum() and max(word) < _UNSPACED:
        return rf"(?<![^\W_]){escaped}"
    return escaped


def _placed(text: str) -> tuple[str, list[int]]:
    """The text as it is searched, and for each of its characters the place where it came from."""
    if text.isascii():
        return _plain(text), list(range(len(text)))
    folded: list[str] = []
    places: list[int] = []
    start = 0
    while start < len(text):
        end = _end_of_letter(text, start + 1)
        letter = _plain(text[start:end])
        folded.append(letter)
        places += [start] * len(letter)
        start = end
    return "".join(folded), places


def _end_of_letter(text: str, end: int) -> int:
    """With its accents, and the parts of a Hangul syllable."""
    while end < len(text) and (unicodedata.combining(text[end]) or _CONTINUES.match(text[end])):
        end += 1
    return end


class Passage(msgspec.Struct, gc=False):
    """A part of a text."""

    text: Annotated[str, Meta(examples=["budget"])]
    found: Annotated[bool, Meta(description="Whether it is what was searched for.")]


class FoundFile(msgspec.Struct, gc=False, omit_defaults=True):
    """A file whose name or caption has some of the words."""

    id: StoredKey
    name: list[Passage]
    caption: list[Passage] | None = None


class FoundMessage(msgspec.Struct, gc=False, omit_defaults=True):
    message: MessageRecord
    context: Annotated[
        list[Passage], Meta(description="Its text around what was found, on one line.")
    ]
    files: list[FoundFile] | None = None


class FoundGroup(msgspec.Struct, rename="camel", gc=False):
    id: Key = msgspec.field(name="_id")
    full_name: Annotated[str, Meta(examples=["Weekend trip"])]
    profile_pic: PictureUrl


BEFORE, LENGTH = 40, 160  # characters


def passages(text: str, terms: Terms) -> list[Passage]:
    """The text around the first words that were found, on one line; all of a short one."""
    marks = terms.marked(text)
    first = marks[0][0] if marks else 0
    start = 0 if len(text) <= LENGTH else _word_at(text, max(0, first - BEFORE), first)
    end = start + LENGTH
    marks = [(max(a, start), min(b, end)) for a, b in marks if start <= a < end]
    parts = [
        Passage(_SPACE.sub(" ", part), found) for part, found in _cut(text[:end], start, marks)
    ]
    if start:
        parts.insert(0, Passage("… ", found=False))
    if end < len(text):
        parts.append(Passage(" …", found=False))
    return parts


def _word_at(text: str, start: int, last: int) -> int:
    """Where the next word begins, at the latest there."""
    space = _SPACE.search(text, start, last) if start else None
    return space.end() if space else start


def _cut(text: str, start: int, marks: Iterable[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    for begin, end in marks:
        if start < begin:
            yield text[start:begin], False
        yield text[begin:end], True
        start = end
    if start < len(text):
        yield text[start:], False
