"""The page on which an account is made."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_user
from tests.traps import shown_before

pytestmark = pytest.mark.django_db

FIELDS = {"full_name": "Ada Lindqvist", "email": "ada@example.org", "password": "correct horse"}


def sign_up(client: Client, path: str = "/signup", **changes: str) -> Any:
    """By somebody who takes a minute."""
    return client.post(path, FIELDS | {"shown": shown_before(60)} | changes)


def error_of(response: Any, field: str) -> str:
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    return str(response.context["form"].errors[field][0])


def test_signing_up_signs_in(client: Client) -> None:
    response = sign_up(client)

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.get("/profile").status_code == 200
    user = User.objects.get(email="ada@example.org")
    assert user.full_name == "Ada Lindqvist"
    assert user.check_password("correct horse")


def test_signing_up_leads_to_where_one_wanted_to_be(client: Client) -> None:
    assert sign_up(client, "/signup?next=/contacts")["Location"] == "/contacts"


def test_a_password_keeps_the_spaces_around_it(client: Client) -> None:
    sign_up(client, password="  four  ")

    assert User.objects.get().check_password("  four  ")


def test_an_address_in_use_leads_to_log_in(client: Client) -> None:
    make_user(email="ada@example.org")

    error = error_of(sign_up(client, email="ADA@example.org"), "email")

    assert error == "This e-mail address already has an account. If it is yours, log in instead."
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u200d"])
def test_a_blank_name_is_refused(client: Client, name: str) -> None:
    error = error_of(sign_up(client, full_name=name), "full_name")

    assert error == "Enter the name that others will see."


def test_a_short_password_is_refused_in_place_of_the_hint(client: Client) -> None:
    response = sign_up(client, password="short")
    page = response.content.decode()

    assert error_of(response, "password") == "This is too short. Use at least 6 characters."
    assert "password_helptext" not in page
    assert 'aria-describedby="password_error"' in page
    assert "short" not in page.replace("too short", "")


def test_the_hint_belongs_to_its_field(client: Client) -> None:
    page = client.get("/signup").content.decode()

    assert 'aria-describedby="password_helptext"' in page
    assert 'id="password_helptext">At least 6 characters.<' in page


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.org", "ada@example", "a b@example.org"])
def test_what_is_no_address_is_refused(client: Client, email: str) -> None:
    assert error_of(sign_up(client, email=email), "email").startswith("This does not look like")


def test_what_is_missing_and_what_is_wrong_is_said_at_once(client: Client) -> None:
    form = sign_up(client, full_name="", email="ada", password="short").context["form"]

    assert {name: errors[0] for name, errors in form.errors.items()} == {
        "full_name": "Enter the name that others will see.",
        "email": "This does not look like an e-mail address. Check it for typos.",
        "password": "This is too short. Use at least 6 characters.",
    }


def test_the_browser_keeps_its_own_words_to_itself(client: Client) -> None:
    page = client.get("/signup").content.decode()

    assert " novalidate" in page
    assert page.count(" required") == 3


def test_one_can_start_writing_at_once(client: Client) -> None:
    form = client.get("/signup").context["form"]

    assert form["full_name"].field.widget.attrs["autofocus"]
    assert "autofocus" not in form["email"].field.widget.attrs


def test_everything_missing_is_said_at_once(client: Client) -> None:
    form = client.post("/signup", {"shown": shown_before(60)}).context["form"]

    assert list(form.errors) == ["full_name", "email", "password"]
    assert form["full_name"].field.widget.attrs["autofocus"]
    assert "autofocus" not in form["email"].field.widget.attrs


def test_a_refusal_keeps_what_was_written_but_the_password(client: Client) -> None:
    page = sign_up(client, full_name="<b>Ada</b>", password="12345").content.decode()

    assert 'value="&lt;b&gt;Ada&lt;/b&gt;"' in page
    assert 'value="ada@example.org"' in page
    assert "12345" not in page


@pytest.mark.parametrize(
    "changes",
    [
        {"full_name": "a\x00b"},
        {"full_name": "a" * 101},
        {"email": "a" * 250 + "@example.org"},
        {"email": "a\x00@example.org"},
        {"password": "correct\x00horse"},
        {"password": "a" * 100_000},
    ],
)
def test_odd_input_is_refused(client: Client, changes: dict[str, str]) -> None:
    error_of(sign_up(client, **changes), next(iter(changes)))

    assert not User.objects.exists()
    assert "jwt" not in client.cookies
