"""Which messages are read in one step; all others are the serializer's."""

import json
from typing import Any, get_type_hints

import msgspec
import pytest

from messaging.bodies import (
    ScheduleBody,
    SendBody,
    SendCommand,
    SendForm,
    TextSend,
    text_of_body,
    text_of_frame,
)
from messaging.serializers import ScheduleSerializer, SendSerializer
from messaging.services.drafts import TEXT_LENGTH

PEER = "0" * 24
SENT = {"text": "Hi", "image": None, "clientMessageId": "a-1", "receiverId": PEER}


def frame(data: object, event: str = "sendMessage") -> str:
    return json.dumps({"event": event, "data": data})


def test_all_that_describes_or_reads_a_message_names_the_same_fields() -> None:
    fields = set(SendSerializer().fields)
    assert set(get_type_hints(SendBody)) == fields
    assert set(get_type_hints(SendForm)) == fields - {"captions"}  # a form has no objects
    of_frames = fields | {"receiverId"}
    assert set(get_type_hints(SendCommand)) == of_frames
    assert {field.name for field in msgspec.structs.fields(TextSend)} == of_frames
    assert set(get_type_hints(ScheduleBody)) == set(ScheduleSerializer().fields)


def test_text_of_a_frame_or_a_body() -> None:
    sent = text_of_frame(frame(SENT))
    assert sent is not None
    assert (sent.receiverId, sent.text, sent.clientMessageId) == (PEER, "Hi", "a-1")
    assert text_of_body(b'{"text":"Hi","image":"","clientMessageId":"a-1"}') is not None
    assert text_of_body(b'{"text":"Hi"}') is not None


@pytest.mark.parametrize(
    "data",
    [
        {"text": "Hi\ud800"},
        {"text": "\udfff"},
        {"text": 1},
        {"text": "Hi", "image": "data:image/png;base64,AAAA"},
        {"text": "Hi", "more": True},
    ],
)
def test_everything_else_is_not(data: dict[str, Any]) -> None:
    assert text_of_body(json.dumps(data).encode()) is None
    assert text_of_frame(frame(SENT | data)) is None


@pytest.mark.parametrize(
    "text",
    [
        frame(SENT, "ping"),
        frame([SENT]),
        frame({"text": "\ud800"}),
        frame(SENT)[:-1],
        frame(SENT) + "}",
        frame(SENT).replace("data", "date"),
        f'{{"more": {"[" * 999}{"]" * 999}, {frame(SENT)[1:]}',
    ],
)
def test_frames_that_say_less_or_more(text: str) -> None:
    assert text_of_frame(text) is None


def test_a_text_may_be_as_long_however_it_is_written() -> None:
    for letter in ("x", "\\", "👋", '"'):
        text = letter * TEXT_LENGTH
        sent = text_of_frame(frame(SENT | {"text": text}))
        assert sent is not None
        assert sent.text == text
