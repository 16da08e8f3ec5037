"""Logging in: whom it lets in, and what it gives away."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.hashers import make_password

from accounts.hashers import BcryptHasher
from accounts.models import User
from accounts.services.accounts import authenticate
from accounts.services.moderation import ban, unban
from chatsite.errors import DomainError
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

COMPOSED, DECOMPOSED = "caf\u00e9 au lait", "cafe\u0301 au\u00a0lait"


class CountingHasher(BcryptHasher):
    algorithm = "counting_bcrypt"
    rounds = 4
    done: list[int] = []

    def encode(self, password: str, salt: str) -> str:
        self.done.append(self.rounds)
        return super().encode(password, salt)


@pytest.fixture
def hashed(settings: Any) -> Iterator[list[int]]:
    """One entry for every time that bcrypt did its work: the cost."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    monkey = pytest.MonkeyPatch()
    monkey.setattr(hashers, "get_hashers", lambda: [CountingHasher()])
    monkey.setattr(hashers, "get_hashers_by_algorithm", _by_algorithm)
    CountingHasher.done.clear()
    yield CountingHasher.done
    monkey.undo()


def _by_algorithm() -> dict[str, CountingHasher]:
    return {CountingHasher.algorithm: CountingHasher()}


def refusal(**credentials: str) -> DomainError:
    with pytest.raises(DomainError) as refused:
        authenticate(**credentials)
    return refused.value


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@EXAMPLE.ORG", "  Ada@example.org "])
def test_lets_in_whatever_the_case_of_the_address(email: str) -> None:
    user = make_user(email="ada@example.org")
    assert authenticate(email=email, password=PASSWORD) == user


@pytest.mark.parametrize("kept", ["ann@xn--bcher-kva.example", "ann@bücher.example"])
@pytest.mark.parametrize("email", ["ann@bücher.example", "Ann@xn--bcher-kva.example"])
def test_lets_in_whatever_script_the_domain_is_in(kept: str, email: str) -> None:
    """Unless the address is kept as it was once written, since another account has it, too."""
    users = {user.email: user for user in (make_user(email=kept), make_user(email="x@y.example"))}
    if "xn--" in email and "xn--" not in kept:
        assert refusal(email=email, password=PASSWORD).message == "Invalid credentials"
    else:
        assert authenticate(email=email, password=PASSWORD) == users[kept]


def test_lets_both_in_whose_addresses_turned_out_to_be_one() -> None:
    browser = make_user(email="ann@xn--bcher-kva.example", password="of the browser")
    program = make_user(email="ann@bücher.example", password="of the program")
    assert authenticate(email=browser.email, password="of the browser") == browser
    assert authenticate(email=program.email, password="of the program") == program
    assert refusal(email=browser.email, password="of the program").status == 400


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "Correct horse"),
        ("ada@example.org", "correct horse "),
        ("ada@example.org", ""),
        ("ada@example.org", "\x00"),
        ("ada@example.org", "\ud800"),
        ("ada@example.org", "x" * 1_000_000),
        ("nobody@example.org", PASSWORD),
        ("%@example.org", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("\x00", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 1_000_000, PASSWORD),
        ("", ""),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_refuses_everybody_else_alike(email: str, password: str) -> None:
    make_user(email="ada@example.org")
    error = refusal(email=email, password=password)
    assert (error.message, error.status, error.errors) == ("Invalid credentials", 400, {})


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "wrong password"),
        ("ada@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("nobody@example.org", ""),
        ("\x00", PASSWORD),
        ("", ""),
    ],
)
def test_takes_the_same_work_whoever_is_refused(
    hashed: list[int], email: str, password: str
) -> None:
    make_user(email="ada@example.org")
    hashed.clear()
    refusal(email=email, password=password)
    assert hashed == [4]


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_takes_the_same_work_for_a_password_with_two_forms(hashed: list[int], email: str) -> None:
    make_user(email="ada@example.org")
    hashed.clear()
    refusal(email=email, password=DECOMPOSED)
    assert hashed == [4, 4]


@pytest.mark.usefixtures("real_passwords")
class TestPasswords:
    def test_are_kept_by_bcrypt_at_the_cost_of_the_settings(self, settings: Any) -> None:
        user = make_user()
        algorithm, _empty, _kind, cost, _digest = user.password.split("$", 4)
        assert algorithm == "bcrypt_sha256"
        assert int(cost) == settings.BCRYPT_ROUNDS >= 10
        assert PASSWORD not in user.password

    def test_cost_what_the_settings_say_from_the_next_log_in_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = make_user(email="ada@example.org")
        monkeypatch.setattr(BcryptHasher, "rounds", 11)
        authenticate(email="ada@example.org", password=PASSWORD)
        assert "$11$" in User.objects.get(pk=user.pk).password
        assert authenticate(email="ada@example.org", password=PASSWORD) == user

    def test_are_salted(self) -> None:
        assert make_user().password != make_user().password


class TestPasswordsOfAnotherKeyboard:
    @pytest.mark.parametrize(("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
    def test_open_the_account(self, chosen: str, typed: str) -> None:
        user = make_user(email="ada@example.org", password=chosen)
        for password in (chosen, typed):
            assert authenticate(email="ada@example.org", password=password) == user
        refusal(email="ada@example.org", password="cafe au lait")

    def test_open_it_once_an_older_hash_was_made_anew(self) -> None:
        user = make_user(email="ada@example.org")
        before = make_password(DECOMPOSED)  # as it was typed
        User.objects.filter(pk=user.pk).update(password=before)
        refusal(email="ada@example.org", password=COMPOSED)
        assert authenticate(email="ada@example.org", password=DECOMPOSED) == user
        assert User.objects.get(pk=user.pk).password != before
        assert authenticate(email="ada@example.org", password=COMPOSED) == user
        assert authenticate(email="ada@example.org", password=DECOMPOSED) == user

    def test_make_no_hash_anew_when_there_is_a_new_password_by_then(self) -> None:
        user = make_user()
        user.password = make_password(DECOMPOSED)  # was read before the change
        assert user.check_password(DECOMPOSED)
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)


class TestBanned:
    def test_are_told_the_reason(self) -> None:
        ban(user=make_user(email="ada@example.org"), reason="Spam.")
        error = refusal(email="ada@example.org", password=PASSWORD)
        assert (error.message, error.status) == ("This account is suspended: Spam.", 403)

    def test_are_told_nothing_for_a_wrong_password(self) -> None:
        ban(user=make_user(email="ada@example.org"), reason="Spam.")
        error = refusal(email="ada@example.org", password="wrong password")
        assert error.message == "Invalid credentials"

    def test_are_let_in_once_unbanned(self) -> None:
        user = make_user(email="ada@example.org")
        ban(user=user, reason="Spam.")
        unban(user=user)
        assert authenticate(email="ada@example.org", password=PASSWORD) == user
