"""Frames on their way to a client that reads them, slowly or not at all."""

import asyncio
import logging

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.realtime import send_queue
from messaging.realtime.send_queue import SendQueue
from tests.factories import make_message
from tests.messaging.realtime.sockets import Connect


class Client:
    """Reads a frame when it is let; `gone` is how a server says that nobody is there."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.code = 0
        self.reading = asyncio.Event()
        self.reading.set()
        self.failure: Exception | None = None
        self.queue = SendQueue(self._send, self._close)

    async def _send(self, frame: str) -> None:
        await self.reading.wait()
        if self.failure:
            raise self.failure
        self.got.append(frame)

    async def _close(self, code: int) -> None:
        await self.reading.wait()
        self.code = code

    async def settle(self) -> None:
        while task := self.queue._task:
            await asyncio.wait([task])


async def test_frames_go_out_in_order() -> None:
    client = Client()
    for number in range(100):
        client.queue.put(str(number))
    await client.settle()
    assert client.got == [str(number) for number in range(100)]


async def test_putting_a_frame_never_waits_for_the_client() -> None:
    client = Client()
    client.reading.clear()
    client.queue.put("one")
    client.queue.put("two")
    assert client.got == []
    client.reading.set()
    await client.settle()
    assert client.got == ["one", "two"]


async def test_a_client_that_does_not_read_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_queue, "BACKLOG", 1000)
    client = Client()
    client.reading.clear()
    for _ in range(50):
        client.queue.put("x" * 100)
        await asyncio.sleep(0)
    assert client.queue.is_closed
    assert not client.queue._frames
    client.reading.set()
    await client.settle()
    assert client.code == 4408
    assert len(client.got) <= 1  # what was already on its way


async def test_a_frame_larger_than_the_backlog_reaches_who_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(send_queue, "BACKLOG", 1000)
    client = Client()
    for _ in range(3):
        client.queue.put("x" * 5000)
        await client.settle()
    assert len(client.got) == 3
    assert not client.queue.is_closed


async def test_closing_drops_what_waits_and_takes_no_more() -> None:
    client = Client()
    client.reading.clear()
    client.queue.put("on its way")
    await asyncio.sleep(0)
    client.queue.put("waiting")
    client.queue.close(4401)
    client.queue.put("later")
    client.queue.close(4429)
    client.reading.set()
    await client.settle()
    assert (client.got, client.code) == (["on its way"], 4401)


async def test_a_client_that_is_gone_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.failure = ConnectionResetError()
    with caplog.at_level(logging.INFO):
        client.queue.put("one")
        await client.settle()
        client.queue.put("two")
    assert client.queue.is_closed
    assert not caplog.records


async def test_a_frame_that_cannot_be_sent_closes_the_socket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client()
    client.failure = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    client.queue.put("one")
    await client.settle()
    assert client.code == 1011
    assert "a frame could not be sent" in caplog.text


async def test_a_stopped_queue_leaves_no_task() -> None:
    client = Client()
    client.reading.clear()
    client.queue.put("one")
    await asyncio.sleep(0)
    client.queue.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert client.queue.is_closed
    assert client.got == []


@pytest.mark.django_db(transaction=True)
async def test_a_socket_that_is_not_read_is_closed_and_holds_up_nobody(
    layer: str,
    ada: User,
    bob: User,
    eve: User,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(send_queue, "BACKLOG", 2000)
    slow, quick, writers = await connect(bob, unread=2), await connect(bob), await connect(ada)
    for number in range(20):
        await sync_to_async(make_message)(ada, bob, f"{number}" + "x" * 500)
    assert [(await quick.data("newMessage"))["seq"] for _ in range(20)] == list(range(1, 21))
    await connect(eve)
    await writers.sees_online(ada, bob, eve)
    assert await slow.close_code() == 4408
