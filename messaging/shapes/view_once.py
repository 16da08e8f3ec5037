"""What is seen or heard once: all that goes out of it before, and after."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import Timestamp, timestamp
from messaging.models import Attachment
from messaging.shapes.attachments import is_album_picture
from messaging.shapes.reactions import StoredKey

LASTS = timedelta(days=14)  # unopened

OnceKind = Literal["picture", "voice"]


class ViewOnce(msgspec.Struct, gc=False):
    """Files that each receiver opens once; what is in them, and their names, only that tells."""

    kind: OnceKind
    files: Annotated[list[StoredKey], Meta(description="Their keys.")]
    until: Annotated[Timestamp, Meta(description="Nobody can open them from then on.")]


decoded_once = strict_json.reader(ViewOnce)


def kind_once(files: Sequence[Attachment]) -> OnceKind | None:
    """None for what cannot be sent like this: all have to be pictures, or one a voice message."""
    if len(files) == 1 and files[0].waveform:
        return "voice"
    return "picture" if files and all(map(is_album_picture, files)) else None


def encoded_once(files: Sequence[Attachment], sent_at: datetime) -> str:
    kind: OnceKind = "voice" if files[0].waveform else "picture"
    once = ViewOnce(kind, [each.pk for each in files], timestamp(sent_at + LASTS))
    return msgspec.json.encode(once).decode()


def words_of_once(once: ViewOnce) -> str:
    """In place of what it is."""
    if once.kind == "voice":
        return _("Voice message, view once")
    if (count := len(once.files)) == 1:
        return _("Photo, view once")
    return ngettext("{n} photo, view once", "{n} photos, view once", count).format(n=count)
