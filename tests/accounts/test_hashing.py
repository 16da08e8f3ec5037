"""Hashing takes long, so few passwords are hashed at once, and the line for it is short."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import bcrypt
import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from accounts import hashers, links
from accounts.hashers import MAX_CONCURRENT, MAX_WAITING, BcryptHasher
from accounts.models import User
from accounts.services import backoff, log_ins
from chatsite.errors import Busy
from tests.factories import PASSWORD, make_session, make_user
from tests.services import PATIENCE
from tests.traps import shown_before

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_passwords")]


class SlowBcrypt:
    """At the lowest cost, and while it is held it counts who hashes, and lets nobody through."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self._hash = bcrypt.hashpw
        self.release()

    def release(self) -> None:
        self.go_on.set()

    def hold(self) -> None:
        self.go_on.clear()
        self.begun = threading.Semaphore(0)
        self.threads: set[int] = set()
        self.done = 0

    def __call__(self, password: bytes, salt: bytes) -> bytes:
        if not self.go_on.is_set():
            self.threads.add(threading.get_ident())
            self.begun.release()
            assert self.go_on.wait(PATIENCE)
            self.done += 1
        return self._hash(password, salt.replace(b"$10$", b"$04$")).replace(b"$04$", b"$10$")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowBcrypt]:
    slow = SlowBcrypt()
    monkeypatch.setattr(bcrypt, "hashpw", slow)
    yield slow
    slow.release()


@pytest.fixture
def ada(slow: SlowBcrypt) -> User:
    user = make_user(email="ada@example.org")
    user.set_password(PASSWORD)  # by the real hasher
    user.save()
    return user


@pytest.fixture
def full_line(
    ada: User, slow: SlowBcrypt, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """As many as may hash do, and as many as may wait for it."""
    monkeypatch.setattr(hashers, "PATIENCE", PATIENCE)
    slow.hold()
    with ThreadPoolExecutor(MAX_CONCURRENT + MAX_WAITING) as people:
        hashed = [people.submit(_hash) for _ in range(MAX_CONCURRENT + MAX_WAITING)]
        for _ in range(MAX_CONCURRENT):
            assert slow.begun.acquire(timeout=PATIENCE)
        while hashers._threads._work_queue.qsize() < MAX_WAITING:
            time.sleep(0.001)

        def drain() -> None:
            slow.release()
            assert all(each.result().startswith("bcrypt") for each in hashed)

        yield drain
        drain()


def _hash() -> str:
    return BcryptHasher().encode(PASSWORD, BcryptHasher().salt())


@pytest.mark.usefixtures("full_line")
def test_few_are_hashed_at_once_and_who_finds_the_line_full_is_told(slow: SlowBcrypt) -> None:
    with pytest.raises(Busy):
        _hash()
    assert slow.done == 0
    assert len(slow.threads) == MAX_CONCURRENT
    assert threading.get_ident() not in slow.threads


def test_whoever_waits_too_long_is_told(slow: SlowBcrypt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "PATIENCE", 0.01)
    slow.hold()
    with pytest.raises(Busy):
        _hash()


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_hashing_yields_to_the_site() -> None:
    niceness = hashers._threads.submit(os.getpriority, os.PRIO_PROCESS, 0).result(PATIENCE)
    assert niceness > os.getpriority(os.PRIO_PROCESS, 0)


def assert_busy(response: Any) -> None:
    assert response.status_code == 503
    assert int(response["Retry-After"]) >= 1


SIGN_UP = {"fullName": "Bob", "email": "bob@example.org", "password": PASSWORD}


@pytest.mark.usefixtures("full_line")
@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_log_in_is_refused_without_a_word_about_the_account(email: str) -> None:
    account = {"email": email, "password": PASSWORD}
    assert_busy(APIClient().post("/api/auth/login", account))
    assert_busy(Client().post("/login", account))


def test_strangers_leave_room_for_whoever_is_known(ada: User) -> None:
    make_session(ada, address="192.0.2.9")
    account = {"email": ada.email, "password": PASSWORD}
    with ExitStack() as strangers:
        for _ in range(MAX_WAITING // 4):
            strangers.enter_context(log_ins._slot_for(log_ins.UNKNOWN))
        for _ in range(settings.LIMITS.log_ins + 1):  # none of which counts for the account
            assert_busy(APIClient(REMOTE_ADDR="198.51.100.7").post("/api/auth/login", account))
        known = APIClient(REMOTE_ADDR="192.0.2.9").post("/api/auth/login", account)
        assert known.status_code == 200
    stranger = APIClient(REMOTE_ADDR="198.51.100.7").post("/api/auth/login", account)
    assert stranger.status_code == 200


@pytest.mark.usefixtures("full_line")
def test_sign_up_is_refused() -> None:
    assert_busy(APIClient().post("/api/auth/signup", SIGN_UP))
    page = {**SIGN_UP, "full_name": "Bob", "shown": shown_before(60)}
    assert_busy(Client().post("/signup", page))
    assert not User.objects.filter(email="bob@example.org").exists()


@pytest.mark.usefixtures("full_line")
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_change_of_password_is_refused(
    ada: User, page_for: Callable[[User], Client], headers: dict[str, str]
) -> None:
    typed = {"old_password": PASSWORD, "new_password": "another horse"}
    assert_busy(page_for(ada).post("/profile/password", typed, headers=headers))


def test_reset_is_refused_and_its_link_still_works(
    ada: User, full_line: Callable[[], None]
) -> None:
    link = links.reset_link("", ada)
    assert_busy(Client().post(link, {"new_password": "another horse"}))
    full_line()
    assert Client().post(link, {"new_password": "another horse"}).status_code == 302


@pytest.mark.usefixtures("full_line")
def test_what_needs_no_password_goes_on(ada: User, api_for: Callable[[User], APIClient]) -> None:
    assert api_for(ada).get("/api/auth/check").status_code == 200


def test_a_try_that_was_not_let_through_is_no_failure(
    ada: User, full_line: Callable[[], None]
) -> None:
    account = {"email": ada.email, "password": PASSWORD}
    for _ in range(backoff.FREE + 1):
        assert_busy(APIClient().post("/api/auth/login", account))
    full_line()
    assert APIClient().post("/api/auth/login", account).status_code == 200
