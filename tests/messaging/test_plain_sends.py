"""Which messages are read in one step; all others are the serializer's."""

from typing import Any

import pytest

from messaging.plain_sends import from_data, from_json
from messaging.services.messages import TEXT_LENGTH

SENT = {"text": "Hi", "image": None, "clientMessageId": "a-1"}


def test_plain_text_of_a_frame_or_a_body() -> None:
    plain = from_data({**SENT, "receiverId": "0" * 24})
    assert plain is not None
    assert plain.fields == {"text": "Hi", "client_message_id": "a-1"}
    assert from_json(b'{"text":"Hi","image":"","clientMessageId":"a-1"}') is not None
    assert from_json(b'{"text":"Hi"}') is not None


@pytest.mark.parametrize(
    "data",
    [
        {"text": " \n"},
        {"text": ""},
        {"text": "x" * (TEXT_LENGTH + 1)},
        {"text": "\x00"},
        {"text": 1},
        {"text": "Hi", "image": "data:image/png;base64,AAAA"},
        {"text": "Hi", "clientMessageId": "no spaces"},
        {"text": "Hi", "more": True},
    ],
)
def test_everything_else_is_not(data: dict[str, Any]) -> None:
    assert from_data(data) is None
