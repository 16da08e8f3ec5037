"""The only place where a wire shape of messaging is built: camelCase, `_id` for keys, UTC times
with milliseconds.
"""

from collections.abc import Iterable

from accounts.payloads import user_payload
from chatsite.pictures.images import THUMBNAIL_WIDTH
from chatsite.pictures.storage import shown
from chatsite.wire import absolute, timestamp
from messaging.models import Message
from messaging.querysets import Chat
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


def message_payload(message: Message) -> MessagePayload:
    """Of a deleted message: its tombstone, without content. Reads `message.conversation`."""
    has_image = bool(message.image) and not message.deleted
    return {
        "_id": message.pk,
        "senderId": message.sender_id,
        "receiverId": message.conversation.peer_id(message.sender_id),
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
        "receiverId": message.conversation.peer_id(message.sender_id),
        "seq": message.seq,
    }


def read_payload(reader_id: str, peer_id: str, seq: int) -> ReadPayload:
    return {"readerId": reader_id, "peerId": peer_id, "seq": seq}


def typing_payload(sender_id: str, receiver_id: str) -> TypingPayload:
    return {"senderId": sender_id, "receiverId": receiver_id}


def _thumbnail_url(message: Message) -> str:
    if message.thumbnail:
        return _picture_url(message, message.thumbnail)
    return f"{_picture_url(message, message.image)}?w={THUMBNAIL_WIDTH}"


def sent_payload(message: Message) -> SentPayload:
    """Of a message that was sent with a client message id."""
    return {"clientMessageId": message.client_message_id, "message": message_payload(message)}


def presence_payload(came: Iterable[str], went: Iterable[str]) -> PresencePayload:
    return {"online": sorted(came), "offline": sorted(went)}


def _picture_url(message: Message, name: str) -> str:
    return absolute(f"/media/messages/{message.pk}/{shown(name)}")
