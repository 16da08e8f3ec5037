"""What the mails say, whoever's address somebody gave for their own."""

import pytest

from accounts.models import User
from accounts.services.accounts import sign_up
from accounts.services.addresses import confirm_address, request_address_change
from accounts.services.passwords import change_password, request_reset, reset_password
from scheduler.models import Job
from tests.letters import delivered, html_of, path_in

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "https://chat.example.org"
VICTIM, OTHER_VICTIM = "grace@example.org", "ada@example.org"
HOSTILE = {"full_name": "https://evil.example/prize Winner", "email": VICTIM, "password": "secret"}


def test_no_mail_carries_the_words_of_who_caused_it() -> None:
    """Nothing tells at a sign-up whose address it is."""
    user = sign_up(**HOSTILE)
    change_password(user=user, old_password="secret", new_password="secret 2", keep=None)
    request_reset(email=VICTIM, site=SITE)
    [reset] = [each for each in delivered(to=VICTIM) if each.subject == "Choose a new password"]
    *_, key, token = path_in(reset).split("/")
    user = reset_password(key=key, token=token, new_password="secret 3")
    request_address_change(user=user, email=OTHER_VICTIM, password="secret 3", site=SITE)
    *_, key, token = path_in(delivered(to=OTHER_VICTIM)[-1]).split("/")
    confirm_address(key=key, token=token)

    letters = delivered()
    assert {letter.subject for letter in letters} == {
        "Welcome to Chatsite",
        "Your password was changed",
        "Choose a new password",
        "Confirm your e-mail address",
        "Your e-mail address was changed",
    }
    for letter in letters:
        for part in (letter.subject, letter.body, html_of(letter)):
            assert "evil.example" not in part
            assert "Winner" not in part


def test_what_waits_is_encrypted() -> None:
    """A copy of the database opens nobody's account."""
    sign_up(full_name="Grace", email=VICTIM, password="secret", site=SITE)
    [job] = Job.objects.filter(kind="mail")
    for secret in (VICTIM, SITE, "/address/"):
        assert secret not in job.payload
    assert SITE in delivered(to=VICTIM)[0].body


def test_a_mail_is_stored_with_what_it_tells_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.mail.schedule", fail)
    with pytest.raises(ZeroDivisionError):
        sign_up(full_name="Grace", email=VICTIM, password="secret", site=SITE)
    assert not User.objects.exists()
