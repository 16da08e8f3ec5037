"""Live events between workers, over channels-redis: nothing is lost without a word."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis import Redis
from redis.exceptions import RedisError

from chatsite.live import publisher, subscriber
from chatsite.live.broadcast import Worker
from chatsite.live.publisher import GROUP, Publisher, packed
from chatsite.live.registry import LOST, Registry
from chatsite.live.subscriber import Subscriber
from tests import services
from tests.chatsite.live.test_broadcast import Got, failed, until
from tests.environment import settings_under
from tests.services import Server

pytestmark = [
    # Connections that break on the way in are left to the collector by redis-py.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
X, Y, Z = [{"type": kind} for kind in "xyz"]
HAS_LOST = {"type": LOST}


@pytest.fixture
def redis() -> Iterator[Server]:
    """One that a test may stop."""
    with services.redis() as server:
        yield server
    gc.collect()  # here, where nobody minds what is left of broken connections


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "HEARTBEAT", 0.1)
    monkeypatch.setattr(subscriber, "PAUSE", 0.1)
    monkeypatch.setattr(publisher, "PAUSE", 0.1)


def layer(url: str, **options: float) -> RedisPubSubChannelLayer:
    config = settings_under(REDIS_URL=url)["CHANNEL_LAYERS"]["default"]["CONFIG"]
    [host] = config["hosts"]
    return RedisPubSubChannelLayer(**{**config, "hosts": [{**host, **options}]})


async def a_worker(url: str, **options: float) -> tuple[Worker, Got]:
    """And what comes to a socket of it."""
    worker = Worker(layer(url, **options))
    got: Got = []
    worker.registry.subscribe("group", got.append)
    await worker.ready()
    return worker, got


async def test_each_hears_the_other_in_order_and_itself_once(redis_url: str) -> None:
    one, mine = await a_worker(redis_url)
    other, theirs = await a_worker(redis_url)
    for number in range(200):
        one.send([(["group"], {"type": "x", "number": number})])
        await asyncio.sleep(0)
    assert len(mine) == 200  # at once
    other.send([(["group", "nobody"], Y), (["nobody"], Z)])
    await until(lambda: len(theirs) == 201 and len(mine) == 201)
    assert [message.get("number") for message in theirs if message != Y] == list(range(200))


async def test_what_comes_at_once_is_one_message(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _mine = await a_worker(redis_url)
    _other, theirs = await a_worker(redis_url)
    monkeypatch.setattr(subscriber, "HEARTBEAT", 600)
    await asyncio.sleep(0.2)  # the last ones
    with Redis.from_url(redis_url) as redis:
        before = redis.info("commandstats")["cmdstat_publish"]["calls"]
        for _ in range(50):
            worker.send([(["group"], X)] * 10)
        await until(lambda: len(theirs) == 500)
        assert redis.info("commandstats")["cmdstat_publish"]["calls"] - before <= 2


def test_who_is_told_several_events_is_named_once() -> None:
    """A thousand names are fifty times as long as an event."""
    group = [f"user.{number:024x}" for number in range(1000)]
    pair = group[:2]
    one = packed("worker", 1, [(group, X)])
    several = packed("worker", 1, [*[(group, X)] * 16, (pair, Y), (group, Z)])
    assert several["told"] == [(group, [X] * 16), (pair, [Y]), (group, [Z])]  # in their order
    size = RedisPubSubChannelLayer().serialize
    assert len(size(several)) < 2.1 * len(size(one)) < 65_000


async def test_who_ends_tells_everything_before(redis_url: str) -> None:
    worker, _mine = await a_worker(redis_url)
    _other, theirs = await a_worker(redis_url)
    worker.send([(["group"], X)])
    await worker.close()
    await until(lambda: theirs == [X])


async def test_what_cannot_be_read_is_passed_over(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    _worker, got = await a_worker(redis_url)
    sender = layer(redis_url)
    with Redis.from_url(redis_url) as redis:
        for nonsense in (b"", b"\xc1", b"nonsense", b"\x91\xa1x", b"\x81\xa1x\xa1y"):
            redis.publish(f"chatsite__group__{GROUP}", nonsense)
    await sender.group_send(GROUP, packed("", 0, [(["group"], X)]))
    await until(lambda: got == [X])
    assert caplog.text.count("could not be read") == 5
    assert "nonsense" not in caplog.text


class TestNumbers:
    """What is heard of a worker: the number of each message, and `hb` for a heartbeat."""

    @pytest.mark.parametrize(
        ("heard", "told"),
        [
            (["hb 0", "1", "2", "hb 2", "3"], "xxx"),
            (["7", "8"], "xx"),  # it was there before this one
            (["hb 0", "1", "3"], "x!x"),
            (["hb 0", "1", "hb 2", "3"], "x!x"),  # the last one was lost
            (["hb 0", "hb 2", "hb 2"], "!"),
            (["hb 0", "1", "1", "2", "2"], "xx"),  # repeated, since no answer came
            (["hb 0", "2", "1", "3"], "!xx"),  # too late: who was told meanwhile syncs
            (["hb 5", "hb 4", "6"], "x"),
        ],
    )
    def test_a_hole_is_a_loss(self, heard: list[str], told: str) -> None:
        assert self._told(heard) == told

    @pytest.mark.parametrize(
        ("heard", "told"), [(["1"], "x"), (["hb 0", "1"], "x"), (["2"], "!x"), (["hb 1"], "!")]
    )
    def test_of_one_that_began_later_nothing_may_be_missing(
        self, heard: list[str], told: str
    ) -> None:
        assert self._told(heard, beats=subscriber.MISSING) == told

    def test_each_worker_has_numbers_of_its_own_and_commands_have_none(self) -> None:
        assert self._told(["hb 0", "1"], ["hb 5", "6"], ["2"]) == "xxx"
        assert self._told(["1"], ["hb 0", "2"], beats=subscriber.MISSING) == "x!x"

    def test_those_who_ended_long_ago_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subscriber, "REMEMBERED", 10)
        ours = Subscriber(None, Registry(), Publisher(None))
        for number in range(100):
            ours.take(packed(f"worker {number}", 0, []))
            ours.take(packed("alive", 0, []))
        assert len(ours._numbers) == 10
        assert "alive" in ours._numbers

    def _told(self, *of_each: list[str], beats: int = 0) -> str:
        registry, got = Registry(), []
        registry.subscribe("group", lambda message: got.append(message["type"]))
        ours = Subscriber(None, registry, Publisher(None))
        ours._beats = beats
        for worker, heard in enumerate(of_each):
            for text in heard:
                number = int(text.removeprefix("hb "))
                events = [] if text.startswith("hb") else [(["group"], X)]
                ours.take(packed(f"worker {worker}", number, events))
        ours.take(packed("", 0, []))  # of a command
        return "".join(got).replace(LOST, "!")


class TestOutage:
    @pytest.mark.parametrize("outage", [Server.stop, Server.freeze])
    async def test_who_may_miss_something_is_told_and_all_is_well_afterwards(
        self, redis: Server, outage: Callable[[Server], None]
    ) -> None:
        worker, got = await a_worker(redis.url)
        neighbour, _theirs = await a_worker(redis.url)
        outage(redis)
        await until(lambda: HAS_LOST in got)
        with pytest.raises(RedisError):
            await worker.ready()
        redis.stop()
        redis.start()
        await until_ready(worker, neighbour)
        neighbour.send([(["group"], X)])
        worker.send([(["group"], Y)])
        await until(lambda: X in got and Y in got)

    async def test_a_redis_that_comes_back_at_once_with_nothing_lost_closes_nobody(
        self, redis: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subscriber, "MISSING", 200)
        _worker, got = await a_worker(redis.url)
        _neighbour, _theirs = await a_worker(redis.url)
        redis.stop()
        redis.start()
        sender = layer(redis.url)
        async with asyncio.timeout(20):
            while not got:
                await sender.group_send(GROUP, packed("", 0, [(["group"], X)]))
        assert HAS_LOST not in got

    async def test_a_connection_that_broke_unnoticed_is_no_secret(self, redis: Server) -> None:
        _worker, got = await a_worker(redis.url)
        with Redis.from_url(redis.url) as client:
            publish(client, "other", 0)
            publish(client, "other", 1, X)
            await until(lambda: got == [X])
            client.client_kill_filter(_type="pubsub")
            publish(client, "other", 2, Y)
            await until_subscribed(client)
            publish(client, "other", 2)
        await until(lambda: got == [X, HAS_LOST])

    async def test_who_reads_too_slowly_is_told(self, redis: Server) -> None:
        """Redis cuts it off, and what it had not read is gone."""
        _worker, got = await a_worker(redis.url)
        with Redis.from_url(redis.url) as client:
            client.config_set("client-output-buffer-limit", "pubsub 1mb 0 0")
            publish(client, "other", 0)
            for number in range(1, 31):  # while nothing can be read
                publish(client, "other", number, {"type": "x", "frame": "x" * 2**20})
            await until_subscribed(client)
            publish(client, "other", 30)
        await until(lambda: HAS_LOST in got)
        assert len(got) < 31

    async def test_what_could_not_be_published_is_noticed_by_the_others(
        self, redis: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whose own connections came back so quickly that they have nothing to tell it by."""
        monkeypatch.setattr(subscriber, "MISSING", 10_000)
        worker, got = await a_worker(redis.url)
        neighbour, theirs = await a_worker(redis.url)
        await until_known(neighbour, worker)
        redis.stop()
        before = failed()
        worker.send([(["group"], {"type": "x", "text": "secret"})])
        await until(lambda: failed() > before)
        redis.start()
        await until(lambda: theirs == [HAS_LOST])
        assert "live events were not published" in caplog.text
        assert "secret" not in caplog.text
        worker.send([(["group"], Z)])
        await until(lambda: Z in theirs)
        assert HAS_LOST not in got

    @pytest.mark.parametrize(
        ("groups", "frame"),
        [(["group"], "x" * 1000), (["group", *"abcdefghijklmnopqrstuvwxyz"], "")],
    )
    async def test_what_waits_for_a_redis_that_stands_still_is_bounded(
        self, groups: list[str], frame: str, redis: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(publisher, "BACKLOG", 10_000)
        monkeypatch.setattr(subscriber, "MISSING", 10_000)
        worker, got = await a_worker(redis.url)
        neighbour, theirs = await a_worker(redis.url)
        await until_known(neighbour, worker)
        redis.freeze()
        before = failed()
        for _ in range(100):
            worker.send([(groups, {"type": "x", "frame": frame})])
        assert len(got) == 100
        assert worker._publisher
        assert worker._publisher._size < 12_000
        assert failed() >= before + 85
        redis.thaw()
        await until(lambda: HAS_LOST in theirs)

    async def test_one_that_dies_closes_nobody_elsewhere(
        self, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subscriber, "HEARTBEAT", 0.02)
        worker, got = await a_worker(redis_url)
        dead, _theirs = await a_worker(redis_url)
        await until_known(worker, dead)
        dead._publishing.cancel()
        dead._subscribing.cancel()
        last = worker._subscriber._beats
        await until(lambda: worker._subscriber._beats > last + 5 * subscriber.MISSING)
        assert got == []

    async def test_one_that_stood_still_reads_first_what_came_meanwhile(
        self, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subscriber, "HEARTBEAT", 0.02)
        worker, got = await a_worker(redis_url)
        time.sleep(0.02 * 3 * subscriber.MISSING)  # noqa: ASYNC251  that is the point
        last = worker._subscriber._beats
        await until(lambda: worker._subscriber._beats > last + 2 * subscriber.MISSING)
        assert got == []

    async def test_who_may_not_listen_is_told(self, redis: Server) -> None:
        with Redis.from_url(redis.url) as client:
            client.acl_setuser("default", enabled=True, nopass=True, reset_channels=True)
        with pytest.raises(RedisError):
            await a_worker(redis.url)


def publish(client: Redis, worker_id: str, number: int, *events: dict[str, Any]) -> None:
    """While the event loop stands still."""
    message = packed(worker_id, number, [(["group"], event) for event in events])
    data = RedisPubSubChannelLayer().serialize(message)
    client.publish(f"chatsite__group__{GROUP}", data)


async def until_subscribed(client: Redis) -> None:
    await until(lambda: dict(client.pubsub_numsub(f"chatsite__group__{GROUP}")).popitem()[1])


async def until_ready(*workers: Worker) -> None:
    await until(lambda: all(worker._subscriber._is_ready for worker in workers))


async def until_known(listening: Worker, told: Worker) -> None:
    assert told._publisher
    key = told._publisher.worker_id
    await until(lambda: key in listening._subscriber._numbers)
