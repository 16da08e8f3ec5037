"""Another e-mail address: asked for in the profile, confirmed by a link."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services import moderation
from accounts.services.accounts import authenticate
from accounts.services.addresses import confirm_address
from accounts.services.passwords import change_password
from chatsite.errors import DomainError
from tests.concurrency import at_once
from tests.factories import PASSWORD, make_user
from tests.letters import delivered, html_of, path_in

pytestmark = pytest.mark.django_db(transaction=True)

PageFor = Callable[[User], Client]
NEW = "ada@new.example"


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@old.example")


@pytest.fixture
def page(ada: User, page_for: PageFor) -> Client:
    return page_for(ada)


@pytest.fixture(autouse=True)
def _no_mail_left() -> Iterator[None]:
    yield
    delivered()


def ask(page: Client, email: str = NEW, password: str = PASSWORD, **options: Any) -> Any:
    return page.post("/profile/address", {"email": email, "password": password}, **options)


def link_to(page: Client, email: str = NEW) -> str:
    assert ask(page, email).status_code == 302
    *_, letter = delivered(to=email)
    return path_in(letter)


def address_of(user: User) -> str:
    user.refresh_from_db()
    return user.email


def test_an_address_changes_once_it_is_confirmed(ada: User, page: Client) -> None:
    response = ask(page, f" {NEW.upper()}", follow=True)
    assert f"Check your mail at {NEW}" in response.content.decode()
    [letter] = delivered()
    assert letter.to == [NEW]
    assert address_of(ada) == "ada@old.example"

    response = page.post(path_in(letter), follow=True)

    assert response.redirect_chain == [("/profile", 302)]
    assert "Your e-mail address has been changed." in response.content.decode()
    assert address_of(ada) == NEW
    assert authenticate(email=NEW, password=PASSWORD) == ada
    [notice] = delivered(to="ada@old.example")
    assert notice.subject == "Your e-mail address was changed"
    assert "Tell whoever runs this site" in notice.body
    assert NEW not in notice.body + html_of(notice)


def test_it_works_signed_out(ada: User, page: Client) -> None:
    path, visitor = link_to(page), Client()
    shown = visitor.get(path)
    assert shown.status_code == 200
    assert NEW in shown.content.decode()
    assert address_of(ada) == "ada@old.example"

    response = visitor.post(path, follow=True)

    assert response.redirect_chain == [("/login", 302)]
    assert "Log in with the new one." in response.content.decode()
    assert address_of(ada) == NEW


def test_it_works_for_who_is_signed_in_as_another(
    ada: User, page: Client, page_for: PageFor
) -> None:
    bob = make_user()
    theirs = page_for(bob)

    response = theirs.post(link_to(page), follow=True)

    assert address_of(ada) == NEW
    assert response.redirect_chain == [("/profile", 302)]
    assert "Your e-mail address has been changed." not in response.content.decode()
    assert bob.email in response.content.decode()


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("", PASSWORD, "Enter your e-mail address."),
        ("ada", PASSWORD, "This does not look like an e-mail address."),
        ("ada@old.example", PASSWORD, "This is already your e-mail address."),
        ("Taken@example.org", PASSWORD, "This e-mail address is already in use."),
        (NEW, "wrong", "That is not your password."),
        (NEW, "", "Enter your password."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    page: Client, email: str, password: str, words: str
) -> None:
    make_user(email="taken@example.org")
    response = ask(page, email, password)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert not delivered()


def test_all_that_is_wrong_is_said_at_once(page: Client) -> None:
    shown = ask(page, "ada", "wrong").content.decode()
    assert 'id="address_email_error"' in shown
    assert 'id="address_password_error"' in shown
    assert PASSWORD not in shown


def test_who_is_signed_out_asks_for_nothing(client: Client) -> None:
    assert ask(client)["Location"].startswith("/login")
    assert not delivered()


def test_a_link_works_once(ada: User, page: Client) -> None:
    path = link_to(page)
    Client().post(path)
    for response in (Client().get(path), Client().post(path)):
        assert response.status_code == 410
        assert 'href="/profile"' in response.content.decode()
    assert len(delivered(to="ada@old.example")) == 1


def test_of_two_links_the_first_used_counts(ada: User, page: Client) -> None:
    first, second = link_to(page), link_to(page, "ada@other.example")
    assert Client().post(second).status_code == 302
    assert Client().post(first).status_code == 410
    assert address_of(ada) == "ada@other.example"


def test_a_link_works_for_its_time(ada: User, page: Client, settings: Settings) -> None:
    path = link_to(page)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert Client().post(path).status_code == 410
    assert address_of(ada) == "ada@old.example"


@pytest.mark.parametrize("change", ["password", "ban"])
def test_a_link_dies_when_its_owner_takes_care(ada: User, page: Client, change: str) -> None:
    path = link_to(page)
    if change == "password":
        change_password(user=ada, old_password=PASSWORD, new_password="other one", keep=None)
    else:
        moderation.ban(user=ada, reason="spam")
    assert Client().post(path).status_code == 410
    assert address_of(ada) == "ada@old.example"


def test_a_link_is_one_person_s_and_for_one_purpose(ada: User, page: Client) -> None:
    bob = make_user()
    *_, token = link_to(page).split("/")
    for path in (
        f"/address/{bob.pk}/{token}",
        f"/address/{ada.pk}/{token[:-2]}xx",
        f"/address/{ada.pk}/nonsense",
        f"/address/nobody/{token}",
        f"/reset/{ada.pk}/{token}",
    ):
        assert Client().post(path).status_code == 410
    assert address_of(ada) == "ada@old.example"


def test_an_address_that_was_taken_meanwhile_is_refused(ada: User, page: Client) -> None:
    path = link_to(page)
    make_user(email=NEW)

    response = Client().post(path)

    assert response.status_code == 400
    assert "This e-mail address is now in use by someone else." in response.content.decode()
    assert address_of(ada) == "ada@old.example"


def test_of_many_who_confirm_one_address_at_once_one_gets_it(page_for: PageFor) -> None:
    links = [link_to(page_for(make_user())).split("/")[-2:] for _ in range(4)]

    def attempt(key: str, token: str) -> Callable[[], str]:
        def run() -> str:
            try:
                return confirm_address(key=key, token=token).email
            except DomainError as error:
                return error.code

        return run

    outcomes = at_once([attempt(key, token) for key, token in links])

    assert sorted(outcomes) == [NEW, *["email_taken"] * 3]
    assert User.objects.filter(email=NEW).count() == 1


def test_a_form_from_elsewhere_is_refused(ada: User, page: Client) -> None:
    path = link_to(page)
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    page.handler.enforce_csrf_checks = True
    assert ask(page).status_code == 403
    assert address_of(ada) == "ada@old.example"


def test_a_link_is_kept_out_of_caches_and_referers(page: Client) -> None:
    response = Client().get(link_to(page))
    assert response["Referrer-Policy"] == "strict-origin"
    assert "no-store" in response["Cache-Control"]


def test_a_new_password_is_told_by_mail(ada: User, page: Client) -> None:
    page.post("/profile/password", {"old_password": PASSWORD, "new_password": "12345"})
    assert not delivered()

    page.post("/profile/password", {"old_password": PASSWORD, "new_password": "another horse"})

    [notice] = delivered(to=ada.email)
    assert notice.subject == "Your password was changed"
    assert "Forgot your password?" in notice.body
    assert "another horse" not in notice.body + html_of(notice)
