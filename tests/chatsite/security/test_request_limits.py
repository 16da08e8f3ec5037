"""Who counts as one, and how many are too many."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from chatsite.security import request_limits
from chatsite.security.ratelimits import TooMany
from chatsite.security.request_limits import (
    SENDS,
    WRITES,
    CountMemo,
    check,
    client_network,
    count,
    count_all,
    user_or_network,
)
from tests.limits import SetLimits, StoppedClock


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_the_address_that_counts(address: str, network: str) -> None:
    assert client_network(address) == network


def test_what_a_client_says_of_its_address_counts_for_nothing(rf: RequestFactory) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    request = rf.get("/", REMOTE_ADDR="192.0.2.7", headers=headers)
    request.user = AnonymousUser()
    assert user_or_network(request) == "192.0.2.7"


def test_each_counts_for_themselves_and_for_each_limit(set_limits: SetLimits) -> None:
    set_limits(sends=2)
    assert [count(SENDS, "ada") for _ in range(2)] == [0, 0]
    assert 1 <= count(SENDS, "ada") <= 60
    assert count(SENDS, "bob") == 0
    assert count(WRITES, "ada") == 0


def test_many_are_counted_at_once_as_one_after_the_other(set_limits: SetLimits) -> None:
    set_limits(sends=2, writes=3)
    count(SENDS, "ada")
    ada, bob = (SENDS, "ada"), (SENDS, "bob")
    first = count_all([ada, bob, ada, (WRITES, "ada"), bob, ada])
    assert [bool(wait) for wait in first] == [False, False, True, False, False, True]
    assert all(wait <= 60 for wait in first)
    assert count_all([ada, bob, (WRITES, "ada")])[2] == 0
    assert 1 <= count(SENDS, "bob") <= 60


def test_of_nothing_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "caches", {})
    assert count_all([]) == []


def test_what_is_repeated_counts_once_and_is_refused_alike(set_limits: SetLimits) -> None:
    set_limits(sends=1)
    once, refused = CountMemo(), CountMemo()
    for _ in range(2):
        once.check(SENDS, "ada")
        with pytest.raises(TooMany) as error:
            refused.check(SENDS, "ada")
        assert 1 <= error.value.wait <= 60


def test_the_wait_that_is_told_is_long_enough(
    set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of it, not a second later, the next one passes."""
    clock = StoppedClock(1_700_000_000.9)
    monkeypatch.setattr("chatsite.security.request_limits.time", clock)
    set_limits(sends=1)
    count(SENDS, "ada")
    for _ in range(3):
        wait = count(SENDS, "ada")
        clock.now += wait - 1
        assert count(SENDS, "ada") == 1
        clock.now += 1
        assert count(SENDS, "ada") == 0


def test_a_refusal_says_when_to_come_back(set_limits: SetLimits) -> None:
    set_limits(sends=1)
    check(SENDS, "ada")
    with pytest.raises(TooMany) as refused:
        check(SENDS, "ada")
    assert refused.value.status == 429
    assert 1 <= refused.value.wait <= 60
