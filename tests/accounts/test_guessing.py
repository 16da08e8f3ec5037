"""Guessing at passwords is slow, and the owner does not feel it."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.links import not_me_link
from accounts.models import Session, User
from accounts.services import backoff, log_ins
from chatsite.errors import DomainError
from chatsite.security.counters import MemoryCounters
from chatsite.security.ratelimits import TooMany
from tests import services
from tests.environment import settings_under
from tests.factories import PASSWORD, make_session, make_user
from tests.letters import delivered, path_in
from tests.limits import REFUSAL, SetLimits, StoppedClock, assert_refused
from tests.services import Server

pytestmark = pytest.mark.django_db
HOME, OFFICE, ELSEWHERE = "192.0.2.1", "192.0.2.2", "203.0.113.7"
ADA = "ada@example.org"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, set_limits: SetLimits) -> StoppedClock:
    """For the pauses and the cache that keeps them; what is tried in a minute has no limit."""
    set_limits(log_ins=10_000, log_ins_per_address=10_000, writes=10_000)
    clock = StoppedClock(1_700_000_000)
    monkeypatch.setattr(backoff, "time", clock)
    monkeypatch.setattr("chatsite.security.counters.time", clock)
    monkeypatch.setattr("django.core.cache.backends.base.time", clock)
    return clock


def at(address: str) -> APIClient:
    """A browser of its own, without cookies yet."""
    return APIClient(REMOTE_ADDR=address)


def log_in(client: APIClient, password: str = "wrong", email: str = ADA) -> int:
    response = client.post("/api/auth/login", {"email": email, "password": password})
    if response.status_code == 429:
        assert_refused(response)
    return int(response.status_code)


def wait_of(client: APIClient, password: str = "wrong", email: str = ADA) -> int:
    response = client.post("/api/auth/login", {"email": email, "password": password})
    assert response.status_code == 429
    return int(response["Retry-After"])


def fail(times: int, email: str = ADA) -> None:
    """From as many addresses."""
    for number in range(times):
        assert log_in(at(f"198.51.100.{number}"), email=email) == 400


def test_the_pauses_grow_up_to_half_a_minute(clock: StoppedClock) -> None:
    make_user(email=ADA)
    fail(backoff.FREE + 1)
    waits = []
    for _ in range(7):
        waits.append(wait_of(at(ELSEWHERE)))
        clock.now += waits[-1] - 0.01
        assert wait_of(at(ELSEWHERE)) == 1
        clock.now += 0.02
        assert log_in(at(ELSEWHERE)) == 400
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_pause_holds_for_the_right_password_too(clock: StoppedClock) -> None:
    make_user(email=ADA)
    fail(backoff.FREE + 1)
    assert log_in(at(ELSEWHERE), PASSWORD) == 429
    clock.now += 1.01
    assert log_in(at(ELSEWHERE), PASSWORD) == 200


def test_the_right_password_ends_the_pauses(clock: StoppedClock) -> None:
    make_user(email=ADA)
    fail(backoff.FREE)
    assert log_in(at(HOME), PASSWORD) == 200
    fail(backoff.FREE)


def test_an_account_that_does_not_exist_behaves_alike(clock: StoppedClock) -> None:
    make_user(email=ADA)
    for email in (ADA, "nobody@example.org"):
        fail(backoff.FREE + 1, email)
        assert wait_of(at(ELSEWHERE), email=email) == 1
    assert log_in(at(ELSEWHERE), email=" NOBODY@example.org") == 429


@pytest.mark.parametrize("email", ["\x00", "x" * 100_000, "", " "], ids=len)
def test_no_address_is_too_odd(email: str, clock: StoppedClock) -> None:
    assert log_in(at(HOME), email=email) == 400


def test_not_even_one_that_is_no_text() -> None:
    with pytest.raises(DomainError, match="Invalid credentials"):
        log_ins.log_in(email="\ud800", password="x", attempt=log_ins.LogInAttempt(HOME))


def test_an_address_known_to_the_account_is_not_held_up_by_strangers(clock: StoppedClock) -> None:
    ada = make_user(email=ADA)
    make_session(ada, address=HOME)
    fail(backoff.FREE + 1)
    assert log_in(at(ELSEWHERE), PASSWORD) == 429
    assert log_in(at(HOME)) == 400
    assert log_in(at(HOME), PASSWORD) == 200


def test_a_browser_known_to_the_account_is_not_held_up_wherever_it_is(clock: StoppedClock) -> None:
    make_user(email=ADA)
    client = at(HOME)
    assert log_in(client, PASSWORD) == 200
    client.post("/api/auth/logout")
    fail(backoff.FREE + 1)
    client.defaults["REMOTE_ADDR"] = ELSEWHERE
    assert log_in(client) == 400
    assert log_in(client, PASSWORD) == 200


def test_who_shares_the_address_of_a_known_browser_does_not_hold_it_up(
    clock: StoppedClock, set_limits: SetLimits
) -> None:
    set_limits(log_ins_per_address=3)
    make_user(email=ADA)
    client = at(HOME)
    assert log_in(client, PASSWORD) == 200
    assert [log_in(at(HOME)) for _ in range(3)] == [400, 400, 429]
    assert log_in(client, PASSWORD) == 200


def test_a_known_place_has_pauses_of_its_own(clock: StoppedClock) -> None:
    ada = make_user(email=ADA)
    make_session(ada, address=HOME)
    for _ in range(backoff.FREE + 1):
        assert log_in(at(HOME)) == 400
    assert log_in(at(HOME), PASSWORD) == 429
    assert log_in(at(ELSEWHERE), PASSWORD) == 200


def test_the_cookie_of_another_account_or_a_forged_one_opens_nothing(clock: StoppedClock) -> None:
    make_user(email=ADA)
    make_user(email="eve@example.org")
    eve, forger = at(ELSEWHERE), at(ELSEWHERE)
    assert log_in(eve, PASSWORD, "eve@example.org") == 200
    assert eve.cookies["device"]["httponly"]
    forger.cookies["device"] = "W10:forged"
    fail(backoff.FREE + 1)
    assert log_in(eve) == log_in(forger) == 429


def test_who_had_the_address_before_is_a_stranger(clock: StoppedClock) -> None:
    """Somebody signs up with an address that is not theirs, and collects cookies for it."""
    squatter = make_user(email=ADA)
    browsers = [at(ELSEWHERE) for _ in range(4)]
    assert [log_in(browser, PASSWORD) for browser in browsers] == [200] * 4
    User.objects.filter(pk=squatter.pk).update(email="squatter@example.org")
    make_user(email=ADA)

    fail(backoff.FREE + 1)
    assert [log_in(browser) for browser in browsers] == [429] * 4


def test_a_browser_stays_known_when_the_address_of_the_account_changes(
    clock: StoppedClock,
) -> None:
    ada, client = make_user(email="old@example.org"), at(HOME)
    assert log_in(client, PASSWORD, "old@example.org") == 200
    User.objects.filter(pk=ada.pk).update(email=ADA)
    fail(backoff.FREE + 1)
    client.defaults["REMOTE_ADDR"] = ELSEWHERE
    assert log_in(client, PASSWORD) == 200


def test_a_new_password_makes_strangers_of_all_other_browsers(clock: StoppedClock) -> None:
    make_user(email=ADA)
    owner, thief = at(HOME), at(OFFICE)
    assert log_in(owner, PASSWORD) == log_in(thief, PASSWORD) == 200
    change = {"old_password": PASSWORD, "new_password": "a new one, at last"}
    assert owner.post("/profile/password", change, format="multipart").status_code == 302

    fail(backoff.FREE + 1)
    owner.defaults["REMOTE_ADDR"] = thief.defaults["REMOTE_ADDR"] = ELSEWHERE
    assert log_in(thief) == 429
    assert log_in(owner) == 400
    assert log_in(owner, "a new one, at last") == 200


def test_a_dead_cookie_costs_the_same_whether_there_is_such_an_account(
    clock: StoppedClock,
) -> None:
    make_user(email=ADA)
    make_user(email="eve@example.org")
    eve = at(ELSEWHERE)
    assert log_in(eve, PASSWORD, "eve@example.org") == 200
    costs = set()
    for email in (ADA, "nobody@example.org"):
        with CaptureQueriesContext(connection) as queries:
            assert log_in(eve, email=email) == 400
        costs.add(len(queries))
    assert len(costs) == 1


def test_many_at_once_are_no_way_round(clock: StoppedClock) -> None:
    """Each counts before it is known whether it is right."""
    turns = [backoff.Backoff("somewhere") for _ in range(20)]
    for turn in turns[: backoff.FREE + 1]:
        turn.check()
    for turn in turns[backoff.FREE + 1 :]:
        with pytest.raises(TooMany):
            turn.check()


def test_tries_in_a_minute_are_limited_for_each_account(set_limits: SetLimits) -> None:
    set_limits(log_ins=2)
    make_user(email=ADA)
    fail(2)
    assert log_in(at(ELSEWHERE), PASSWORD) == 429
    assert log_in(at(ELSEWHERE), email="bob@example.org") == 400


def test_tries_in_a_minute_are_limited_for_each_address(set_limits: SetLimits) -> None:
    set_limits(log_ins_per_address=2)
    for number in range(2):
        assert log_in(at(ELSEWHERE), email=f"person{number}@x.org") == 400
    assert log_in(at(ELSEWHERE), email="another@x.org") == 429
    assert log_in(at(OFFICE), email="another@x.org") == 400


def test_a_refused_try_costs_no_hash(
    set_limits: SetLimits, real_passwords: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(log_ins=1)
    log_in(at(HOME))
    hashed: list[str] = []
    monkeypatch.setattr("accounts.hashers.BcryptHasher.encode", lambda *args: hashed.append("once"))
    assert log_in(at(HOME), PASSWORD) == 429
    assert not hashed


@pytest.fixture
def redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Its clock cannot be stopped, so every pause is longer than a test."""
    monkeypatch.setattr(backoff, "FIRST", backoff.MAX_WAIT)
    with services.redis() as server:
        settings.CACHES = settings_under(REDIS_URL=server.url)["CACHES"]
        yield server


def test_guessing_stays_slow_without_redis(redis: Server) -> None:
    make_user(email=ADA)
    fail(backoff.FREE)
    redis.stop()
    fail(backoff.FREE + 1)
    assert log_in(at(ELSEWHERE)) == 429


def test_the_log_in_of_many_processes_is_counted_once(redis: Server) -> None:
    make_user(email=ADA)
    fail(backoff.FREE + 1)
    MemoryCounters(f"instead of {redis.url}", {}).clear()  # as in another process
    answer = at(ELSEWHERE).post("/api/auth/login", {"email": ADA, "password": PASSWORD})
    assert answer.json() == REFUSAL


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_told_of_a_log_in_at_a_strange_place() -> None:
    ada = make_user(email=ADA)
    make_session(ada, address=HOME)
    browser = at(HOME)
    assert log_in(browser, PASSWORD) == 200
    browser.cookies.pop("jwt")
    browser.defaults["REMOTE_ADDR"] = ELSEWHERE  # a known browser may travel
    assert log_in(browser, PASSWORD) == 200
    assert log_in(at("198.51.100.7")) == 400  # and who only guesses is nobody's news
    assert not delivered()
    stranger = at("198.51.100.8")
    stranger.credentials(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux) Gecko/2010 Firefox/128.0")
    assert log_in(stranger, PASSWORD) == 200
    assert log_in(at("198.51.100.8"), PASSWORD) == 200
    [letter] = delivered(to=ADA)
    assert letter.subject == "New log-in to your account"
    assert "Firefox on Linux" in letter.body
    assert "198.51.100.8" in letter.body


@pytest.mark.django_db(transaction=True)
def test_that_was_not_me_signs_out_everywhere_and_leads_to_a_new_password() -> None:
    ada, bo = make_user(email=ADA), make_user()
    theirs = make_session(bo)
    stranger = at(ELSEWHERE)
    assert log_in(stranger, PASSWORD) == 200
    [letter] = delivered(to=ADA)
    path = path_in(letter)
    assert Client().get(path).status_code == 200  # opening it does nothing
    assert stranger.get("/api/auth/check").status_code == 200
    leads_to = Client().post(path)["Location"]
    assert stranger.get("/api/auth/check").status_code == 401
    assert Session.objects.active().get() == theirs
    assert log_in(stranger, PASSWORD) == 200  # again, which does not stop the owner
    assert Client().post(leads_to, {"new_password": "another one"}).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("another one")
    assert stranger.get("/api/auth/check").status_code == 401
    # It is used up, died with an earlier address, and of one account it is no link to another.
    before = not_me_link("", bo)
    User.objects.filter(pk=bo.pk).update(email="bo@elsewhere.example")
    assert Client().post(before).status_code == 410
    bo.refresh_from_db()
    assert Client().get(path).status_code == 410
    assert Client().post(path).status_code == 410
    assert Client().post(not_me_link("", bo).replace(bo.pk, ada.pk)).status_code == 410
    assert Session.objects.active().filter(user=bo).exists()


def test_who_has_to_wait_costs_no_query(
    set_limits: SetLimits, caplog: pytest.LogCaptureFixture
) -> None:
    """Not for the log either, which then does not tell whether there is such an account."""
    make_user(email=ADA)
    set_limits(log_ins_per_address=0)
    caplog.set_level("INFO", "accounts.services.log_ins")
    with CaptureQueriesContext(connection) as queries, pytest.raises(TooMany):
        log_ins.log_in(email=ADA, password=PASSWORD, attempt=log_ins.LogInAttempt(ELSEWHERE))
    assert not queries.captured_queries
    [told] = caplog.records
    assert told.__dict__["account"].startswith("none-")
