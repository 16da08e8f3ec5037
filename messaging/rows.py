"""How a chat or a person reads in the side bar. static/js/render/row.js does the same later on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.payloads import user_payload
from chatsite.text import has_words
from messaging.chats import Chat, MessageRow
from messaging.models import Message
from messaging.payloads import message_payload
from messaging.timeline import clock, day_label, full_date

PREVIEW_LENGTH = 200
MOST_UNREAD = 99


@dataclass(frozen=True)
class Row:
    """What `_row.html` shows; `hint` and `kind` choose among the words that it has."""

    key: str
    name: str
    picture: str
    online: bool
    last_seq: int = 0
    read_seq: int = 0
    unread: int = 0
    created_at: str = ""
    time: str = ""
    full_date: str = ""
    hint: str = ""
    kind: str = ""
    text: str = ""
    hidden: bool = False  # by the filter, which shows it again when it is emptied

    @property
    def badge(self) -> str:
        return badge(self.unread)


def contact_row(user: User, online: Collection[str]) -> Row:
    picture = user_payload(user)["profilePic"]
    return Row(key=user.pk, name=user.full_name, picture=picture, online=user.pk in online)


def chat_row(chat: Chat, reader: User, online: Collection[str], query: str = "") -> Row:
    last = chat.last_message
    return Row(
        key=chat.peer.pk,
        name=chat.peer.full_name,
        picture=user_payload(chat.peer)["profilePic"],
        online=chat.peer.pk in online,
        last_seq=chat.last_seq,
        read_seq=chat.last_read_seq,
        unread=chat.unread_count,
        hidden=not has_words(chat.peer.full_name, query),
        **(_preview(last, reader) if last else {}),
    )


def badge(count: int) -> str:
    """The number as people read it; empty for none."""
    if count > MOST_UNREAD:
        return f"{MOST_UNREAD}+"
    return str(count or "")


def _preview(message: Message | MessageRow, reader: User) -> dict[str, str]:
    payload = message_payload(message)
    mine = message.sender_id == reader.pk and not payload["deleted"]
    created_at = datetime.fromisoformat(payload["createdAt"])
    return {
        "created_at": payload["createdAt"],
        "time": _row_time(created_at),
        "full_date": full_date(created_at),
        "hint": "you" if mine else "",
        "kind": _kind(payload["deleted"], payload["image"], payload["text"]),
        "text": (payload["text"] or "")[:PREVIEW_LENGTH],
    }


def _kind(deleted: bool, image: str | None, text: str | None) -> str:
    if deleted:
        return "deleted"
    if image:
        return "caption" if text else "picture"
    return ""


def _row_time(moment: datetime) -> str:
    is_today = timezone.localtime(moment).date() >= timezone.localdate()
    return clock(moment) if is_today else day_label(moment)
