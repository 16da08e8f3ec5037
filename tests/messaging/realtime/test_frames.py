"""Frames that are wrong, and too many of them: answered, and nobody else is any the worse."""

import json
import logging
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from accounts.models import User
from messaging.models import Message
from tests.messaging.realtime.sockets import Connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]

DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello",
        "{",
        "null",
        "5",
        '"ping"',
        "[]",
        "{}",
        '{"event": "ping", "data": }',
        '{"event": null}',
        '{"event": 5}',
        '{"event": ["ping"]}',
        '{"event": {"$ne": ""}}',
        '{"event": ""}',
        '{"event": "Ping"}',
        '{"event": "nothing"}',
        '{"event": "__class__"}',
        '{"event": "relay", "data": {"frame": "x", "origin": ""}}',
        '{"event": "newMessage", "data": {}}',
        '{"event": "\\ud800"}',
        '{"event": "ping", "data": null}',
        '{"event": "ping", "data": []}',
        '{"event": "ping", "data": "x"}',
        '{"event": "ping", "data": NaN}',
        '{"event": "ping", "data": {"x": NaN}}',
        '{"event": "markRead", "data": {"seq": -Infinity}}',
        '{"event": "ping", "data": {"x": ' + "1" * 5000 + "}}",
        '{"event": "ping", "data": ' + "[" * DEEP + "]" * DEEP + "}",
        '{"event": "ping", "data": ' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
    ],
    ids=lambda text: text[:40] or "empty",
)
async def test_a_frame_that_says_nothing_is_answered(
    text: str, ada: User, connect: Connect
) -> None:
    socket = await connect(ada)
    await socket.send_text(text)
    error = await socket.data("error")
    assert error["status"] == 400
    assert set(error) == {"message", "status"}
    await socket.lives()


async def test_a_ping_needs_no_data(ada: User, connect: Connect) -> None:
    socket = await connect(ada)
    await socket.send_text('{"event": "ping"}')
    assert await socket.data("pong") == {}


@pytest.mark.parametrize(
    "text",
    ["\\ud800", "a\\udfffb", "\\u0000"],
    ids=["high surrogate", "low surrogate", "NUL"],
)
async def test_text_that_cannot_be_kept_is_refused(
    text: str, ada: User, bob: User, connect: Connect
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    data = f'{{"receiverId": "{bob.pk}", "text": "{text}", "clientMessageId": "one"}}'
    await mine.send_text(f'{{"event": "sendMessage", "data": {data}}}')
    error = await mine.data("error")
    assert (error["status"], error["clientMessageId"]) == (400, "one")
    await mine.lives()
    await theirs.got_nothing()


async def test_text_of_script_and_query_is_only_text(
    ada: User, bob: User, connect: Connect
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    text = """<script>alert(1)</script>'; DROP TABLE users; -- {"$where": "1"} \u202e"""
    await mine.send("sendMessage", receiverId=bob.pk, text=text, clientMessageId="one")
    assert (await theirs.data("newMessage"))["text"] == text
    assert (await Message.objects.aget()).text == text


async def test_what_goes_wrong_here_is_answered_and_logged(
    ada: User,
    bob: User,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    socket = await connect(ada)
    with monkeypatch.context() as patch:
        patch.setattr("messaging.services.batches.send_messages", _fail)
        await socket.send("sendMessage", receiverId=bob.pk, text="x", clientMessageId="one")
        error = await socket.data("error")
    assert (error["status"], error["clientMessageId"]) == (500, "one")
    assert "disk" not in error["message"]
    assert "disk full" in caplog.text
    await socket.lives()


def _fail(*_drafts: Any) -> None:
    raise RuntimeError("disk full")


async def test_while_the_database_is_away_clients_are_told_when_to_come_again(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(ada)
    with monkeypatch.context() as patch:
        patch.setattr("messaging.services.batches.send_messages", _be_away)
        await socket.send("sendMessage", receiverId=bob.pk, text="x", clientMessageId="one")
        error = await socket.data("error")
    assert (error["status"], error["retryAfter"], error["clientMessageId"]) == (503, 2, "one")
    assert "10.0.0.7" not in error["message"]
    await socket.send("sendMessage", receiverId=bob.pk, text="x", clientMessageId="one")
    assert (await socket.data("messageSent"))["clientMessageId"] == "one"


def _be_away(*_drafts: Any) -> None:
    raise OperationalError("connection to 10.0.0.7 failed")


async def test_a_flood_is_refused_then_cut_off_and_others_go_on(
    ada: User, bob: User, connect: Connect, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    settings.SOCKET_FRAMES_PER_SECOND = 5
    flooding, my_other, theirs = await connect(ada), await connect(ada), await connect(bob)
    for _ in range(60):
        await flooding.send("ping")
    answers = [await flooding.event() for _ in range(11)]
    assert [name for name, _data in answers[:10]] == ["pong"] * 10
    assert answers[10] == (
        "error",
        {
            "message": "Too many requests. Please try again later.",
            "status": 429,
            "retryAfter": 1,
        },
    )
    assert await flooding.close_code() == 4429
    await my_other.lives()
    await theirs.lives()
    assert not caplog.records


async def test_who_heeds_the_refusal_goes_on(
    ada: User, connect: Connect, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOCKET_FRAMES_PER_SECOND = 5
    clock = Clock()
    monkeypatch.setattr("messaging.realtime.token_bucket.time", clock)
    socket = await connect(ada)
    for _round in range(5):
        for _ in range(11):
            await socket.send("ping")
        names = [(await socket.event())[0] for _ in range(11)]
        assert names == ["pong"] * 10 + ["error"]
        clock.now += 2
    await socket.lives()


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


async def test_every_error_is_a_sentence_with_its_status(ada: User, connect: Connect) -> None:
    socket = await connect(ada)
    for frame in ({"event": "typing"}, {"event": "markRead"}, {"event": "sendMessage"}):
        await socket.send_text(json.dumps(frame))
        error = await socket.data("error")
        assert error["message"].endswith(".")
        assert 400 <= error["status"] < 500
