"""Signing up: the rules, and what comes of it."""

import logging
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.accounts import authenticate, sign_up
from accounts.services.passwords import request_reset
from chatsite.errors import DomainError
from chatsite.security.ratelimits import TooMany
from tests.concurrency import at_once
from tests.factories import make_user
from tests.letters import delivered, html_of, link_in
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db

GRACE = {"full_name": "Grace Hopper", "email": "grace@example.org", "password": "cobol-1959"}


def refusal(**changes: str) -> DomainError:
    with pytest.raises(DomainError) as refused:
        sign_up(**{**GRACE, **changes})
    assert refused.value.status == 400
    return refused.value


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"full_name": " \u200b "}, "full_name", "required"),
        ({"full_name": "\u3164\u2800"}, "full_name", "required"),
        ({"full_name": "\u202e"}, "full_name", "required"),
        ({"full_name": "x" * 101}, "full_name", "too_long"),
        ({"full_name": "Gra\x00ce"}, "full_name", "invalid"),
        ({"full_name": "Gra\ud800ce"}, "full_name", "invalid"),
        ({"email": ""}, "email", "required"),
        ({"email": "grace"}, "email", "invalid_email"),
        ({"email": "grace@"}, "email", "invalid_email"),
        ({"email": "@example.org"}, "email", "invalid_email"),
        ({"email": "grace@example"}, "email", "invalid_email"),
        ({"email": "gr ace@example.org"}, "email", "invalid_email"),
        ({"email": "grace@example..org"}, "email", "invalid_email"),
        ({"email": "a@b@example.org"}, "email", "invalid_email"),
        ({"email": "grace@example.org\nBcc: x@y.z"}, "email", "invalid_email"),
        ({"email": "x<victim@example.org>"}, "email", "invalid_email"),
        ({"email": "a,victim@example.org"}, "email", "invalid_email"),
        ({"email": "gra\x00ce@example.org"}, "email", "invalid_email"),
        ({"email": "gra\ud800ce@example.org"}, "email", "invalid_email"),
        ({"email": "g" * 250 + "@example.org"}, "email", "invalid_email"),
        ({"email": "grace\u200b@example.org"}, "email", "invalid_email"),
        ({"email": "grace@exam\u00adple.org"}, "email", "invalid_email"),
        ({"password": "12345"}, "password", "password_too_short"),
        ({"password": "e\u0301" * 5}, "password", "password_too_short"),
        ({"password": "x" * 1_001}, "password", "password_too_long"),
        ({"password": "secret\x00secret"}, "password", "invalid"),
        ({"password": "secret\ud800"}, "password", "invalid"),
    ],
)
def test_breaks_no_rule(changes: dict[str, str], field: str, code: str) -> None:
    error = refusal(**changes)
    assert (error.code, list(error.errors)) == (code, [field])
    assert not User.objects.exists()


def test_the_first_broken_rule_is_told() -> None:
    assert refusal(full_name="", password="1", email="x").message == "All fields are required"
    assert refusal(password="1", email="x").code == "password_too_short"


def test_every_wrong_field_is_named_with_its_own_rule() -> None:
    error = refusal(full_name=" ", password="1", email="x")
    assert error.codes == {
        "full_name": "required",
        "password": "password_too_short",
        "email": "invalid_email",
    }
    assert error.errors["full_name"] == ["This field is required."]
    assert error.errors["email"] == ["Invalid email format"]
    assert refusal(password="").codes == {"password": "required"}
    assert list(refusal(full_name="x" * 101, email="x").errors) == ["email", "full_name"]


@pytest.mark.parametrize("email", ["grace@example.org", "GRACE@Example.Org", " grace@example.org "])
def test_an_address_is_taken_once_whatever_its_case(email: str) -> None:
    sign_up(**{**GRACE, "email": "Grace@Example.org"})
    assert refusal(email=email).message == "Email already exists"
    assert User.objects.get().email == "grace@example.org"


@pytest.mark.parametrize("email", ["ann@bücher.example", "ann@xn--bcher-kva.example"])
def test_an_address_is_taken_once_whatever_script_its_domain_is_in(email: str) -> None:
    sign_up(**{**GRACE, "email": email})
    for other in ("ann@bücher.example", "ANN@xn--bcher-kva.example", "ａnn@bu\u0308cher.example"):
        assert refusal(email=other).message == "Email already exists"
    assert User.objects.get().email == "ann@xn--bcher-kva.example"


@pytest.mark.django_db(transaction=True)
def test_the_same_address_at_the_same_instant_makes_one_account() -> None:
    def attempt() -> str:
        try:
            return sign_up(**GRACE).pk
        except DomainError as error:
            return error.message

    outcomes = at_once([attempt] * 8)
    assert User.objects.count() == 1
    assert sorted(outcomes)[1:] == ["Email already exists"] * 7


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Grace   Hopper\n", "Grace Hopper"),
        ("Grace\r\nHopper", "Grace Hopper"),
        ("Gr\x07ace", "Grace"),
        ("\u202eecarG\u202c \u2066Hopper\u2069", "ecarG Hopper"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE users; --", "'; DROP TABLE users; --"),
        ("张伟", "张伟"),
        ("محمد", "محمد"),
        ("👩‍🚀", "👩‍🚀"),
    ],
)
def test_a_name_is_kept_as_it_is_shown(written: str, kept: str) -> None:
    assert sign_up(**{**GRACE, "full_name": written}).full_name == kept


@pytest.mark.parametrize(
    "password",
    [
        "      x",
        "пароль",
        "𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡",
        "x" * 72,
        "x" * 73,
        "ü" * 1_000,
        '{"$gt": ""}',
        "' OR 1=1 --",
    ],
    ids=lambda password: password[:12],
)
@pytest.mark.usefixtures("real_passwords")
def test_any_password_opens_its_account_and_nothing_near_it_does(password: str) -> None:
    user = sign_up(**{**GRACE, "password": password})
    assert authenticate(email=GRACE["email"], password=password) == user
    for wrong in (password[:-1], password + " ", password[:-1] + "_"):
        with pytest.raises(DomainError, match="Invalid credentials"):
            authenticate(email=GRACE["email"], password=wrong)


@pytest.mark.django_db(transaction=True)
def test_mails_of_sign_ups_count_for_the_inbox_they_go_to(set_limits: SetLimits) -> None:
    """Of a thousand addresses that lead there."""
    set_limits(mails_per_hour=3)
    people = [
        sign_up(**{**GRACE, "email": f"{spelling}+{n}@example.org"})
        for n, spelling in enumerate(["grace", "gr.ace", "g.r.a.c.e"] * 2)
    ]
    assert len(people) == 6
    assert len(delivered()) == 3
    sign_up(**{**GRACE, "email": "ada@example.org"})
    assert len(delivered(to="ada@example.org")) == 1


@pytest.mark.django_db(transaction=True)
def test_mails_of_sign_ups_and_resets_are_counted_together(set_limits: SetLimits) -> None:
    set_limits(mails_per_hour=2)
    sign_up(**{**GRACE, "email": "gr.ace+a@example.org"})
    request_reset(email="gr.ace+a@example.org", site="")
    with pytest.raises(TooMany):
        request_reset(email="grace@example.org", site="")
    sign_up(**{**GRACE, "email": "grace+b@example.org"})
    assert delivered(to="grace+b@example.org") == []


@pytest.mark.django_db(transaction=True)
def test_mails_of_sign_ups_count_for_whoever_causes_them(set_limits: SetLimits) -> None:
    set_limits(mails_per_address_and_hour=2)
    for n in range(4):
        account = {"fullName": "Bob", "email": f"bob{n}@example.org", "password": "secret-1"}
        response = APIClient(REMOTE_ADDR="192.0.2.1").post("/api/auth/signup", account)
        assert response.status_code == 201
    assert len(delivered()) == 2
    elsewhere = APIClient(REMOTE_ADDR="192.0.2.2")
    account = {"fullName": "Bob", "email": "bob9@example.org", "password": "secret-1"}
    assert elsewhere.post("/api/auth/signup", account).status_code == 201
    assert len(delivered(to="bob9@example.org")) == 1


def test_nobody_becomes_a_moderator_that_way() -> None:
    user = sign_up(**GRACE)
    assert user.role == ""
    assert not user.is_banned


def test_superusers_have_one_address_too() -> None:
    def create(email: str) -> None:
        call_command("createsuperuser", email=email, full_name="Root", interactive=False)

    create("Ann@BÜCHER.example")
    assert User.objects.get().email == "ann@xn--bcher-kva.example"
    for refused in ("ann@xn--bcher-kva.example", "ann@bu\u0308cher.example", "ann\u200b@x.example"):
        with pytest.raises(CommandError):
            create(refused)
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestWelcome:
    def test_goes_to_the_new_address(self) -> None:
        sign_up(**GRACE)
        [welcome] = delivered(to=GRACE["email"])
        assert welcome.subject == "Welcome to Chatsite"
        assert "Your account is ready." in welcome.body
        assert "Your account is ready." in html_of(welcome)

    def test_links_to_the_site(self) -> None:
        sign_up(**GRACE, site="https://chat.example.org")
        [welcome] = delivered(to=GRACE["email"])
        assert link_in(welcome).startswith("https://chat.example.org/address/")

    def test_goes_to_nobody_when_the_account_is_refused(self) -> None:
        make_user(email=GRACE["email"])
        refusal()
        assert not delivered(to=GRACE["email"])

    def test_is_harmless_when_it_fails(self, settings: Settings, caplog: Any) -> None:
        settings.EMAIL_BACKEND = "nowhere.Backend"
        with caplog.at_level(logging.WARNING):
            assert sign_up(**GRACE).pk
            delivered()
        assert "job mail was given up" in caplog.text
        assert GRACE["email"] not in caplog.text
