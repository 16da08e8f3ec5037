"""WhatsApp's "Export chat": a text, and the files that it names.

Its dates are written as the phone's locale has them, and nothing says which that is: so the order
of day, month and year is guessed from all dates of the text.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from hashlib import sha256
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from messaging.services.importers.source import (
    MAX_DOCUMENT_BYTES,
    MAX_MESSAGES,
    Archive,
    ImportRefused,
    ImportSource,
    SourceChat,
    SourceFile,
    SourceMessage,
    moment,
    too_large,
)

MAX_MESSAGE_LENGTH = 2**20  # characters of a message; WhatsApp itself allows a sixteenth of it
CHECK_INTERVAL = 2**20  # characters between two calls of `check_cancelled`

# Which turn the text around them; iOS begins its own lines with one.
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_OURS = "\u200e"
_AFTERNOON = ("pm", "p.m.", "下午", "午後", "오후", "μμ", "م")
_HALF = r"[ap]\.?\s?m\.?|上午|下午|午前|午後|오전|오후|πμ|μμ|ص|م"
_HEAD = re.compile(
    rf"""\[?
    (?P<one>\d{{1,4}})\s?[./\-年]\s?(?P<two>\d{{1,2}})\s?[./\-月]\s?(?P<three>\d{{1,4}})[.日]?[,،]?\s+
    (?:(?P<before>{_HALF})\s*)?
    (?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.](?P<second>\d{{2}}))?
    (?:\s*(?P<after>{_HALF}))?
    (?:\]\s*|\s+[-–]\s+)
    (?P<rest>.*)""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = re.compile(r"(?P<name>[^:]{1,100}?)\s?: (?P<text>.*)", re.DOTALL)
_OMITTED = re.compile(
    r"<[^<>:\n]{3,60}>|(?:image|video|audio|sticker|GIF|document|contact card) omitted"
)
_ATTACHED = re.compile(r"<[^<>:\n]{2,40}\s?: (?P<file>[^<>\n]+\.\w{2,5})>(?P<rest>.*)", re.DOTALL)
_BEHIND = re.compile(r"(?P<file>\S[^\n]*\.\w{2,5}) \([^()\n]{3,60}\)(?P<rest>.*)", re.DOTALL)
_EDITED = re.compile(
    r"\s*<[^<>:\n]*\b(?:edited|bearbeitet|editado|modifié|modificato|bewerkt)[^<>:\n]*>$"
)
_TITLE = re.compile(
    r"(?:WhatsApp Chat with|WhatsApp Chat -|WhatsApp-Chat mit|Chat de WhatsApp con|"
    r"Discussion WhatsApp avec|Conversa do WhatsApp com|Chat WhatsApp con|WhatsApp-chat met)\s*",
    re.IGNORECASE,
)
_COPY = re.compile(r"\s?\(\d+\)$")  # what browsers add to a name that is taken

_Numbers = tuple[int, int, int]
# Where year, month and day are in a date.
_YEAR_FIRST, _DAY_FIRST, _MONTH_FIRST = (0, 1, 2), (2, 1, 0), (2, 0, 1)


@dataclass(slots=True)
class _Entry:
    numbers: _Numbers
    hour: int
    minute: int
    second: int
    lines: list[str] = field(default_factory=list)
    has_clock_of_12: bool = False
    separator: str = ""


def text_in(names: Iterable[str]) -> str:
    """Of these files, that of the chat; "" for none."""
    texts = [name for name in names if name.lower().endswith(".txt") and "/" not in name]
    for name in texts:
        if name.endswith("_chat.txt") or _TITLE.match(name):
            return name
    return texts[0] if len(texts) == 1 else ""


def read(archive: Archive, *, file_name: str, zone: tzinfo) -> ImportSource:
    """Times are as the phone showed them, in `zone`. Raises ImportRefused."""
    path = text_in(archive.names)
    if archive.size(path) > MAX_DOCUMENT_BYTES:
        raise too_large(path)
    name = PurePosixPath(file_name)
    has_title = _TITLE.match(path) and path != name.name
    title = _title(PurePosixPath(path).stem if has_title else _COPY.sub("", name.stem))
    # Read twice, so that they need not be kept.
    total, order = _counted(_entries(archive, path), path)
    source = ImportSource("whatsapp", [], total=total)
    entries = _entries(archive, path, again=True)
    messages = _messages(entries, order, set(archive.names), zone, source)
    source.chats = [SourceChat(title, title, messages)]
    return source


def _title(stem: str) -> str:
    return _TITLE.sub("", stem).strip() or "WhatsApp"


def _entries(archive: Archive, path: str, *, again: bool = False) -> Iterator[_Entry]:
    """With the lines that go on with each. Raises ImportRefused, and what
    `archive.check_cancelled` does.
    """
    entry: _Entry | None = None
    length = unchecked = 0
    with archive.opened(path, again=again) as file, _decoded(file) as text:
        for ended in iter(partial(text.readline, MAX_MESSAGE_LENGTH + 1), ""):
            unchecked += len(ended)
            if unchecked >= CHECK_INTERVAL:
                archive.check_cancelled()
                unchecked = 0
            line = ended.removesuffix("\n")
            bare = _MARKS.sub("", line).replace("\u202f", " ").replace("\xa0", " ")
            if found := _HEAD.match(bare):
                if entry:
                    yield entry
                entry, length = _entry(found), 0
                is_theirs = _OURS in line.partition(": ")[2]
                entry.lines.append((_OURS if is_theirs else "") + found["rest"])
            elif entry:
                entry.lines.append(_MARKS.sub("", line))
            length += len(ended)
            if entry and length > MAX_MESSAGE_LENGTH:
                raise too_large(path)
    if entry:
        yield entry


@contextmanager
def _decoded(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(file, "utf-8-sig", "replace")
    try:
        yield text
    finally:
        with suppress(ValueError):  # closed, before its reader was gone
            text.detach()  # else it closes what is read once more


def _entry(found: re.Match[str]) -> _Entry:
    half = (found["before"] or found["after"] or "").lower().replace(" ", "")
    hour = int(found["hour"])
    if half:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    numbers = (int(found["one"]), int(found["two"]), int(found["three"]))
    separator = "/" if "/" in found[0][:12] else ""
    second = int(found["second"] or 0)
    return _Entry(numbers, hour, int(found["minute"]), second, [], bool(half), separator)


def _counted(entries: Iterable[_Entry], name: str) -> tuple[int, _Numbers]:
    """The number of entries, and the order of year, month and day. Raises ImportRefused."""
    count, first, before = 0, None, None
    most_one = most_two = 0
    backwards: Counter[_Numbers] = Counter()  # by order, how many dates are before the last one
    for count, entry in enumerate(entries, 1):
        if count > MAX_MESSAGES:
            raise too_large(name)
        first, date = first or entry, entry.numbers
        most_one, most_two = max(most_one, date[0]), max(most_two, date[1])
        if before and before != date:
            orders = (_DAY_FIRST, _MONTH_FIRST)
            backwards.update(each for each in orders if _day(before, each) > _day(date, each))
        before = date
    if first is None:
        raise ImportRefused(_("There is no chat of WhatsApp in this text."))
    return count, _order(first, most_one, most_two, backwards)


def _order(first: _Entry, most_one: int, most_two: int, backwards: Counter[_Numbers]) -> _Numbers:
    if most_one > 31:
        return _YEAR_FIRST
    if most_one > 12:
        return _DAY_FIRST
    if most_two > 12:
        return _MONTH_FIRST
    # Both could be: the messages come in their order.
    if backwards[_DAY_FIRST] != backwards[_MONTH_FIRST]:
        return min(_DAY_FIRST, _MONTH_FIRST, key=lambda order: backwards[order])
    is_american = first.has_clock_of_12 and first.separator == "/"
    return _MONTH_FIRST if is_american else _DAY_FIRST


def _day(date: _Numbers, order: _Numbers) -> tuple[int, ...]:
    return tuple(date[place] for place in order)


def _messages(
    entries: Iterable[_Entry], order: _Numbers, files: set[str], zone: tzinfo, source: ImportSource
) -> Iterator[SourceMessage]:
    seen: Counter[bytes] = Counter()  # of which little is kept: there may be a million
    left_out = source.left_out
    for entry in entries:
        text = "\n".join(entry.lines)
        is_theirs, text = text.startswith(_OURS), text.lstrip(_OURS)
        named = _NAMED.match(text)
        at = _moment(entry, order, zone)
        if at is None:
            left_out[_("Messages without a date that could be read")] += 1
            continue
        if not named or (is_theirs and not _is_of_somebody(named["text"])):
            left_out[_("Lines of WhatsApp itself")] += 1
            continue
        message = _message(named["name"].strip(), at, named["text"], files, left_out)
        # As written: who imports it again may be in another zone.
        written = (*entry.numbers, entry.hour, entry.minute, entry.second)
        same = sha256(f"{message.sender}\0{written}\0{named['text']}".encode())
        short = same.digest()[:8]
        seen[short] += 1
        same.update(f"\0{seen[short]}".encode())
        message.id = same.hexdigest()
        source.names[message.sender] = message.sender
        yield message


def _moment(entry: _Entry, order: _Numbers, zone: tzinfo) -> datetime | None:
    year, month, day = _day(entry.numbers, order)
    year += 2000 if year < 100 else 0
    clock = (entry.hour, entry.minute, entry.second)
    return moment(lambda: datetime(year, month, day, *clock, tzinfo=zone))


def _is_of_somebody(text: str) -> bool:
    """Rather than of WhatsApp, which marks what it says of a message, too."""
    return bool(_ATTACHED.match(text) or _OMITTED.fullmatch(text.strip()))


def _message(
    name: str, at: datetime, text: str, files: set[str], left_out: Counter[str]
) -> SourceMessage:
    message = SourceMessage("", name, at)
    # Near its end: a search through all of a long run of blanks takes hours.
    if edited := _EDITED.search(text, max(0, len(text) - 200)):
        text, message.edited_at = text[: edited.start()], at
    if _OMITTED.fullmatch(text.strip()):
        left_out[_("Files that the export left out")] += 1
        message.text = text.strip()
        return message
    found = _ATTACHED.match(text)
    if not found:
        behind = _BEHIND.match(text)
        found = behind if behind and (behind["file"] in files or "-WA" in behind["file"]) else None
    if found:
        path = found["file"] if found["file"] in files else ""
        message.files = [SourceFile(found["file"], path)]
        text = found["rest"].strip("\n")
    message.text = text
    return message
