"""Counting in Redis, and going on without it."""

import logging
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from pytest_django import Settings
from redis import Redis

from chatsite.security import counters as ours
from chatsite.security.counters import MemoryCounters, RedisWithFallback
from tests import services
from tests.environment import settings_under
from tests.limits import StoppedClock
from tests.services import Server


@pytest.fixture
def redis(settings: Settings) -> Iterator[Server]:
    with services.redis() as server:
        settings.CACHES = settings_under(REDIS_URL=server.url)["CACHES"]
        yield server


def counted(cache: BaseCache, key: str = "x") -> int:
    return 1 if cache.add(key, 1, 60) else cache.incr(key)


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Without what other threads of this process say about a Redis that is gone."""
    return [each for each in caplog.records if each.name == ours.logger.name]


@pytest.fixture
def cache(redis: Server) -> RedisWithFallback:
    found = caches["limits"]
    assert isinstance(found, RedisWithFallback)
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is asked again at once."""
    monkeypatch.setattr(ours, "PAUSE", 0)


def test_counts_in_redis_for_a_while(cache: RedisWithFallback, redis: Server) -> None:
    assert [counted(cache) for _ in range(3)] == [1, 2, 3]
    with Redis.from_url(redis.url) as client:
        [key] = client.keys("chatsite:limits*")
        assert client.get(key) == b"3"
        assert 0 < client.ttl(key) <= 60
    cache.delete("x")
    assert cache.get("x", "nothing") == "nothing"


def test_what_is_not_there_cannot_be_counted_up(cache: RedisWithFallback, redis: Server) -> None:
    with pytest.raises(ValueError, match="not found"):
        cache.incr("x")
    with Redis.from_url(redis.url) as client:
        assert client.keys("*") == []


def test_many_at_once_are_all_counted_over_few_connections(
    cache: RedisWithFallback, redis: Server
) -> None:
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: counted(caches["limits"]), range(200)))
    assert sorted(counts) == list(range(1, 201))
    with Redis.from_url(redis.url) as client:
        assert client.info("clients")["connected_clients"] <= 10


def test_of_many_that_begin_at_once_none_is_lost(cache: RedisWithFallback, redis: Server) -> None:
    with ThreadPoolExecutor(8) as threads:
        for key in "abcdefgh":
            counts = threads.map(cache.count, [key] * 50, [60] * 50)
            assert sorted(counts) == list(range(1, 51))
    with Redis.from_url(redis.url) as client:
        assert all(0 < client.ttl(key) <= 60 for key in client.keys("*"))


def test_many_are_counted_in_one_round_trip(cache: RedisWithFallback, redis: Server) -> None:
    assert cache.count_all([("x", 60), ("y", 60)]) == [1, 1]
    with Redis.from_url(redis.url) as client:
        client.config_resetstat()
        assert cache.count_all([("x", 60), ("y", 60), ("x", 60)]) == [2, 2, 3]
        assert cache.count_all([("x", 60), ("y", 60), ("z", 5)]) == [4, 3, 1]
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 2
        ends = {key.rpartition(b":")[2]: client.ttl(key) for key in client.keys("*")}
    assert 0 < ends.pop(b"z") <= 5
    assert all(5 < end <= 60 for end in ends.values())


def test_a_redis_that_forgot_its_scripts_is_told_again(
    cache: RedisWithFallback, redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    assert cache.count("x", 60) == 1
    with Redis.from_url(redis.url) as client:
        client.script_flush()
    assert cache.count("x", 60) == 2
    assert not logged(caplog)


def test_what_another_release_stored_otherwise_counts_as_nothing(
    cache: RedisWithFallback, redis: Server
) -> None:
    assert cache.add("x", 1.5, 60) is True
    with Redis.from_url(redis.url) as client:
        [key] = client.keys("chatsite:limits*")
        client.set(key, pickle.dumps(1.5))
    assert cache.get("x", 2) == 2


def test_a_moment_is_kept_as_it_is(cache: RedisWithFallback) -> None:
    assert cache.add("x", 1764518400.125, 60) is True
    assert cache.add("x", 2, 60) is False
    assert cache.get("x") == 1764518400.125


@pytest.mark.usefixtures("impatient")
def test_what_redis_refuses_is_counted_here(cache: RedisWithFallback, redis: Server) -> None:
    with Redis.from_url(redis.url) as client:
        client.set(cache.make_key("broken"), "no number")
        assert cache.count_all([("x", 60), ("broken", 60), ("y", 60)]) == [1, 1, 1]  # here
        assert cache.count_all([("x", 60), ("y", 60)]) == [2, 1]
        assert client.info("clients")["connected_clients"] == 2


@pytest.mark.usefixtures("impatient")
def test_many_are_counted_here_while_redis_is_away(
    cache: RedisWithFallback, redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    together = [("x", 60), ("y", 60), ("x", 60)]
    assert cache.count_all(together) == [1, 1, 2]
    redis.stop()
    assert [cache.count_all(together) for _ in range(2)] == [[1, 1, 2], [3, 2, 4]]
    assert cache.count("x", 60) == 5
    assert [record.levelno for record in logged(caplog)] == [logging.WARNING]
    redis.start()
    assert cache.count_all(together) == [1, 1, 2]
    assert "again" in logged(caplog)[-1].message


@pytest.mark.usefixtures("impatient")
def test_a_redis_that_came_back_empty_counts_again(cache: RedisWithFallback, redis: Server) -> None:
    cache.count("x", 60)
    redis.stop()
    assert [cache.count("x", 60) for _ in range(2)] == [1, 2]
    redis.start()
    assert [cache.count("x", 60) for _ in range(2)] == [1, 2]
    with Redis.from_url(redis.url) as client:
        assert len(client.keys("chatsite:limits*")) == 1


@pytest.mark.usefixtures("impatient")
def test_without_redis_this_process_counts_for_itself(
    cache: RedisWithFallback, redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    assert [counted(cache) for _ in range(2)] == [1, 2]
    redis.stop()
    assert [counted(cache) for _ in range(3)] == [1, 2, 3]
    assert [record.levelno for record in logged(caplog)] == [logging.WARNING]
    redis.start()
    assert counted(cache) == 1  # it keeps nothing on disk
    assert "again" in logged(caplog)[-1].message


def test_a_redis_that_was_started_anew_is_used_without_a_fault(
    cache: RedisWithFallback, redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    counted(cache)
    redis.stop()
    redis.start()
    assert counted(cache) == 1
    assert not logged(caplog)


def test_a_silent_redis_is_left_alone_for_a_while(
    cache: RedisWithFallback,
    redis: Server,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ours, "PAUSE", 3600)
    counted(cache)
    redis.freeze()
    assert [counted(cache) for _ in range(50)] == list(range(1, 51))
    [told] = logged(caplog)
    assert "TimeoutError" in told.message
    redis.thaw()
    assert counted(cache) == 51


class TestMemory:
    """What a process counts for itself."""

    @pytest.fixture
    def memory(self) -> MemoryCounters:
        memory = MemoryCounters("tests", {"OPTIONS": {"MAX_ENTRIES": 3}})
        memory.clear()
        return memory

    def test_counts_until_the_time_is_up(
        self, memory: MemoryCounters, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = StoppedClock(1_700_000_000)
        monkeypatch.setattr(ours, "time", clock)
        monkeypatch.setattr("django.core.cache.backends.base.time", clock)
        assert [counted(memory) for _ in range(3)] == [1, 2, 3]
        clock.now += 59
        assert counted(memory) == 4  # counting does not put the end off
        clock.now += 1
        assert memory.get("x", "nothing") == "nothing"
        assert counted(memory) == 1

    def test_counts_in_one_step(
        self, memory: MemoryCounters, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = StoppedClock(1_700_000_000)
        monkeypatch.setattr(ours, "time", clock)
        assert [memory.count("x", 60) for _ in range(2)] == [1, 2]
        clock.now += 59
        assert memory.count("x", 60) == 3
        clock.now += 1
        assert memory.count("x", 60) == 1

    def test_counts_many_at_once(self, memory: MemoryCounters) -> None:
        memory.count("x", 60)
        assert memory.count_all([("x", 60), ("y", 60), ("x", 60)]) == [2, 1, 3]
        assert memory.count_all([]) == []

    def test_what_is_not_there_cannot_be_counted_up(self, memory: MemoryCounters) -> None:
        with pytest.raises(ValueError, match="not found"):
            memory.incr("x")
        counted(memory)
        assert memory.delete("x") is True
        assert memory.delete("x") is False
        with pytest.raises(ValueError, match="not found"):
            memory.incr("x")

    def test_the_longest_forgotten_make_room(self, memory: MemoryCounters) -> None:
        for key in ("a", "b", "c", "a", "d"):
            counted(memory, key)
        assert [memory.get(key) for key in ("a", "b", "c", "d")] == [2, None, 1, 1]

    def test_all_instances_of_a_name_count_together(self, memory: MemoryCounters) -> None:
        counted(memory)
        assert counted(MemoryCounters("tests", {})) == 2
        assert counted(MemoryCounters("others", {})) == 1

    def test_many_at_once_are_all_counted(self, memory: MemoryCounters) -> None:
        with ThreadPoolExecutor(8) as threads:
            counts = list(threads.map(lambda _: counted(memory), range(500)))
        assert sorted(counts) == list(range(1, 501))
