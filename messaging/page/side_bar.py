"""How a chat or a person reads in the side bar. static/js/render/row.js does the same later on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from chatsite.language import clock, full_date
from chatsite.text import has_words
from messaging.page.attachments import kind_of, words_of
from messaging.page.peers import Author, author_of, closed_to, saved_peer
from messaging.page.times import day_label
from messaging.queries.chats import Chat
from messaging.shapes.chat_settings import encoded_draft
from messaging.shapes.record import MessageRecord

PREVIEW_LENGTH = 200
MAX_UNREAD = 99


@dataclass(frozen=True)
class ChatRow:
    """What `_row.html` shows; `hint` and `kind` choose among the words that it has."""

    key: str
    name: str
    picture: str
    online: bool
    last_seq: int = 0
    read_seq: int = 0
    delivered_seq: int = 0
    unread: int = 0
    mentions: int = 0  # how many of the unread messages mention the reader
    created_at: str = ""
    time: str = ""
    full_date: str = ""
    is_group: bool = False
    is_saved: bool = False  # as of a Peer
    closed: str = ""  # as of a Peer
    hint: str = ""
    author: str = ""  # who wrote the last message in a group
    kind: str = ""
    text: str = ""
    expires_at: str = ""  # when the last message disappears
    pinned_at: str = ""
    archived: bool = False
    muted_until: str = ""
    marked_unread: bool = False
    request: bool = False  # of a stranger
    draft: str = ""  # JSON, for static/js/stores/synced-drafts.js
    hidden: bool = False  # by the filter, which shows it again when it is emptied

    @property
    def counted(self) -> int:
        """Mentions alone reach whoever has muted or archived the chat, and no request does."""
        if self.request:
            return 0
        return self.mentions if self.archived or self.muted_until else self.unread

    @property
    def badge(self) -> str:
        return badge(self.unread)


def contact_row(viewer: str, user: User, online: Collection[str]) -> ChatRow:
    shown = author_of(viewer, user.pk, user.full_name, user.picture)
    return ChatRow(key=user.pk, name=shown.name, picture=shown.picture, online=user.pk in online)


def saved_row(user: User, query: str = "") -> ChatRow | None:
    """The saved messages of `user`, without the last one, if `query` matches their title or the
    name of `user`.
    """
    peer = saved_peer(user)
    if not has_words(f"{peer.full_name} {user.full_name}", query):
        return None
    return ChatRow(
        peer.pk, peer.full_name, peer.picture, online=False, is_group=True, is_saved=True
    )


def chat_row(
    chat: Chat,
    reader: User,
    online: Collection[str],
    authors: Mapping[str, Author],
    query: str = "",
    folder: str = "",
) -> ChatRow:
    """`authors` are those of the last messages in groups."""
    last, settings = chat.last_message, chat.settings
    return ChatRow(
        key=chat.peer.id,
        name=chat.peer.full_name,
        picture=chat.peer.profile_pic,
        online=chat.peer.id in online,
        last_seq=last.seq if last else chat.last_seq,  # of those that they see
        read_seq=chat.last_read_seq,
        delivered_seq=chat.last_delivered_seq,
        unread=chat.unread_count,
        mentions=chat.unread_mentions,
        is_group=chat.is_group,
        is_saved=chat.is_saved,
        closed=_closed(chat),
        pinned_at=settings.pinned_at or "",
        archived=settings.archived,
        muted_until=settings.muted_until or "",
        marked_unread=settings.marked_unread,
        request=settings.request,
        draft=encoded_draft(settings.draft).decode() if settings.draft else "",
        hidden=not (_is_in(folder, chat, query) and has_words(chat.peer.full_name, query)),
        **(_preview(last, reader, authors if chat.is_group else {}) if last else {}),
    )


def _closed(chat: Chat) -> str:
    if not chat.is_group:
        if chat.settings.blocked:
            return "blocked"
        return "request" if chat.settings.request else "" if chat.can_post else "deleted"
    last = chat.last_message.system if chat.last_message else None
    return closed_to(can_post=chat.can_post, is_in=chat.role is not None, last=last)


def _is_in(folder: str, chat: Chat, query: str) -> bool:
    """static/js/elements/filter.js does the same."""
    if chat.settings.request or folder == "requests":
        return chat.settings.request and (folder == "requests" or bool(query))
    if folder == "archived" or (query and not folder):
        return chat.settings.archived or not folder
    is_unread = bool(chat.unread_count) or chat.settings.marked_unread
    is_real_group = chat.is_group and not chat.is_saved
    is_there = {"unread": is_unread, "groups": is_real_group}.get(folder, True)
    return is_there and not chat.settings.archived


def badge(count: int) -> str:
    """The number as people read it; empty for none."""
    if count > MAX_UNREAD:
        return f"{MAX_UNREAD}+"
    return str(count or "")


def _preview(message: MessageRecord, reader: User, authors: Mapping[str, Author]) -> dict[str, str]:
    mine = message.sender_id == reader.pk
    author = authors.get(message.sender_id)
    created_at = datetime.fromisoformat(message.created_at)
    hint = "you" if mine else "author" if author else ""
    return {
        "created_at": message.created_at,
        "time": _row_time(created_at),
        "full_date": full_date(created_at),
        "hint": "" if message.deleted or message.system else hint,
        "author": author.first_name if author else "",
        "kind": _kind(message),
        "text": words_of(message)[:PREVIEW_LENGTH],
        "expires_at": message.expires_at or "",
    }


def _kind(message: MessageRecord) -> str:
    if message.deleted:  # of what has disappeared nothing is said
        return "" if message.expires_at else "deleted"
    kind = kind_of(message)
    if kind == "picture" and words_of(message):
        return "caption"
    return kind or ("system" if message.system else "")


def _row_time(moment: datetime) -> str:
    is_today = timezone.localtime(moment).date() >= timezone.localdate()
    return clock(moment) if is_today else day_label(moment)
