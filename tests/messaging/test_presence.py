"""Leases: who is online, said by the workers that hold their sockets."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from messaging import presence
from messaging.presence import PREFIX, Leases, MemoryLeases, RedisLeases
from tests import services

WORKERS = f"{PREFIX}:workers"
ADA, BOB, EVE = "a" * 24, "b" * 24, "c" * 24


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushdb()
        yield client


@pytest.fixture(params=["memory", "redis"])
def leases(request: pytest.FixtureRequest) -> Leases:
    if request.param == "memory":
        return MemoryLeases()
    request.getfixturevalue("redis")
    return RedisLeases(request.getfixturevalue("redis_url"))


def test_nobody_is_online_at_first(leases: Leases) -> None:
    assert leases.online() == set()


def test_those_who_are_held_are_online_at_once(leases: Leases) -> None:
    leases.hold([ADA, BOB])
    assert leases.online() == {ADA, BOB}
    leases.renew()
    assert leases.online() == {ADA, BOB}


def test_some_are_asked_for_alone(leases: Leases) -> None:
    leases.hold([ADA, BOB])
    leases.renew()
    assert leases.held_among([BOB, EVE]) == {BOB}
    assert leases.held_among([]) == set()


def test_those_who_are_no_longer_held_are_offline(leases: Leases) -> None:
    leases.hold([ADA, BOB])
    leases.renew()
    leases.hold([BOB])
    assert leases.online() == {BOB}
    leases.renew()
    assert leases.online() == {BOB}


def test_what_is_held_does_not_change_behind_its_back(leases: Leases) -> None:
    people = {ADA: 1}
    leases.hold(people)
    people[BOB] = 1
    assert leases.online() == {ADA}


def test_people_come_and_go_one_by_one(leases: Leases) -> None:
    for user_id in (ADA, BOB, EVE):
        leases.came(user_id)
    assert leases.online() == {ADA, BOB, EVE}
    leases.renew()
    leases.went(BOB)
    leases.went(EVE)
    leases.came(EVE)
    assert leases.online() == {ADA, EVE}
    leases.renew()
    assert leases.online() == {ADA, EVE}


def test_redis_is_told_only_what_changed(redis: Redis, redis_url: str) -> None:
    worker, other = RedisLeases(redis_url), RedisLeases(redis_url)
    crowd = [f"{number:024x}" for number in range(5000)]
    worker.hold(crowd)
    worker.renew()
    before = redis.info("stats")["total_net_input_bytes"]
    worker.came(ADA)
    worker.went(crowd[0])
    worker.renew()
    worker.renew()
    assert redis.info("stats")["total_net_input_bytes"] - before < 3000
    assert other.online() == {ADA, *crowd[1:]}


def test_workers_see_the_union(redis: Redis, redis_url: str) -> None:
    one, other = RedisLeases(redis_url), RedisLeases(redis_url)
    one.hold([ADA, BOB])
    one.renew()
    other.hold([BOB, EVE])
    other.renew()
    assert one.online() == other.online() == {ADA, BOB, EVE}
    one.hold([])
    one.renew()
    assert one.online() == other.online() == {BOB, EVE}


def test_an_idle_worker_leaves_nothing_behind(redis: Redis, redis_url: str) -> None:
    worker = RedisLeases(redis_url)
    worker.hold([ADA])
    worker.renew()
    worker.hold([])
    worker.renew()
    assert redis.keys() == []


def test_some_are_asked_for_on_all_workers(redis: Redis, redis_url: str) -> None:
    one, other = RedisLeases(redis_url), RedisLeases(redis_url)
    one.hold([ADA])
    one.renew()
    other.hold([BOB])
    assert other.held_among([ADA, BOB, EVE]) == {ADA, BOB}
    assert RedisLeases(redis_url, "elsewhere", change_group="").held_among([ADA]) == set()


def test_a_worker_that_died_takes_its_people_offline(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying, living = RedisLeases(redis_url), RedisLeases(redis_url)
    living.hold([BOB])
    living.renew()
    monkeypatch.setattr(presence, "LEASE_SECONDS", 1)
    dying.hold([ADA])
    dying.renew()
    (lease,) = redis.smembers(WORKERS) - {living._lease}
    assert 0 < redis.ttl(lease) <= 1
    _wait_until_gone(redis, lease)
    assert living.online() == {BOB}
    assert redis.smembers(WORKERS) == {living._lease}


def _wait_until_gone(redis: Redis, key: str | bytes) -> None:
    while redis.exists(key):
        redis.blpop("nothing", timeout=0.05)


def test_a_lease_lasts_longer_than_its_renewal_takes(redis: Redis, redis_url: str) -> None:
    worker = RedisLeases(redis_url)
    worker.hold([ADA])
    worker.renew()
    (lease,) = redis.smembers(WORKERS)
    # It outlives a renewal that comes late, and with the look that finds it gone stays under 30 s.
    assert presence.RENEW_SECONDS < redis.ttl(lease) < 30 - presence.RENEW_SECONDS


def test_the_others_hear_of_a_change_and_of_nothing_else(redis_url: str, told: list[Any]) -> None:
    worker = RedisLeases(redis_url)
    for held in ([], [ADA], [ADA], [], []):
        worker.hold(held)
        worker.renew()
    assert len(told) == 2


def test_a_lease_that_redis_lost_is_announced_again(
    redis: Redis, redis_url: str, told: list[Any]
) -> None:
    worker, other = RedisLeases(redis_url), RedisLeases(redis_url)
    worker.hold([ADA])
    worker.renew()
    redis.flushdb()
    worker.renew()
    assert len(told) == 2
    assert other.online() == {ADA}


@pytest.fixture
def told(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was broadcast."""
    messages: list[Any] = []
    monkeypatch.setattr(presence, "broadcast", lambda *message: messages.append(message))
    return messages


def test_without_redis_a_worker_knows_its_own(caplog: pytest.LogCaptureFixture) -> None:
    worker = RedisLeases(f"redis://127.0.0.1:{services.free_port()}/0")
    worker.hold([ADA])
    with caplog.at_level(logging.WARNING):
        worker.renew()
        assert worker.online() == {ADA}
    assert "Redis cannot be reached" in caplog.text


def test_a_change_that_could_not_be_told_is_told_when_redis_is_back(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, told: list[Any]
) -> None:
    worker, other = RedisLeases(redis_url), RedisLeases(redis_url)
    away = Redis.from_url(f"redis://127.0.0.1:{services.free_port()}/0", decode_responses=True)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_redis", away)
        worker.hold([ADA])
        worker.renew()
    assert other.online() == set()
    assert told == []
    worker.renew()
    assert len(told) == 1
    assert other.online() == {ADA}
