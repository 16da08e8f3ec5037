"""What django-ratelimit counts for us, and how a refusal reads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings
from redis import Redis

from accounts.models import User
from chatsite.security.ratelimits import (
    LOG_INS,
    MAILS,
    MAILS_PER_ADDRESS,
    SIGN_UPS,
    TooMany,
    check,
    limited,
)
from chatsite.security.request_limits import user_or_network
from tests.environment import settings_under
from tests.limits import SetLimits, StoppedClock

RequestFrom = Callable[..., HttpRequest]


@pytest.fixture
def request_from(rf: RequestFactory) -> RequestFrom:
    def make(address: str = "192.0.2.7", user: Any = None, **headers: str) -> HttpRequest:
        request = rf.get("/", REMOTE_ADDR=address, headers=headers)
        request.user = user or AnonymousUser()
        return request

    return make


@limited(SIGN_UPS)
def sign_up(request: HttpRequest, *, name: str = "") -> str:
    """What is done within the limit."""
    return f"Welcome, {name}"


def wait(work: Callable[[], object]) -> int:
    """Seconds; 0 where it passes."""
    try:
        work()
    except TooMany as refusal:
        return refusal.wait
    return 0


def test_a_refusal_is_one_of_too_many_requests(set_limits: SetLimits) -> None:
    set_limits(log_ins=1)
    check(LOG_INS, "ada")
    with pytest.raises(TooMany) as refused:
        check(LOG_INS, "ada")
    assert refused.value.status == 429
    assert 1 <= refused.value.wait <= 60


def test_the_decorator_lets_through_up_to_the_limit(
    request_from: RequestFrom, set_limits: SetLimits
) -> None:
    set_limits(sign_ups_per_hour=2)
    assert [sign_up(request=request_from(), name="Ada") for _ in range(2)] == ["Welcome, Ada"] * 2
    assert 1 <= wait(lambda: sign_up(request_from())) <= 3600
    assert wait(lambda: sign_up(request_from("192.0.2.8"))) == 0


@pytest.mark.parametrize(
    ("address", "other", "are_one"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_the_addresses_of_one_line_count_together(
    request_from: RequestFrom, set_limits: SetLimits, address: str, other: str, *, are_one: bool
) -> None:
    set_limits(sign_ups_per_hour=1)
    sign_up(request_from(address))
    assert bool(wait(lambda: sign_up(request_from(other)))) == are_one


def test_whoever_is_signed_in_counts_for_themselves(
    request_from: RequestFrom, set_limits: SetLimits
) -> None:
    set_limits(sign_ups_per_hour=1)
    ada, bob = User(pk="a" * 24), User(pk="b" * 24)
    assert wait(lambda: sign_up(request_from(user=ada))) == 0
    assert wait(lambda: sign_up(request_from("192.0.2.9", user=ada)))
    assert wait(lambda: sign_up(request_from(user=bob))) == 0
    assert wait(lambda: sign_up(request_from())) == 0


def test_what_a_client_says_of_its_address_counts_for_nothing(
    request_from: RequestFrom, set_limits: SetLimits
) -> None:
    set_limits(sign_ups_per_hour=1)
    sign_up(request_from())
    for name in ("X-Forwarded-For", "X-Real-IP"):
        assert wait(partial(sign_up, request_from(**{name: "203.0.113.9"})))


def test_each_counts_for_itself_and_for_each_limit(set_limits: SetLimits) -> None:
    set_limits(mails_per_hour=2, log_ins=1)
    assert [wait(lambda: check(MAILS, "ada")) for _ in range(2)] == [0, 0]
    assert 1 <= wait(lambda: check(MAILS, "ada")) <= 3600
    assert wait(lambda: check(MAILS, "bob")) == 0
    assert wait(lambda: check(LOG_INS, "ada")) == 0
    assert 1 <= wait(lambda: check(LOG_INS, "ada")) <= 60


def test_services_count_with_the_decorator(
    request_from: RequestFrom, set_limits: SetLimits
) -> None:
    """As for mails that a sign-up and a reset cause."""
    set_limits(mails_per_address_and_hour=1)
    request = request_from("2001:db8:1:2::1")
    limited(MAILS_PER_ADDRESS)(lambda _request: None)(request)
    assert wait(lambda: check(MAILS_PER_ADDRESS, user_or_network(request)))


@pytest.mark.parametrize("passed", [0, 0.9])
def test_the_wait_that_is_told_is_long_enough(
    set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch, passed: float
) -> None:
    """At the end of it, not a second later, the next one passes."""
    set_limits(log_ins=1)
    clock = StoppedClock(1_700_000_000 + passed)
    monkeypatch.setattr("django_ratelimit.core.time", clock)
    check(LOG_INS, "ada")
    for _ in range(3):
        told = wait(lambda: check(LOG_INS, "ada"))
        assert 1 <= told <= 60
        clock.now += told - 1
        assert wait(lambda: check(LOG_INS, "ada")) == 1
        clock.now += 1
        assert wait(lambda: check(LOG_INS, "ada")) == 0


@pytest.fixture(params=["memory", "redis"])
def where(request: pytest.FixtureRequest, settings: Settings) -> None:
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
        settings.CACHES = settings_under(REDIS_URL=url)["CACHES"]


@pytest.mark.usefixtures("where")
def test_of_many_at_once_none_is_lost(request_from: RequestFrom, set_limits: SetLimits) -> None:
    set_limits(sign_ups_per_hour=20, mails_per_hour=20)
    for work in (lambda: sign_up(request_from()), lambda: check(MAILS, "ada")):
        with ThreadPoolExecutor(8) as threads:
            waits = list(threads.map(lambda _, work=work: wait(work), range(60)))
        assert waits.count(0) == 20


def test_a_count_that_is_lost_between_two_questions_refuses_nobody(
    set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis knew of one; this process, asked next, does not."""
    set_limits(log_ins=1)
    monkeypatch.setattr(caches["limits"], "add", lambda *_: False)
    assert wait(lambda: check(LOG_INS, "ada")) == 0


@pytest.mark.parametrize(
    ("seconds", "wait", "words"),
    [(0.2, 1, "1 second,"), (30, 30, "30 seconds,"), (119, 119, "119 s"), (121, 121, "3 minutes,")],
)
def test_pages_say_it_in_words(seconds: float, wait: int, words: str) -> None:
    error = TooMany(seconds)
    assert error.wait == wait
    assert f"Wait {words}" in error.notice
