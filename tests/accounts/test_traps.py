"""Programs that fill in every form they meet make no accounts; people in a hurry do."""

import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from accounts.forms import traps
from accounts.models import User
from tests.factories import PASSWORD
from tests.traps import shown_before

pytestmark = pytest.mark.django_db

FIELDS = {"full_name": "Ada Lindqvist", "email": "ada@example.org", "password": PASSWORD}
DAY = 24 * 60 * 60


def sign_up(client: Client, **changes: str) -> Any:
    return client.post("/signup", FIELDS | {"shown": shown_before(60)} | changes)


def shown_on(page: str) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found
    return found[1]


def assert_held_up(response: Any, words: object) -> None:
    assert response.status_code == 400
    assert response.context["form"].non_field_errors() == [str(words)]
    assert "jwt" not in response.cookies
    assert not User.objects.exists()


@pytest.fixture
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr(traps, "LEAST_SECONDS", 3600)


class TestTime:
    @pytest.mark.usefixtures("_in_a_hurry")
    def test_who_is_quick_sends_it_once_more_at_once(self, client: Client) -> None:
        page = sign_up(client, shown=shown_before(0))
        assert_held_up(page, traps.QUICK)
        assert sign_up(client, shown=shown_on(page.content.decode())).status_code == 302

    @pytest.mark.usefixtures("_in_a_hurry")
    def test_the_page_itself_says_when_it_was_shown(self, client: Client) -> None:
        shown = shown_on(client.get("/signup").content.decode())
        assert_held_up(sign_up(client, shown=shown), traps.QUICK)

    def test_autofill_is_no_program(self) -> None:
        assert traps.LEAST_SECONDS <= 1

    def test_who_takes_the_time_is_let_in(self, client: Client) -> None:
        assert sign_up(client, shown=shown_before(traps.LEAST_SECONDS)).status_code == 302
        assert User.objects.get().email == "ada@example.org"

    @pytest.mark.parametrize("seconds", [60, DAY - 60])
    def test_a_page_works_for_a_day(self, client: Client, seconds: int) -> None:
        assert sign_up(client, shown=shown_before(seconds)).status_code == 302

    @pytest.mark.parametrize(
        "shown",
        [
            "",
            "nonsense",
            "1:2:3",
            "\x00",
            "x" * 100_000,
            signing.dumps(0.0, salt="another"),
        ],
        ids=["none", "nonsense", "shape", "null", "long", "another salt"],
    )
    @pytest.mark.usefixtures("_in_a_hurry")
    def test_what_is_not_from_here_is_asked_for_again(self, client: Client, shown: str) -> None:
        page = sign_up(client, shown=shown)
        assert_held_up(page, traps.STALE)
        assert_held_up(sign_up(client, shown=shown_on(page.content.decode())), traps.QUICK)

    def test_a_signature_of_another_time_is_none(self, client: Client) -> None:
        _value, *rest = shown_before(1).split(":")
        value, *_rest = shown_before(3600).split(":")
        assert_held_up(sign_up(client, shown=":".join([value, *rest])), traps.STALE)

    def test_a_page_of_long_ago_is_asked_for_again(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(traps, "MAX_SECONDS", -1)
        assert_held_up(sign_up(client), traps.STALE)


class TestHiddenField:
    def test_who_fills_it_in_is_refused(self, client: Client) -> None:
        page = sign_up(client, website="https://example.net")
        assert_held_up(page, traps.FILLED)
        assert "https://example.net" not in page.content.decode()

    def test_nobody_meets_it(self, client: Client) -> None:
        page = client.get("/signup").content.decode()
        hidden = re.search(r'<div class="visually-hidden" aria-hidden="true">.*?</div>', page)
        assert hidden
        assert 'name="website"' in hidden[0]
        assert 'tabindex="-1"' in hidden[0]
        assert 'autocomplete="off"' in hidden[0]


@pytest.mark.parametrize("changes", [{"shown": ""}, {"website": "x"}], ids=["time", "field"])
def test_nothing_is_lost(client: Client, changes: dict[str, str]) -> None:
    response = sign_up(client, **changes)
    page = response.content.decode()
    for value in FIELDS.values():
        assert f'value="{value}"' in page
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("name", ["website", "shown"])
def test_log_in_has_no_traps(client: Client, name: str) -> None:
    assert f'name="{name}"' not in client.get("/login").content.decode()


def test_the_api_has_none(client: Client) -> None:
    account = {"fullName": "Ada", "email": "ada@example.org", "password": PASSWORD}
    made = client.post("/api/auth/signup", account | {"website": "x"}, "application/json")
    assert made.status_code == 201
