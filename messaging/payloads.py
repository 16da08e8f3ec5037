"""The only place where a wire shape of messaging is built: camelCase, `_id` for keys, UTC times
with milliseconds.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, When

from accounts.payloads import user_payload
from chatsite.fastpath.expressions import WireKey, WireObject, WireTextOrNull, WireTimestamp
from chatsite.pictures.images import THUMBNAIL_WIDTH
from chatsite.pictures.storage import shown
from chatsite.wire import absolute, timestamp
from messaging.chats import Chat, MessageRow
from messaging.models import Message
from messaging.shapes import (
    ChangedChatPayload,
    ChatPayload,
    DeletedPayload,
    MessagePayload,
    PresencePayload,
    ReadPayload,
    SentPayload,
    TypingPayload,
)


def message_payload(message: Message | MessageRow) -> MessagePayload:
    """Of a deleted message: its tombstone, without content. Reads `message.conversation`."""
    has_image = bool(message.image) and not message.deleted
    return {
        "_id": message.pk,
        "senderId": message.sender_id,
        "receiverId": message.receiver_id,
        "text": None if message.deleted else message.text or None,
        "image": _picture_url(message, message.image) if has_image else None,
        "deleted": message.deleted,
        "createdAt": timestamp(message.created_at),
        "updatedAt": timestamp(message.updated_at),
        "seq": message.seq,
        "clientMessageId": message.client_message_id or None,
        "imageWidth": message.image_width if has_image else None,
        "imageHeight": message.image_height if has_image else None,
        "thumbnail": _thumbnail_url(message) if has_image else None,
    }


def plain_message_json(me: Any, peer: Any, path: str = "") -> WireObject:
    """The same, made by the database, of a message between the two that has no picture and was not
    deleted. `path` leads to it.
    """
    sender = f"{path}sender_id"
    return WireObject(
        _id=WireKey(f"{path}pk"),
        senderId=WireKey(sender),
        receiverId=WireKey(Case(When(**{sender: me}, then=peer), default=me)),
        text=WireTextOrNull(f"{path}text"),
        image=None,
        deleted=False,
        createdAt=WireTimestamp(f"{path}created_at"),
        updatedAt=WireTimestamp(f"{path}updated_at"),
        seq=f"{path}seq",
        clientMessageId=WireTextOrNull(f"{path}client_message_id"),
        imageWidth=None,
        imageHeight=None,
        thumbnail=None,
    )


def chat_payload(chat: Chat, online: bool) -> ChatPayload:
    return {
        **user_payload(chat.peer),
        "lastMessage": message_payload(chat.last_message) if chat.last_message else None,
        "unreadCount": chat.unread_count,
        "online": online,
    }


def changed_chat_payload(chat: Chat, online: bool) -> ChangedChatPayload:
    """A chat as `sync` tells of it: with the marks of both sides."""
    return {
        **chat_payload(chat, online),
        "lastSeq": chat.last_seq,
        "lastReadSeq": chat.last_read_seq,
        "peerReadSeq": chat.peer_read_seq,
    }


def deleted_payload(message: Message) -> DeletedPayload:
    return {
        "messageId": message.pk,
        "deleted": True,
        "senderId": message.sender_id,
        "receiverId": message.receiver_id,
        "seq": message.seq,
    }


def read_payload(reader_id: str, peer_id: str, seq: int) -> ReadPayload:
    return {"readerId": reader_id, "peerId": peer_id, "seq": seq}


def typing_payload(sender_id: str, receiver_id: str) -> TypingPayload:
    return {"senderId": sender_id, "receiverId": receiver_id}


def _thumbnail_url(message: Message | MessageRow) -> str:
    if message.thumbnail:
        return _picture_url(message, message.thumbnail)
    return f"{_picture_url(message, message.image)}?w={THUMBNAIL_WIDTH}"


def sent_payload(message: MessagePayload) -> SentPayload:
    """Of a message that was sent with a client message id."""
    return {"clientMessageId": message["clientMessageId"] or "", "message": message}


def presence_payload(came: Iterable[str], went: Iterable[str]) -> PresencePayload:
    return {"online": sorted(came), "offline": sorted(went)}


def _picture_url(message: Message | MessageRow, name: str) -> str:
    return absolute(f"/media/messages/{message.pk}/{shown(name)}")
