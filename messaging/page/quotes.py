"""What a reply, or the bar of pinned messages, shows of another message.

static/js/render/parts/reply.js does the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from messaging.page.attachments import small_picture, words_of
from messaging.page.peers import Author, Peer, authors_among
from messaging.queries.history import originals_of
from messaging.queries.pins import pins_with
from messaging.shapes.record import MessageRecord

EXCERPT = 200  # characters


@dataclass(frozen=True, slots=True)
class Quote:
    key: str
    kind: str  # "picture" without words, "deleted", "unseen", or nothing of the kind
    seq: int | None = None
    author_name: str = ""
    author: Author | None = None  # of what somebody else wrote in a group
    text: str = ""
    picture: str = ""
    expires_at: str | None = None


def originals_among(
    user: User, peer: Peer, messages: Iterable[MessageRecord]
) -> dict[str, MessageRecord]:
    """What these messages reply to, as far as `user` may see it. Most is on the same page."""
    found = {message.id: message for message in messages}
    wanted = {message.reply_to for message in found.values() if message.reply_to}
    missing = wanted - found.keys()
    more = originals_of(user, peer.pk, missing) if missing else {}
    return {key: record for key, record in (found | more).items() if key in wanted}


def quote(
    key: str,
    original: MessageRecord | None,
    *,
    reader: User,
    peer: Peer,
    authors: dict[str, Author],
) -> Quote:
    if original is None:
        return Quote(key, "unseen")
    mine = original.sender_id == reader.pk and not original.system
    author = None if mine or original.system else authors.get(original.sender_id)
    name = author.name if author else peer.full_name
    return Quote(
        key,
        _kind(original),
        seq=original.seq,
        author_name=reader.full_name if mine else name,
        author=author,
        text=excerpt(original),
        picture=small_picture(original),
        expires_at=original.expires_at,
    )


def pinned_quotes(user: User, peer: Peer) -> list[Quote]:
    """The pinned messages, for the bar that leads to them."""
    records = pins_with(user, peer.pk)
    senders = {each.sender_id for each in records}
    authors = authors_among(senders, user.pk) if peer.is_group else {}
    return [quote(each.id, each, reader=user, peer=peer, authors=authors) for each in records]


def quote_payload(original: MessageRecord) -> dict[str, Any]:
    """For static/js/stores/quotes.js."""
    return {
        "_id": original.id,
        "seq": original.seq,
        "senderId": original.sender_id,
        "system": bool(original.system),
        "deleted": original.deleted,
        "text": excerpt(original),
        "picture": small_picture(original),
        "expiresAt": original.expires_at,
    }


def excerpt(original: MessageRecord) -> str:
    return words_of(original)[:EXCERPT]


def _kind(original: MessageRecord) -> str:
    if original.deleted:
        return "deleted"
    return "" if words_of(original) else "picture"
