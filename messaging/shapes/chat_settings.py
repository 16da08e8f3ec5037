"""How a person keeps a chat in their list: pinned, archived, muted, marked as unread; the draft."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import Key, Timestamp, timestamp

ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)  # until when somebody is muted who is so for good


PinnedAt = Annotated[Timestamp, Meta(description="The chat pinned last comes first.")]
Archived = Annotated[
    bool, Meta(description="Until there is a newer message, and as long as it is muted.")
]
MutedUntil = Annotated[Timestamp, Meta(description=f"For good: `{timestamp(ALWAYS)}`.")]
Request = Annotated[
    bool,
    Meta(
        description="A stranger has begun this chat, and learns nothing of me until I accept it,"
        " answer, react or pin."
    ),
]
Blocked = Annotated[
    bool, Meta(description="I have blocked this person: what they write meanwhile is not for me.")
]
MarkedUnread = Annotated[bool, Meta(description="Until I have read on.")]


class SavedDraft(msgspec.Struct, omit_defaults=True, rename="camel", frozen=True):
    """What I have begun to write there, and on which device ever. It stays, without words, once it
    is sent: so that whoever hears of it late knows that it is gone.
    """

    saved_at: Annotated[Timestamp, Meta(description="By the server. The later one counts.")]
    text: str = ""
    reply_to: Annotated[Key, Meta(description="The message that it is to answer.")] | None = None
    mentions: Annotated[list[Key], Meta(description="Whom it is to mention.")] = []


class ChatSettings(msgspec.Struct, omit_defaults=True, rename="camel", frozen=True):
    """How I keep the chat in my list. What I have not set is left out."""

    pinned_at: PinnedAt | None = None
    archived: Archived = False
    muted_until: MutedUntil | None = None
    marked_unread: MarkedUnread = False
    draft: SavedDraft | None = None
    blocked: Blocked = False
    request: Request = False


NO_SETTINGS, BLOCKED = ChatSettings(), ChatSettings(blocked=True)
COLUMNS = ("pinned_at", "archived_seq", "muted_until", "marked_unread_seq", "draft", "is_request")
_UNSET = (None, None, None, None, "", False)
encoded_draft = msgspec.json.Encoder().encode
_decoded_draft = strict_json.reader(SavedDraft)


def settings_of_row(
    row: Any, *, end: int, read_seq: int, moment: str, blocked: bool = False
) -> ChatSettings:
    """Of the values of COLUMNS: at a moment, in a chat whose last message is `end`, read up to
    `read_seq`. Nothing is written when a message comes, when somebody reads on, or when time is up.
    """
    if tuple(row) == _UNSET:  # as most are
        return BLOCKED if blocked else NO_SETTINGS
    pinned_at, archived_seq, muted_until, marked_unread_seq, draft, is_request = row
    muted = timestamp(muted_until) if muted_until else ""
    is_muted = muted > moment
    is_archived = archived_seq is not None and (is_muted or end <= archived_seq)
    return ChatSettings(
        pinned_at=timestamp(pinned_at) if pinned_at else None,
        archived=is_archived,
        muted_until=muted if is_muted else None,
        marked_unread=marked_unread_seq is not None and read_seq <= marked_unread_seq,
        draft=_decoded_draft(draft) if draft else None,
        blocked=blocked,
        request=bool(is_request),
    )
