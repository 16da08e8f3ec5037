"""What our layers do beside what Channels asks for."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer
from prometheus_client import REGISTRY
from pytest_django import Settings
from redis import Redis
from redis.exceptions import RedisError

from chatsite import channels
from chatsite.layers import link
from chatsite.layers.local import LocalLayer
from chatsite.layers.room import LOST
from chatsite.layers.shared import SharedLayer
from chatsite.monitoring.trace import begin, current
from tests.environment import ROOT, hermetic, settings_under
from tests.services import Server

PATIENCE = 20
Got = list[dict[str, Any]]

PUSH = """
import django; django.setup()
from chatsite.channels import push
push(["group"], {"type": "x", "text": "from elsewhere"})
"""


@pytest.fixture(params=["memory", "redis"])
def own(request: pytest.FixtureRequest, settings: Settings) -> LocalLayer:
    """The layer of the site."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return use(settings, url)


def use(settings: Settings, url: str) -> LocalLayer:
    settings.CHANNEL_LAYERS = settings_under(REDIS_URL=url)["CHANNEL_LAYERS"]
    layer = get_channel_layer()
    assert isinstance(layer, LocalLayer)
    return layer


async def attached(layer: LocalLayer, *groups: str) -> tuple[str, Got]:
    got: Got = []
    channel = layer.new_name()
    layer.attach(channel, got.append)
    for group in groups:
        await layer.group_add(group, channel)
    return channel, got


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  another process or thread does it
            await asyncio.sleep(0.01)


def failed() -> float:
    return REGISTRY.get_sample_value("chatsite_pushes_failed_total") or 0


async def test_what_is_handed_over_is_there_at_once(own: LocalLayer) -> None:
    channel, got = await attached(own, "group")
    channels.hand_over(["group", "nobody"], {"type": "x"})
    assert got == [{"type": "x"}]
    own.detach(channel)
    channels.hand_over(["group"], {"type": "x"})
    assert len(got) == 1
    assert own.groups == {}


async def test_who_is_detached_leaves_all_groups(own: LocalLayer) -> None:
    channel, _got = await attached(own, "one", "two")
    own.detach(channel)
    own.detach(channel)
    assert own.groups == {}


async def test_threads_reach_the_loop_in_their_order(own: LocalLayer) -> None:
    channel, got = await attached(own, "group")

    def push_many() -> None:
        for number in range(100):
            channels.push(["group"], {"type": "x", "number": number})

    await asyncio.to_thread(push_many)
    await until(lambda: len(got) == 100)
    assert [message["number"] for message in got] == list(range(100))
    own.detach(channel)


async def test_what_is_pushed_together_goes_out_in_order_once_all_is_done(own: LocalLayer) -> None:
    channel, got = await attached(own, "group")
    pushed, may_end = threading.Event(), threading.Event()

    def push_some() -> None:
        with channels.together():
            for number in range(3):
                channels.push(["group"], {"type": "x", "number": number})
            pushed.set()
            may_end.wait(PATIENCE)
        channels.push(["group"], {"type": "x", "number": 3})

    pushing = asyncio.create_task(asyncio.to_thread(push_some))
    await until(pushed.is_set)
    channels.hand_over(["group"], {"type": "x", "number": -1})  # of another thread
    assert [message["number"] for message in got] == [-1]
    may_end.set()
    await pushing
    await until(lambda: len(got) == 5)
    assert [message["number"] for message in got] == [-1, 0, 1, 2, 3]
    own.detach(channel)


async def test_what_was_pushed_goes_out_also_when_the_rest_failed(own: LocalLayer) -> None:
    channel, got = await attached(own, "group")

    def fail() -> None:
        with channels.together():
            channels.push(["group"], {"type": "x"})
            raise RuntimeError("the next one")

    with pytest.raises(RuntimeError, match="the next one"):
        await asyncio.to_thread(fail)
    await until(lambda: got)
    own.detach(channel)


async def test_what_a_sender_does_is_not_what_a_receiver_does(own: LocalLayer) -> None:
    seen: list[Any] = []
    channel = own.new_name()
    own.attach(channel, lambda _message: seen.append((current(), threading.current_thread())))
    await own.group_add("group", channel)

    def push() -> None:
        with begin():
            channels.push(["group"], {"type": "x"})

    await asyncio.to_thread(push)
    await until(lambda: seen)
    assert seen == [(None, threading.main_thread())]
    own.detach(channel)


async def test_one_that_fails_keeps_nobody_from_it(
    own: LocalLayer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_message: dict[str, Any]) -> None:
        raise RuntimeError("broken")

    broken = own.new_name()
    own.attach(broken, fail)
    await own.group_add("group", broken)
    channel, got = await attached(own, "group")
    channels.hand_over(["group"], {"type": "x"})
    assert got == [{"type": "x"}]
    assert "was not taken" in caplog.text
    own.detach(channel)
    own.detach(broken)


def test_without_a_loop_a_push_is_no_error(own: LocalLayer) -> None:
    before = failed()
    channels.push(["group"], {"type": "x"})
    assert failed() == before


async def test_what_nobody_asks_for_is_bounded_and_counted() -> None:
    layer = LocalLayer(capacity=2)
    name = "chatsite_events_dropped_total"
    before = REGISTRY.get_sample_value(name) or 0
    await layer.group_add("group", await layer.new_channel())
    for _ in range(5):
        await layer.group_send("group", {"type": "x"})
    assert REGISTRY.get_sample_value(name) == before + 3


async def test_a_bad_name_is_refused(own: LocalLayer) -> None:
    with pytest.raises(TypeError):
        await own.group_add("a group", await own.new_channel())
    with pytest.raises(TypeError):
        await own.group_send("a group", {"type": "x"})
    await own.flush()


async def test_a_process_without_sockets_reaches_those_with(
    redis_url: str, settings: Settings
) -> None:
    layer = use(settings, redis_url)
    channel, got = await attached(layer, "group")
    environment = hermetic(REDIS_URL=redis_url, DJANGO_SETTINGS_MODULE="chatsite.settings")
    command = [sys.executable, "-c", PUSH]
    await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environment, check=True)
    await until(lambda: got)
    assert got == [{"type": "x", "text": "from elsewhere"}]
    layer.detach(channel)


async def test_each_hears_what_the_other_hands_over_and_its_own_once(redis_url: str) -> None:
    one, other = SharedLayer(redis_url), SharedLayer(redis_url)
    mine, theirs = await attached(one, "group"), await attached(other, "group")
    for number in range(200):
        one.hand_over(["group"], {"type": "x", "number": number})
    other.hand_over(["group"], {"type": "end"})
    await until(lambda: len(theirs[1]) == 201 and len(mine[1]) == 201)
    numbers = [message["number"] for message in theirs[1] if message["type"] == "x"]
    assert numbers == list(range(200))
    await one.flush()
    await other.flush()


async def test_what_cannot_be_read_is_passed_over(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    layer = SharedLayer(redis_url)
    channel, got = await attached(layer, "group")
    with Redis.from_url(redis_url) as redis:
        for nonsense in (b"", b"\xc1", b"nonsense", b'["x", [[1]]]'):
            redis.publish("chatsite:live", nonsense)
    neighbour = SharedLayer(redis_url)
    await neighbour.group_send("group", {"type": "x"})
    await until(lambda: got)
    assert "could not be read" in caplog.text
    assert "nonsense" not in caplog.text
    layer.detach(channel)


class TestOutage:
    @pytest.fixture(autouse=True)
    def _collected(self) -> Iterator[None]:
        """What is left of broken connections, here, where nobody minds."""
        yield
        gc.collect()

    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(link, "PATIENCE", 0.2)
        monkeypatch.setattr(link, "SILENCE", 0.3)
        monkeypatch.setattr(link, "PAUSE", 0.1)

    @pytest.mark.parametrize("outage", [Server.stop, Server.freeze])
    async def test_who_may_have_missed_something_is_told(
        self, redis: Server, outage: Callable[[Server], None]
    ) -> None:
        layer = SharedLayer(redis.url)
        channel, got = await attached(layer, "group")
        outage(redis)
        await until(lambda: {"type": LOST} in got)
        layer.detach(channel)
        redis.stop()

    async def test_nobody_is_let_in_meanwhile_and_all_is_well_afterwards(
        self, redis: Server
    ) -> None:
        layer, neighbour = SharedLayer(redis.url), SharedLayer(redis.url)
        channel, got = await attached(layer, "group")
        redis.stop()
        await until(lambda: {"type": LOST} in got)
        with pytest.raises(RedisError):
            await layer.group_add("other", channel)
        redis.start()
        await until_added(layer, channel)
        await neighbour.group_send("group", {"type": "x"})
        await until(lambda: {"type": "x"} in got)
        neighbour.hand_over(["group"], {"type": "y"})
        await until(lambda: {"type": "y"} in got)
        layer.detach(channel)

    async def test_what_is_handed_over_to_a_redis_that_stands_still_is_bounded(
        self, redis: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(link, "BACKLOG", 10_000)
        layer = SharedLayer(redis.url)
        channel, got = await attached(layer, "group")
        redis.freeze()
        before = failed()
        for _ in range(100):
            layer.hand_over(["group"], {"type": "x", "text": "secret" * 200})
        assert len(got) == 100
        assert layer._shared_room().speaker._size < 12_000
        await until(lambda: failed() == before + 100)
        assert "a live event was not pushed" in caplog.text
        assert "secret" not in caplog.text
        layer.detach(channel)
        redis.stop()

    async def test_it_is_then_left_alone_for_a_moment(
        self, redis: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(link, "PAUSE", 600)
        layer = SharedLayer(redis.url)
        redis.freeze()
        layer.hand_over(["group"], {"type": "x"})
        await until(lambda: "not pushed" in caplog.text)
        before = failed()
        for _ in range(10):
            layer.hand_over(["group"], {"type": "x"})
        assert failed() == before + 10
        assert caplog.text.count("not pushed") == 1
        redis.stop()

    @pytest.mark.parametrize("bound", [10_000, 0])
    async def test_the_others_are_told_for_whom_something_was_lost(
        self, redis: Server, monkeypatch: pytest.MonkeyPatch, bound: int
    ) -> None:
        """Their own connection lived all the time, so they have nothing to tell it by."""
        monkeypatch.setattr(link, "SILENCE", 600)
        monkeypatch.setattr(link, "MISSED", bound)
        layer, neighbour = SharedLayer(redis.url), SharedLayer(redis.url)
        _mine, got = await attached(neighbour, "group")
        _other, others = await attached(neighbour, "elsewhere")
        redis.freeze()
        before = failed()
        layer.hand_over(["group"], {"type": "x"})
        await until(lambda: failed() > before)
        layer.hand_over(["group"], {"type": "y"})
        redis.thaw()
        await until(lambda: {"type": LOST} in got)
        assert ({"type": LOST} in others) == (bound == 0)
        await until(lambda: not layer._shared_room().speaker._missed)
        layer.hand_over(["group"], {"type": "z"})
        await until(lambda: {"type": "z"} in got)
        await neighbour.flush()

    def test_a_process_without_a_loop_waits_once(
        self, redis: Server, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        use(settings, redis.url)
        redis.freeze()
        before = failed()
        with caplog.at_level(logging.WARNING):
            for _ in range(10):
                channels.push(["group"], {"type": "x", "text": "secret"})
        assert failed() == before + 10
        assert caplog.text.count("not pushed") < 10
        assert "secret" not in caplog.text
        redis.stop()


async def until_added(layer: SharedLayer, channel: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await layer.group_add("again", channel)
            except RedisError:
                await asyncio.sleep(0.05)
            else:
                return
