"""Messages of plain text, read in one step: what is to be said against any other, the serializer
and the service say.
"""

from typing import Any, Literal

import msgspec

from chatsite import strict_json
from chatsite.keys import is_key
from chatsite.text import is_blank, is_storable
from messaging.services.messages import TEXT_LENGTH, is_client_id

SENDS = '"sendMessage"'
BEGINNING = 64  # characters of a frame, where clients write its name
LONGEST = 12 * TEXT_LENGTH + 1000  # characters of one whose text is all escaped


class PlainSend(msgspec.Struct, forbid_unknown_fields=True):
    text: str | None = None
    image: str | None = None
    clientMessageId: str | None = None  # noqa: N815  the name on the wire
    receiverId: str | None = None  # noqa: N815  of a frame; who calls the API names it in the path

    @property
    def fields(self) -> dict[str, Any]:
        """As the service takes them."""
        return {"text": self.text or "", "client_message_id": self.clientMessageId or ""}


class _Frame(msgspec.Struct, forbid_unknown_fields=True):
    event: Literal["sendMessage"]
    data: PlainSend


_read = strict_json.reader(PlainSend)
_read_frame = strict_json.reader(_Frame)


def from_json(body: bytes) -> PlainSend | None:
    """None for what is no plain message."""
    send = _read(body)
    return send and _checked(send)


def from_frame(text: str) -> PlainSend | None:
    """None for what is no frame that sends a plain message to somebody, once."""
    if SENDS not in text[:BEGINNING] or len(text) > LONGEST:
        return None
    frame = _read_frame(text)
    send = frame and _checked(frame.data)
    return send if send and send.clientMessageId and is_key(send.receiverId) else None


def _checked(send: PlainSend) -> PlainSend | None:
    text, client_message_id = send.text or "", send.clientMessageId or ""
    is_text = len(text) <= TEXT_LENGTH and is_storable(text) and not is_blank(text)
    is_plain = not send.image and (not client_message_id or is_client_id(client_message_id))
    return send if is_text and is_plain else None
