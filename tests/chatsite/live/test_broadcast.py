"""Live events within one process, and from one without sockets."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from chatsite.breaker import Breaker
from chatsite.live import broadcast as live
from chatsite.live.broadcast import batched, broadcast, subscribe, unsubscribe, worker
from chatsite.monitoring.trace import begin, current
from tests import services
from tests.environment import ROOT, hermetic, settings_under
from tests.services import Server

pytestmark = pytest.mark.usefixtures("layer")
PATIENCE = 20
Got = list[dict[str, Any]]

COMMAND = """
import django; django.setup()
from chatsite.live.broadcast import broadcast
broadcast(["group"], {"type": "x", "text": "from elsewhere"})
"""


async def subscribed(*groups: str) -> Got:
    got: Got = []
    for group in groups:
        await subscribe(group, got.append)
    return got


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  another process or thread does it
            await asyncio.sleep(0.01)


def failed() -> float:
    return REGISTRY.get_sample_value("chatsite_pushes_failed_total") or 0


async def test_a_group_is_told_at_once_and_nobody_else() -> None:
    one, two, other = [await subscribed(group) for group in ("group", "group", "other")]
    broadcast(["group", "nobody"], {"type": "x"})
    assert one == two == [{"type": "x"}]
    assert other == []


async def test_who_subscribes_twice_is_told_once() -> None:
    got = await subscribed("group", "group")
    broadcast(["group"], {"type": "x"})
    assert got == [{"type": "x"}]


async def test_who_unsubscribes_hears_no_more_and_leaves_nothing() -> None:
    got: Got = []
    deliver = got.append
    await subscribe("one", deliver)
    await subscribe("two", deliver)
    for _ in range(2):
        unsubscribe(deliver)
    broadcast(["one", "two"], {"type": "x"})
    assert got == []
    assert worker().registry.groups == {}


async def test_threads_reach_the_loop_in_their_order() -> None:
    got = await subscribed("group")

    def broadcast_many() -> None:
        for number in range(100):
            broadcast(["group"], {"type": "x", "number": number})

    await asyncio.to_thread(broadcast_many)
    await until(lambda: len(got) == 100)
    assert [message["number"] for message in got] == list(range(100))


async def test_a_batch_goes_out_in_order_once_it_is_complete() -> None:
    got = await subscribed("group")
    sent, may_end = threading.Event(), threading.Event()

    def broadcast_some() -> None:
        with batched():
            for number in range(3):
                broadcast(["group"], {"type": "x", "number": number})
            sent.set()
            may_end.wait(PATIENCE)
        broadcast(["group"], {"type": "x", "number": 3})

    sending = asyncio.create_task(asyncio.to_thread(broadcast_some))
    await until(sent.is_set)
    broadcast(["group"], {"type": "x", "number": -1})  # of another thread
    assert [message["number"] for message in got] == [-1]
    may_end.set()
    await sending
    await until(lambda: len(got) == 5)
    assert [message["number"] for message in got] == [-1, 0, 1, 2, 3]


async def test_what_was_sent_goes_out_also_when_the_rest_failed() -> None:
    got = await subscribed("group")

    def fail() -> None:
        with batched():
            broadcast(["group"], {"type": "x"})
            raise RuntimeError("the next one")

    with pytest.raises(RuntimeError, match="the next one"):
        await asyncio.to_thread(fail)
    await until(lambda: got)


async def test_what_a_sender_does_is_not_what_a_receiver_does() -> None:
    seen: list[Any] = []
    await subscribe("group", lambda _message: seen.append((current(), threading.current_thread())))

    def send() -> None:
        with begin():
            broadcast(["group"], {"type": "x"})

    await asyncio.to_thread(send)
    await until(lambda: seen)
    assert seen == [(None, threading.main_thread())]


async def test_one_that_fails_keeps_nobody_from_it(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_message: dict[str, Any]) -> None:
        raise RuntimeError("broken")

    await subscribe("group", fail)
    got = await subscribed("group")
    broadcast(["group"], {"type": "x"})
    assert got == [{"type": "x"}]
    assert "was not delivered" in caplog.text


def test_without_a_loop_it_is_no_error() -> None:
    before = failed()
    broadcast(["group"], {"type": "x"})
    assert failed() == before


@pytest.mark.parametrize("layer", ["redis"], indirect=True)
async def test_a_command_reaches_the_sockets_of_workers(redis_url: str) -> None:
    got = await subscribed("group")
    environment = hermetic(REDIS_URL=redis_url, DJANGO_SETTINGS_MODULE="chatsite.settings")
    command = [sys.executable, "-c", COMMAND]
    await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environment, check=True)
    await until(lambda: got)
    assert got == [{"type": "x", "text": "from elsewhere"}]


class TestCommandWithoutRedis:
    @pytest.fixture
    def redis(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
        with services.redis() as server:
            site = settings_under(REDIS_URL=server.url)
            for name in ("REDIS_URL", "CHANNEL_LAYERS"):
                setattr(settings, name, site[name])
            monkeypatch.setattr(live, "_breaker", Breaker(600))
            yield server

    @pytest.mark.parametrize("outage", [Server.stop, Server.freeze])
    @pytest.mark.parametrize("layer", ["memory"], indirect=True)
    def test_it_waits_once(
        self, redis: Server, outage: Callable[[Server], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        outage(redis)
        before = failed()
        for _ in range(10):
            broadcast(["group"], {"type": "x", "text": "secret"})
        assert failed() == before + 10
        assert caplog.text.count("not published") == 1
        assert "secret" not in caplog.text
