"""A forgotten password: asked for on one page, chosen anew on another."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import links
from accounts.models import Session, User
from accounts.services import moderation
from accounts.services.accounts import authenticate
from accounts.services.passwords import change_password, reset_password
from chatsite.errors import DomainError
from scheduler.models import Job
from tests.concurrency import at_once
from tests.factories import PASSWORD, make_session, make_user
from tests.letters import delivered, link_in, path_in
from tests.limits import SetLimits, StoppedClock
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)

PageFor = Callable[[User], Client]
NEW = "a new one, at last"
DEAD = "This link no longer works"


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.fixture(autouse=True)
def _no_mail_left() -> Iterator[None]:
    yield
    delivered()


def ask(email: str, client: Client | None = None, **options: Any) -> Any:
    return (client or Client()).post("/reset", {"email": email}, **options)


def link_for(user: User) -> str:
    """The path of the link that comes by mail."""
    ask(user.email)
    *_, letter = delivered(to=user.email)
    return path_in(letter)


def choose(path: str, password: str = NEW, client: Client | None = None, **options: Any) -> Any:
    return (client or Client()).post(path, {"new_password": password}, **options)


def opens(user: User, password: str) -> bool:
    try:
        authenticate(email=user.email, password=password)
    except DomainError:
        return False
    return True


def test_a_link_comes_by_mail_and_opens_the_account_anew(ada: User, client: Client) -> None:
    assert ask(ada.email, client)["Location"] == "/reset/sent"
    [letter] = delivered(to=ada.email)
    assert letter.subject == "Choose a new password"
    assert "60 minutes" in letter.body
    path = path_in(letter)

    page = client.get(path)
    assert page.status_code == 200
    assert ada.email in page.content.decode()
    response = choose(path, client=client, follow=True)

    assert response.redirect_chain == [("/login", 302)]
    assert "Your password has been changed. Log in with the new one." in response.content.decode()
    assert "Your password has been changed" not in client.get("/login").content.decode()
    assert opens(ada, NEW)
    assert not opens(ada, PASSWORD)
    assert delivered(to=ada.email)[-1].subject == "Your password was changed"


def test_nothing_tells_whether_there_is_an_account(ada: User) -> None:
    moderation.ban(user=make_user(email="banned@example.org"), reason="spam")
    responses = [ask(email) for email in (ada.email, "nobody@example.org", "banned@example.org")]

    assert len({(each.status_code, each["Location"], each.content) for each in responses}) == 1
    assert len({frozenset(each.headers) for each in responses}) == 1
    assert [letter.to for letter in delivered()] == [[ada.email]]


def test_nothing_tells_by_the_work_behind_the_answer(ada: User) -> None:
    moderation.ban(user=make_user(email="banned@example.org"), reason="spam")
    for number, email in enumerate([ada.email, "nobody@example.org", "banned@example.org"], 1):
        ask(email)
        assert Job.objects.filter(kind="mail").count() == number
    assert [letter.to for letter in delivered()] == [[ada.email]]


def test_an_address_is_found_whatever_its_case(ada: User) -> None:
    ask(f" {ada.email.upper()} ")
    assert len(delivered(to=ada.email)) == 1


@pytest.mark.parametrize("email", ["", "ada", "a@b@example.org", "x\x00@example.org"])
def test_what_is_no_address_is_said_beside_the_field(email: str) -> None:
    response = ask(email)
    assert response.status_code == 400
    assert 'id="email_error"' in response.content.decode()
    assert not delivered()


def test_opening_a_link_changes_nothing(ada: User) -> None:
    session = make_session(ada)
    path = link_for(ada)
    for method in ("get", "head", "get"):
        assert getattr(Client(), method)(path).status_code == 200

    assert opens(ada, PASSWORD)
    assert Session.objects.active().filter(pk=session.pk).exists()
    assert choose(path).status_code == 302


def test_a_link_works_once(ada: User) -> None:
    path = link_for(ada)
    choose(path)

    for response in (Client().get(path), choose(path, "yet another one")):
        assert response.status_code == 410
        assert DEAD in response.content.decode()
        assert 'href="/reset"' in response.content.decode()
    assert opens(ada, NEW)


def test_a_link_works_once_also_at_the_same_instant(ada: User) -> None:
    *_, key, token = link_for(ada).split("/")

    def attempt(password: str) -> Callable[[], str]:
        def run() -> str:
            try:
                reset_password(key=key, token=token, new_password=password)
            except DomainError as error:
                return error.code
            return password

        return run

    passwords = [f"password {number}" for number in range(6)]
    outcomes = at_once([attempt(password) for password in passwords])

    [won] = [outcome for outcome in outcomes if outcome in passwords]
    assert outcomes.count("dead_link") == 5
    assert opens(ada, won)


def test_all_links_die_with_the_first_that_is_used(ada: User) -> None:
    first, second = link_for(ada), link_for(ada)
    assert choose(second).status_code == 302
    assert choose(first).status_code == 410


def test_a_link_works_for_its_time(ada: User, settings: Settings) -> None:
    path = link_for(ada)
    settings.PASSWORD_RESET_TIMEOUT = -1  # seconds: it is older than that at once

    assert Client().get(path).status_code == 410
    assert choose(path).status_code == 410
    assert opens(ada, PASSWORD)


def test_a_link_of_a_worker_whose_clock_is_ahead_works(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("django.core.signing.time", StoppedClock(time.time() + 3600))
        path = links.reset_link("", ada)
    assert choose(path).status_code == 302
    assert opens(ada, NEW)


@pytest.mark.parametrize("change", ["password", "address", "ban"])
def test_a_link_dies_with_what_it_was_made_for(ada: User, change: str) -> None:
    path = link_for(ada)
    if change == "password":
        change_password(user=ada, old_password=PASSWORD, new_password="other one", keep=None)
    elif change == "ban":
        moderation.ban(user=ada, reason="spam")
    else:
        User.objects.filter(pk=ada.pk).update(email="moved@example.org")

    assert choose(path).status_code == 410


def test_a_link_is_one_person_s(ada: User) -> None:
    other = make_user()
    *_, token = link_for(ada).split("/")
    for path in (
        f"/reset/{other.pk}/{token}",
        f"/reset/{ada.pk}/{token[:-1]}x",
        f"/reset/{ada.pk}/nonsense",
        f"/reset/nobody/{token}",
        f"/reset/%00/{token}",
    ):
        assert Client().get(path).status_code == 410
        assert choose(path).status_code == 410
    assert opens(ada, PASSWORD)
    assert opens(other, PASSWORD)


def test_a_weak_password_leaves_the_link_alive(ada: User) -> None:
    path = link_for(ada)
    response = choose(path, "12345")
    assert response.status_code == 400
    assert "This is too short" in response.content.decode()
    assert choose(path).status_code == 302


def test_everybody_is_signed_out_and_their_sockets_told(
    ada: User, page_for: PageFor, events: Events
) -> None:
    here, elsewhere, stranger = page_for(ada), page_for(ada), page_for(make_user())
    sessions = [session.pk for session in Session.objects.active_of(ada)]
    path = link_for(ada)
    events.clear()

    response = choose(path, client=here, follow=True)

    assert response.redirect_chain == [("/login", 302)]
    assert "You were signed out on this device" not in response.content.decode()
    assert elsewhere.get("/profile").status_code == 302
    assert stranger.get("/profile").status_code == 200
    assert events.recipients("end") == sorted(f"session.{key}" for key in sessions)


def test_who_used_a_link_can_log_in_while_strangers_guess(
    ada: User, client: Client, set_limits: SetLimits
) -> None:
    set_limits(log_ins=2)
    choose(link_for(ada), client=client)
    account = {"email": ada.email, "password": NEW}
    guesses = [Client().post("/login", {**account, "password": "x"}) for _ in range(3)]

    assert [guess.status_code for guess in guesses] == [400, 400, 429]
    assert Client().post("/login", account).status_code == 429
    assert client.cookies["device"]["httponly"]
    assert client.post("/login", account).status_code == 302


def test_a_link_that_does_not_work_makes_no_browser_known(ada: User) -> None:
    client, path = Client(), link_for(ada)
    choose(path)
    choose(path, client=client)
    choose(link_for(ada), "short", client)
    assert "device" not in client.cookies


def test_who_knows_the_old_password_does_not_undo_a_reset(ada: User) -> None:
    """Who was looked up before it, and went on after."""
    thief = User.objects.get(pk=ada.pk)
    choose(link_for(ada))

    with pytest.raises(DomainError, match="not your current password"):
        change_password(user=thief, old_password=PASSWORD, new_password="the thief's", keep=None)
    assert opens(ada, NEW)


def test_who_else_is_signed_in_here_makes_room(ada: User, page_for: PageFor) -> None:
    bob = make_user()
    here, elsewhere = page_for(bob), page_for(bob)

    response = choose(link_for(ada), client=here, follow=True)

    assert response.redirect_chain == [("/login", 302)]
    assert elsewhere.get("/profile").status_code == 200


def test_a_form_from_elsewhere_is_refused(ada: User) -> None:
    path = link_for(ada)
    strict = Client(enforce_csrf_checks=True)

    assert ask(ada.email, strict).status_code == 403
    assert choose(path, client=strict).status_code == 403
    assert opens(ada, PASSWORD)
    assert len(delivered(to=ada.email)) == 1


def test_a_link_is_kept_out_of_caches_and_referers(ada: User) -> None:
    path = link_for(ada)
    for response in (Client().get(path), Client().get("/reset/x/y"), choose(path)):
        assert response["Referrer-Policy"] == "strict-origin"
        assert "no-store" in response["Cache-Control"]


def test_with_htmx_a_dead_link_is_shown_and_a_good_one_moves_the_page(ada: User) -> None:
    path, headers = link_for(ada), {"HX-Request": "true"}
    assert choose(path, headers=headers)["HX-Redirect"] == "/login"
    dead = choose(path, headers=headers)
    assert dead.status_code == 200
    assert DEAD in dead.content.decode()
    assert ask(ada.email, headers=headers)["HX-Redirect"] == "/reset/sent"


def test_links_name_the_site_as_it_is_known(ada: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    ask(ada.email, headers={"Host": "evil.example"})
    [letter] = delivered(to=ada.email)
    assert link_in(letter).startswith(f"https://chat.example.org/reset/{ada.pk}/")


def test_without_that_they_name_where_it_was_asked_for(ada: User) -> None:
    ask(ada.email, headers={"Host": "192.0.2.7:8000"})
    [letter] = delivered(to=ada.email)
    assert link_in(letter).startswith("http://192.0.2.7:8000/reset/")


def test_a_forged_host_gets_no_mail_sent(ada: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    assert ask(ada.email, headers={"Host": "evil.example"}).status_code == 400
    assert not delivered()


def test_a_mail_that_fails_changes_nothing_for_who_asked(
    ada: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "nowhere.Backend"
    with caplog.at_level(logging.DEBUG):
        assert ask(ada.email)["Location"] == "/reset/sent"
        delivered()
    assert "job mail was given up" in caplog.text
    assert ada.email not in caplog.text


def test_the_page_says_when_mail_is_only_printed(client: Client, settings: Settings) -> None:
    assert "no mail server" not in client.get("/reset/sent").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "no mail server" in client.get("/reset/sent").content.decode()


def test_log_in_leads_there(client: Client) -> None:
    assert '<a href="/reset">' in client.get("/login").content.decode()


def test_the_site_is_asked_for_its_own_name_in_production(settings: Settings, rf: Any) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    assert links.site_of(rf.get("/")) == "https://chat.example.org"
