"""The wire shapes of messaging, as types: of answers, of live events, and so of both documents.

Descriptions are for those who call.
"""

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from accounts.payloads import UserPayload
from chatsite.wire import Count, ErrorPayload, Key, PictureUrl, Timestamp
from messaging.models.message import CLIENT_ID_LENGTH

Seq = Annotated[
    int, Meta(ge=1, description="1, 2, 3 … in the conversation, without gaps.", examples=[1])
]
Mark = Annotated[
    int, Meta(ge=0, description="The `seq` up to which somebody has read.", examples=[1])
]
ClientMessageId = Annotated[
    str,
    Meta(
        pattern=f"^[A-Za-z0-9_-]{{1,{CLIENT_ID_LENGTH}}}$",
        description="Chosen by the sender, once for each message: makes a retry safe.",
        examples=["5f1c2f0e-7a42-4f7c-9a59-0d5c2c6f8a11"],
    ),
]
Pixels = Annotated[int, Meta(ge=1)]


class MessagePayload(TypedDict):
    """Of a deleted one: its tombstone, without text and picture."""

    _id: Key
    senderId: Key
    receiverId: Key
    text: Annotated[str, Meta(examples=["Hello"])] | None
    image: PictureUrl | None
    deleted: bool
    createdAt: Timestamp
    updatedAt: Timestamp
    seq: Seq
    clientMessageId: ClientMessageId | None
    imageWidth: Pixels | None
    imageHeight: Pixels | None
    thumbnail: PictureUrl | None


class ChatPayload(UserPayload):
    """Somebody I have messages with."""

    lastMessage: MessagePayload | None
    unreadCount: Count
    online: bool


class ChangedChatPayload(ChatPayload):
    """A chat with the marks of both sides."""

    lastSeq: Count
    lastReadSeq: Mark
    peerReadSeq: Mark


class SyncPayload(TypedDict):
    messages: list[MessagePayload]
    chats: list[ChangedChatPayload]
    cursor: Annotated[str, Meta(description="Opaque: the next `since`.")]
    more: Annotated[bool, Meta(description="Ask again, with this cursor.")]


# With its type: generators of clients make nothing of a constant alone.
True_ = Annotated[bool, Meta(extra_json_schema={"const": True})]


class MarkPayload(TypedDict):
    seq: Mark


class RemovedPayload(TypedDict):
    """The answer to who deletes a message."""

    success: True_
    message: str


class DeletedPayload(TypedDict):
    messageId: Key
    deleted: True_
    senderId: Key
    receiverId: Key
    seq: Seq


class ReadPayload(TypedDict):
    readerId: Key
    peerId: Key
    seq: Mark


class TypingPayload(TypedDict):
    senderId: Key
    receiverId: Key


class PresencePayload(TypedDict):
    """Who came and who went."""

    online: list[Key]
    offline: list[Key]


class SentPayload(TypedDict):
    clientMessageId: ClientMessageId
    message: MessagePayload


class PongPayload(TypedDict):
    """Nothing."""


class RefusalPayload(ErrorPayload):
    """What was wrong with a frame. The socket stays open, unless it floods."""

    status: Annotated[int, Meta(ge=400, le=599, description="As of the call over HTTP.")]
    clientMessageId: NotRequired[ClientMessageId]
    retryAfter: NotRequired[Annotated[int, Meta(ge=1, description="Seconds.")]]
