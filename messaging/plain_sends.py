"""Messages of plain text, read in one step: what is to be said against any other, the serializer
and the service say.
"""

from typing import Any

import msgspec

from chatsite.text import is_blank
from messaging.services.messages import TEXT_LENGTH, is_client_id


class PlainSend(msgspec.Struct, forbid_unknown_fields=True):
    text: str | None = None
    image: str | None = None
    clientMessageId: str | None = None  # noqa: N815  the name on the wire
    receiverId: str | None = None  # noqa: N815  of a frame; who calls the API names it in the path

    @property
    def fields(self) -> dict[str, Any]:
        """As the service takes them."""
        return {"text": self.text or "", "client_message_id": self.clientMessageId or ""}


_decode = msgspec.json.Decoder(PlainSend).decode


def from_json(body: bytes) -> PlainSend | None:
    """None for what is no plain message."""
    try:
        return _checked(_decode(body))
    except (msgspec.DecodeError, RecursionError):
        return None


def from_data(data: dict[str, Any]) -> PlainSend | None:
    try:
        return _checked(msgspec.convert(data, PlainSend))
    except msgspec.ValidationError:
        return None


def _checked(send: PlainSend) -> PlainSend | None:
    text, client_message_id = send.text or "", send.clientMessageId or ""
    is_text = len(text) <= TEXT_LENGTH and "\x00" not in text and not is_blank(text)
    is_plain = not send.image and (not client_message_id or is_client_id(client_message_id))
    return send if is_text and is_plain else None
