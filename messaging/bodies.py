"""What clients send, as the documents describe it: bodies of calls, and the data of live commands.

The serializers and the services are what checks it.
"""

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from chatsite.wire import DataUri, Key, PictureFile
from messaging.models.message import CLIENT_ID_LENGTH
from messaging.record import ClientMessageId
from messaging.services.messages import TEXT_LENGTH
from messaging.shapes import Mark

Text = Annotated[
    str,
    Meta(
        max_length=TEXT_LENGTH,
        description="Stored as written. White space alone counts as absent, like null.",
        examples=["Hello"],
    ),
]
OptionalId = Annotated[
    str,
    Meta(
        pattern=f"^[A-Za-z0-9_-]{{0,{CLIENT_ID_LENGTH}}}$",
        description="Chosen by you, once for each message: makes a retry safe.",
        examples=["5f1c2f0e-7a42-4f7c-9a59-0d5c2c6f8a11"],
    ),
]


class SendBody(TypedDict):
    """A text, a picture, or both."""

    text: NotRequired[Text | None]
    image: NotRequired[DataUri | None]
    clientMessageId: NotRequired[OptionalId | None]


class SendForm(TypedDict):
    """A text, a picture, or both."""

    text: NotRequired[Text]
    image: NotRequired[PictureFile]
    clientMessageId: NotRequired[OptionalId]


class ReadBody(TypedDict):
    seq: Mark


class ReadAllBody(TypedDict):
    """All of the conversation, unless it says up to where."""

    seq: NotRequired[Mark]


class SendCommand(TypedDict):
    receiverId: Key
    text: NotRequired[Text | None]
    image: NotRequired[DataUri | None]
    clientMessageId: ClientMessageId


class TypingCommand(TypedDict):
    receiverId: Key


class DeleteCommand(TypedDict):
    messageId: Key


class ReadCommand(TypedDict):
    peerId: Key
    seq: Mark


class PingCommand(TypedDict):
    """Nothing."""
