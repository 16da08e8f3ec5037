"""Where one is signed in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.session_list import last_seen, session_entries
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def seen_before(session: Session, **ago: int) -> Session:
    session.last_seen_at -= timedelta(**ago)
    session.save()
    return session


def test_this_device_comes_first_then_the_latest_seen() -> None:
    user = make_user()
    here = seen_before(make_session(user, user_agent=FIREFOX, address="192.0.2.17"), days=1)
    seen_before(make_session(user, address="192.0.2.2"), hours=5)
    seen_before(make_session(user, address="192.0.2.1"), minutes=14)

    rows = session_entries(user, here)

    assert [row.address for row in rows] == ["192.0.2.17", "192.0.2.1", "192.0.2.2"]
    assert [row.is_this for row in rows] == [True, False, False]
    assert [row.seen for row in rows] == ["now", "14 minutes ago", "5 hours ago"]
    assert rows[0].device.name == "Firefox on Linux"


def test_ended_sessions_and_those_of_others_are_not_listed() -> None:
    user = make_user()
    here, ended = make_session(user), make_session(user)
    ended.revoked_at = ended.created_at
    ended.save()
    make_session(make_user())

    assert len(session_entries(user, here)) == 1


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=119), "now"),
        (timedelta(minutes=2), "2 minutes ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=13), "9 November"),
        (timedelta(days=365), "22 November 2025"),
    ],
)
def test_the_last_visit_is_told_as_people_do(ago: timedelta, words: str) -> None:
    assert last_seen(NOON - ago, NOON) == words


def test_the_day_is_that_of_the_reader() -> None:
    late = datetime(2026, 11, 9, 23, 30, tzinfo=UTC)

    with timezone.override("Asia/Tokyo"):
        assert last_seen(late, NOON) == "10 November"


def test_other_devices_are_signed_out_and_this_one_is_not(page_for: PageFor) -> None:
    user = make_user()
    here, elsewhere, stranger = page_for(user), page_for(user), page_for(make_user())

    response = here.post("/profile/sessions", {"confirmed": "1"}, follow=True)

    assert response.redirect_chain == [("/profile", 302)]
    assert "All other devices have been signed out." in response.content.decode()
    assert elsewhere.get("/profile").status_code == 302
    assert stranger.get("/profile").status_code == 200
    assert Session.objects.active_of(user).count() == 1


def test_other_devices_are_signed_out_only_after_a_question(page_for: PageFor) -> None:
    user = make_user()
    here, elsewhere = page_for(user), page_for(user)

    response = here.post("/profile/sessions")

    assert response.status_code == 200
    assert "Sign out other devices?" in response.content.decode()
    assert 'name="confirmed"' in response.content.decode()
    assert elsewhere.get("/profile").status_code == 200


def test_one_other_device_is_signed_out_alone(page_for: PageFor) -> None:
    user = make_user()
    here, there, elsewhere = page_for(user), page_for(user), page_for(user)
    first = Session.objects.active_of(user).order_by("pk")[1]

    response = here.post(f"/profile/sessions/{first.pk}", follow=True)

    assert response.redirect_chain == [("/profile", 302)]
    assert "Unknown device has been signed out." in response.content.decode()
    assert [page.get("/profile").status_code for page in (here, there, elsewhere)] == [
        200,
        302,
        200,
    ]


def test_a_device_that_is_out_already_stays_so(page_for: PageFor) -> None:
    user = make_user()
    page = page_for(user)
    ended = make_session(user)
    ended.revoked_at = ended.created_at
    ended.save()

    assert page.post(f"/profile/sessions/{ended.pk}").status_code == 302

    ended.refresh_from_db()
    assert ended.revoked_at == ended.created_at


def test_no_session_but_an_own_other_one_can_be_ended(page_for: PageFor) -> None:
    user, stranger = make_user(), make_user()
    here, theirs = page_for(user), page_for(stranger)
    own = Session.objects.active_of(user).get()
    foreign = Session.objects.active_of(stranger).get()

    for key in (foreign.pk, own.pk, "0" * 24, "nonsense", "%00"):
        assert here.post(f"/profile/sessions/{key}").status_code == 404

    assert here.get("/profile").status_code == 200
    assert theirs.get("/profile").status_code == 200


def test_there_is_nothing_to_press_with_one_device_only(page_for: PageFor) -> None:
    user = make_user()
    page = page_for(user)
    assert "Sign out other devices" not in page.get("/profile").content.decode()

    make_session(user)

    assert "Sign out other devices" in page.get("/profile").content.decode()


def test_what_a_browser_says_of_itself_is_not_trusted(page_for: PageFor) -> None:
    user = make_user()
    make_session(user, user_agent="<script>alert(1)</script>", address="<b>")

    page = page_for(user).get("/profile").content.decode()

    assert "<script>alert" not in page
    assert "<bdi>&lt;b&gt;</bdi>" in page


def test_a_device_has_the_name_that_its_owner_gives_it(page_for: PageFor) -> None:
    ada, page = make_user(), page_for(make_user())
    phone = make_session(ada, user_agent=FIREFOX)
    mine, address = page_for(ada), f"/profile/sessions/{phone.pk}/name"
    mine.post(address, {"name": "  My old\nphone  " + "x" * 100})
    shown = mine.get("/profile").content.decode()
    assert f"<bdi>My old phone {'x' * 47}</bdi>" in shown
    assert "Firefox on Linux" in shown
    # Not by others, and not what cannot be stored.
    assert page.post(address, {"name": "Theirs"}).status_code == 404
    mine.post(address, {"name": "\x00"})
    phone.refresh_from_db()
    assert phone.name.startswith("My old phone")
    mine.post(address, {"name": "\u200b\u3164"})
    assert "<bdi>Firefox on Linux</bdi>" in mine.get("/profile").content.decode()
