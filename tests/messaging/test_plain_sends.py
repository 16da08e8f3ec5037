"""Which messages are read in one step; all others are the serializer's."""

import json
from typing import Any

import pytest

from messaging.plain_sends import from_frame, from_json
from messaging.services.messages import TEXT_LENGTH

PEER = "0" * 24
SENT = {"text": "Hi", "image": None, "clientMessageId": "a-1", "receiverId": PEER}


def frame(data: object, event: str = "sendMessage") -> str:
    return json.dumps({"event": event, "data": data})


def test_plain_text_of_a_frame_or_a_body() -> None:
    plain = from_frame(frame(SENT))
    assert plain is not None
    assert plain.receiverId == PEER
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
        {"text": "Hi\ud800"},
        {"text": "\udfff"},
        {"text": 1},
        {"text": "Hi", "image": "data:image/png;base64,AAAA"},
        {"text": "Hi", "clientMessageId": "no spaces"},
        {"text": "Hi", "more": True},
    ],
)
def test_everything_else_is_not(data: dict[str, Any]) -> None:
    assert from_json(json.dumps(data).encode()) is None
    assert from_frame(frame(SENT | data)) is None


@pytest.mark.parametrize(
    "text",
    [
        frame(SENT, "ping"),
        frame(SENT | {"clientMessageId": None}),
        frame(SENT | {"receiverId": "nobody"}),
        frame([SENT]),
        frame({"text": "\ud800"}),
        frame(SENT)[:-1],
        frame(SENT) + "}",
        frame(SENT).replace("data", "date"),
        f'{{"more": {"[" * 999}{"]" * 999}, {frame(SENT)[1:]}',
    ],
)
def test_frames_that_say_less_or_more(text: str) -> None:
    assert from_frame(text) is None


def test_a_text_may_be_as_long_however_it_is_written() -> None:
    for letter in ("x", "\\", "👋", '"'):
        text = letter * TEXT_LENGTH
        plain = from_frame(frame(SENT | {"text": text}))
        assert plain is not None
        assert plain.text == text
