"""WhatsApp's "Export chat": a text, and the files that it names.

Its dates are written as the phone's locale has them, and nothing says which that is: so the order
of day, month and year is told from all dates of the text.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from messaging.services.importers.source import (
    MOST_MESSAGES,
    Archive,
    Refused,
    Source,
    SourceChat,
    SourceFile,
    SourceMessage,
    moment,
    too_large,
)

LONGEST = 2**20  # characters of a message; WhatsApp itself allows a sixteenth of it

# Which turn the text around them; iOS begins with one what it says itself.
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


def read(archive: Archive, *, file_name: str, zone: tzinfo) -> Source:
    """Times are as the phone showed them, in `zone`. Raises Refused."""
    path = text_in(archive.names)
    name = PurePosixPath(file_name)
    is_told = _TITLE.match(path) and path != name.name
    title = _title(PurePosixPath(path).stem if is_told else _COPY.sub("", name.stem))
    text = archive.text(path, parts=b"")
    return read_text(text, title=title, files=archive.names, zone=zone)


def read_text(text: bytes, *, title: str, files: Sequence[str] = (), zone: tzinfo = UTC) -> Source:
    """Raises Refused."""
    entries = partial(_entries, text, title)  # read twice, so that they need not be kept
    first = next(entries(), None)
    if first is None:
        raise Refused(_("There is no chat of WhatsApp in this text."))
    dates = [each.numbers for each in islice(entries(), MOST_MESSAGES + 1)]
    if len(dates) > MOST_MESSAGES:
        raise too_large(title)
    source = Source("whatsapp", [], total=len(dates))
    messages = _messages(entries(), _order(dates, first), set(files), zone, source)
    source.chats = [SourceChat(title, title, messages)]
    return source


def _title(stem: str) -> str:
    return _TITLE.sub("", stem).strip() or "WhatsApp"


def _entries(text: bytes, title: str) -> Iterator[_Entry]:
    """With the lines that go on with each. Raises Refused."""
    entry: _Entry | None = None
    length = 0
    file = io.TextIOWrapper(io.BytesIO(text), "utf-8-sig", "replace")
    for ended in iter(partial(file.readline, LONGEST + 1), ""):
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
        if entry and length > LONGEST:
            raise too_large(title)
    if entry:
        yield entry


def _entry(found: re.Match[str]) -> _Entry:
    half = (found["before"] or found["after"] or "").lower().replace(" ", "")
    hour = int(found["hour"])
    if half:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    numbers = (int(found["one"]), int(found["two"]), int(found["three"]))
    separator = "/" if "/" in found[0][:12] else ""
    second = int(found["second"] or 0)
    return _Entry(numbers, hour, int(found["minute"]), second, [], bool(half), separator)


def _order(dates: Sequence[_Numbers], first: _Entry) -> _Numbers:
    """Where year, month and day are in the dates."""
    if any(each[0] > 31 for each in dates):
        return 0, 1, 2
    day_first, month_first = (2, 1, 0), (2, 0, 1)
    if any(each[0] > 12 for each in dates):
        return day_first
    if any(each[1] > 12 for each in dates):
        return month_first
    # Both could be: the messages come in their order.
    backwards = {
        order: sum(_day(one, order) > _day(other, order) for one, other in pairwise(dates))
        for order in (day_first, month_first)
    }
    if backwards[day_first] != backwards[month_first]:
        return min(backwards, key=lambda order: backwards[order])
    is_american = first.has_clock_of_12 and first.separator == "/"
    return month_first if is_american else day_first


def _day(date: _Numbers, order: _Numbers) -> tuple[int, ...]:
    return tuple(date[place] for place in order)


def _messages(
    entries: Iterable[_Entry], order: _Numbers, files: set[str], zone: tzinfo, source: Source
) -> Iterator[SourceMessage]:
    seen: Counter[bytes] = Counter()
    left_out = source.left_out
    for entry in entries:
        said = "\n".join(entry.lines)
        is_theirs, said = said.startswith(_OURS), said.lstrip(_OURS)
        named = _NAMED.match(said)
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
        seen[same.digest()] += 1
        same.update(f"\0{seen[same.digest()]}".encode())
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
