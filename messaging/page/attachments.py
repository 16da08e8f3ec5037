"""The files of a message: how they are shown, and how they read where there is no room for them.

static/js/lib/attachments.js does the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chatsite.db import now
from chatsite.language import size_in_words
from chatsite.wire import timestamp
from messaging.models import AttachmentKind
from messaging.shapes.attachments import AttachmentRecord, is_album_picture
from messaging.shapes.record import MessageRecord
from messaging.shapes.view_once import words_of_once

_FORMAT = re.compile(r"(?!text/)[a-z]+/(?:x-)?([a-z0-9]{2,5})$")
# Of what has no format that its content shows, as texts.
_ENDING = re.compile(r"\.([a-z0-9]{1,5})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownFile:
    record: AttachmentRecord

    @property
    def about(self) -> str:
        """ "PDF, 2.3 MB": what it is by its content, or else as its name says, and its size."""
        return f"{_format(self.record)}, {size_in_words(self.record.size)}"

    @property
    def kind(self) -> str:
        return "voice" if self.record.waveform else self.record.kind

    @property
    def length(self) -> str:
        """How long it plays: "0:07"."""
        return length_in_words(self.record.duration or 0)

    @property
    def seconds(self) -> int:
        return _seconds(self.record.duration or 0)

    @property
    def wave(self) -> str:
        """A line for each level, four apart, as an SVG path of which the middle is at 16.5."""
        levels = [int(digit, 32) for digit in self.record.waveform or ""]
        return "".join(
            f"M{4 * place + 2} {16 - level / 2:g}v{level + 1}" for place, level in enumerate(levels)
        )

    @property
    def wave_width(self) -> int:
        return 4 * len(self.record.waveform or "")


@dataclass(frozen=True, slots=True)
class ShownFiles:
    """What `_attachments.html` shows of a message."""

    words: str  # in few words; empty for one picture
    album: list[ShownFile]  # pictures that have a small one
    others: list[ShownFile]
    waits: bool = False  # to be loaded, for a request to be accepted


# One of each kind, for script to fill.
_BLANKS = [
    ShownFile(AttachmentRecord("", kind, "", "", 0, "", duration=1))
    for kind in ("picture", "video", "audio", "file")
]
_BLANKS.append(ShownFile(AttachmentRecord("", "audio", "", "", 0, "", waveform="0")))
BLANK_FILES = ShownFiles("", _BLANKS[:1], _BLANKS)


def shown_files(files: Sequence[AttachmentRecord], *, waits: bool = False) -> ShownFiles:
    shown = [ShownFile(each) for each in files]
    album = [each for each in shown if is_album_picture(each.record)]
    others = [each for each in shown if each not in album]
    return ShownFiles(_words(files), album, others, waits)


def words_of(message: MessageRecord) -> str:
    """Its text, or its files in few words; nothing for one picture."""
    if message.view_once:
        return words_of_once(message.view_once)
    return message.text or _words(message.attachments or ())


def kind_of(message: MessageRecord) -> str:
    """What is there beside words: "picture", "voice", "files", or nothing."""
    if message.view_once:
        return message.view_once.kind
    files = message.attachments or ()
    if any(each.waveform for each in files):
        return "voice"
    if message.image or (files and _are_pictures(files)):
        return "picture"
    return "files" if files else ""


def listened_state(message: MessageRecord, reader: str) -> str:
    """Of a voice message: "no" until the reader has listened to it, and of their own one "yes" once
    somebody else has. Else nothing.
    """
    if not any(each.waveform for each in message.attachments or ()):
        return ""
    if message.sender_id == reader:
        return "yes" if message.listened else ""
    return "" if message.listened else "no"


@dataclass(frozen=True, slots=True)
class ShownOnce:
    """What `_once.html` shows of files that are seen once."""

    words: str
    until: str
    state: str  # "new" may be opened; "sent" is one's own, which nobody has

    @property
    def label(self) -> str:
        return {"opened": _("Opened"), "over": _("Expired")}.get(self.state, self.words)


BLANK_ONCE = ShownOnce("", "", "")


def shown_once(message: MessageRecord, reader: str) -> ShownOnce | None:
    once = message.view_once
    if once is None:
        return None
    if message.opened:
        state = "opened"
    elif once.until <= timestamp(now()):
        state = "over"
    else:
        state = "sent" if message.sender_id == reader else "new"
    return ShownOnce(words_of_once(once), once.until, state)


def length_in_words(duration: int) -> str:
    """Of milliseconds: "0:07", "1:00:00"."""
    minutes, seconds = divmod(_seconds(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _seconds(duration: int) -> int:
    return (duration + 500) // 1000


def small_picture(message: MessageRecord) -> str:
    """The address of one that stands for the message, if any does."""
    small = (each.thumbnail for each in message.attachments or () if each.thumbnail)
    return message.thumbnail or message.image or next(small, "")


def _words(files: Sequence[AttachmentRecord]) -> str:
    number = len(files)
    if number == 1:
        [file] = files
        if file.waveform:
            length = length_in_words(file.duration or 0)
            return _("Voice message, {length}").format(length=length)
        if file.kind == AttachmentKind.PICTURE:
            return ""
        return _("Video") if file.kind == AttachmentKind.VIDEO else file.name
    if number and _are_pictures(files):
        return ngettext("{n} picture", "{n} pictures", number).format(n=number)
    if not number:
        return ""
    return ngettext("{n} file", "{n} files", number).format(n=number)


def _are_pictures(files: Sequence[AttachmentRecord]) -> bool:
    return all(each.kind == AttachmentKind.PICTURE for each in files)


def _format(file: AttachmentRecord) -> str:
    found = _FORMAT.match(file.type) or _ENDING.search(file.name)
    return found[1].upper() if found else _("File")
