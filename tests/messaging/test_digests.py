"""The mail that says what is unread: to whom, when, what it says, and how it is turned off."""

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from accounts import links
from accounts.models import Session, User
from accounts.notifications import decoded
from accounts.services.deletion import plan_deletion
from accounts.services.last_seen import record_online
from accounts.services.notifications import change_notifications
from chatsite.db import now
from messaging import jobs
from messaging.models import Conversation, Membership, Message
from messaging.page.digests import MAX_CONVERSATIONS, digest
from messaging.queries.digests import absences, news_of
from messaging.services import digests
from messaging.services.blocks import block
from messaging.services.chat_settings import change_chat
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message, send_message
from scheduler.models import Job
from tests.concurrency import at_once
from tests.factories import make_group, make_message, make_session, make_user
from tests.jobs import run_due
from tests.letters import delivered, html_of

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]
SITE = "https://chat.example.org"
SECRET = "The key is under the mat"


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.PUBLIC_URL = SITE


@pytest.fixture
def ada() -> User:
    return make_user("Ada Lovelace")


@pytest.fixture
def bo() -> User:
    """Away for nine hours."""
    bo = make_user("Bo Diddley", email_confirmed_at=now())
    leave(bo, hours=9)
    return bo


def leave(user: User, **ago: float) -> None:
    at = now() - timedelta(**ago)
    Session.objects.filter(user=user).update(last_seen_at=at)
    User.objects.filter(pk=user.pk).update(last_seen_at=at, last_login=at, created_at=at)


def digested(user: User) -> list[Any]:
    """All digests that they got, once another look was taken."""
    jobs.send_digests()
    return [each for each in delivered(to=user.email) if "List-Unsubscribe" in each.extra_headers]


def words(letter: Any) -> str:
    """Of its text, without what keeps names from turning what is beside them."""
    return str(letter.body).replace("\u2068", "").replace("\u2069", "")


def whole(letter: Any) -> str:
    return f"{letter.subject}\n{words(letter)}\n{html_of(letter)}"


def off_link(letter: Any) -> str:
    [link] = re.findall(rf"^{SITE}(/digest/\S+)$", letter.body, re.MULTILINE)
    return str(link)


def test_it_says_who_wrote_and_what_and_leads_there(ada: User, bo: User) -> None:
    group = make_group(ada, bo, title="Ladders <b>")
    for number in range(1, 6):
        make_message(ada, bo, f"Line {number}")
    send_message(sender=ada, peer=group, text=SECRET)

    [letter] = digested(bo)
    assert letter.subject == "Unread messages in 2 conversations"
    assert "Ladders <b>: 1 new message\n  Ada: The key is under the mat\n" in words(letter)
    assert "Ada Lovelace: 5 new messages\n  Line 3\n  Line 4\n  Line 5\n" in words(letter)
    assert "Line 2" not in whole(letter)
    assert words(letter).index("Ladders") < words(letter).index(
        "Ada Lovelace: 5"
    )  # the latest first
    assert f"\n{SITE}/\n" in words(letter)
    html = html_of(letter)
    assert f'href="{SITE}/"' in html
    assert f'href="{SITE}{off_link(letter)}"' in html
    assert "Ladders &lt;b&gt;" in html
    assert letter.extra_headers["List-Unsubscribe"] == f"<{SITE}{off_link(letter)}>"
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    sent = message_from_bytes(letter.message().as_bytes())  # folded and unfolded again
    assert sent["List-Unsubscribe"].strip() == f"<{SITE}{off_link(letter)}>"


@pytest.mark.parametrize("previews", ["name", "nothing"])
def test_it_shows_no_more_than_notifications_do(ada: User, bo: User, previews: str) -> None:
    change_notifications(user=bo, previews=previews)
    make_message(ada, bo, SECRET)
    [letter] = digested(bo)
    assert SECRET not in whole(letter)
    assert ("Ada Lovelace: 1 new message" in words(letter)) == (previews == "name")
    assert ("Ada" in whole(letter)) == (previews == "name")
    assert letter.subject == "Unread messages in 1 conversation"


def test_what_disappears_is_counted_and_not_shown(ada: User, bo: User) -> None:
    make_message(ada, bo, "This stays")
    message = make_message(ada, bo, SECRET)
    Message.objects.filter(pk=message.pk).update(
        is_expiring=True, expires_at=now() + timedelta(hours=1)
    )
    [letter] = digested(bo)
    assert "Ada Lovelace: 2 new messages\n  This stays\n" in words(letter)
    assert SECRET not in whole(letter)


def test_many_conversations_are_counted(bo: User) -> None:
    for number in range(MAX_CONVERSATIONS + 2):
        make_message(make_user(f"Person {number}"), bo)
    [letter] = digested(bo)
    assert letter.subject == f"Unread messages in {MAX_CONVERSATIONS + 2} conversations"
    assert letter.body.count("1 new message") == MAX_CONVERSATIONS
    assert "And 2 more conversations." in whole(letter)


def test_it_is_in_the_language_of_its_reader(ada: User, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(language="de")
    make_message(ada, bo)
    [letter] = digested(bo)
    assert "Hallo!" in words(letter)
    assert "1 neue Nachricht" in words(letter)


def test_it_comes_after_the_time_that_they_chose(ada: User, bo: User) -> None:
    leave(bo, hours=7, minutes=59)
    make_message(ada, bo)
    assert digested(bo) == []
    change_notifications(user=bo, digest_hours=24)
    leave(bo, hours=23)
    assert digested(bo) == []
    change_notifications(user=bo, digest_hours=1)
    assert len(digested(bo)) == 1


@pytest.mark.parametrize("by", ["socket", "request"])
def test_whoever_was_here_by_socket_or_request_is_not_away(ada: User, bo: User, by: str) -> None:
    make_message(ada, bo)
    if by == "socket":
        record_online([bo.pk])
    else:
        Session.objects.filter(pk=make_session(bo).pk).update(last_seen_at=now())
        User.objects.filter(pk=bo.pk).update(last_login=now() - timedelta(hours=9))
    assert digested(bo) == []


def test_nobody_gets_another_before_they_were_back(ada: User, bo: User) -> None:
    make_message(ada, bo)
    assert len(digested(bo)) == 1
    make_message(ada, bo, "More")
    make_message(make_user("Cyrillus"), bo)
    assert len(digested(bo)) == 1

    User.objects.filter(pk=bo.pk).update(digest_sent_at=now() - timedelta(hours=20))  # back since
    Message.objects.update(created_at=now() - timedelta(hours=15))
    assert len(digested(bo)) == 1  # they have seen those, and left them unread
    make_message(ada, bo, "News")
    [_first, second] = digested(bo)
    assert "Ada Lovelace: 3 new messages" in words(second)
    assert "Cyrillus" not in whole(second)


def test_it_is_sent_once_however_often_and_by_how_many_it_is_looked_for(
    ada: User, bo: User
) -> None:
    make_message(ada, bo)
    at_once([jobs.send_digests] * 2)
    assert Job.objects.filter(kind="mail").count() == 1
    assert len(digested(bo)) == 1


def test_it_is_noted_with_the_mail_that_waits_or_not_at_all(
    ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise ZeroDivisionError

    make_message(ada, bo)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.mail.schedule", fail)
        jobs.send_digests()
    assert User.objects.get(pk=bo.pk).digest_sent_at is None
    assert len(digested(bo)) == 1


@pytest.mark.parametrize("meanwhile", ["back", "off", "banned", "told", "moved"])
def test_who_is_not_as_they_were_when_it_was_written_gets_none(
    ada: User, bo: User, meanwhile: str
) -> None:
    make_message(ada, bo)
    [absence] = absences(now())
    letter = digest(absence.user, news_of(absence, now()))
    changes: dict[str, Any] = {
        "back": {"last_seen_at": now()},
        "off": {"notifications": '{"digestHours":0}'},
        "banned": {"banned_at": now()},
        "told": {"digest_sent_at": now()},
        "moved": {"email": "bo@elsewhere.example"},
    }
    User.objects.filter(pk=bo.pk).update(**changes[meanwhile])
    assert not digests.send_digest(user=absence.user, letter=letter)
    assert not Job.objects.filter(kind="mail").exists()


def test_so_many_are_sent_at_a_time_and_the_others_next(
    ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "BATCH_SIZE", 1)
    monkeypatch.setattr("messaging.queries.digests.PEOPLE", 1)
    cy = make_user("Cy", email_confirmed_at=now())
    leave(cy, hours=9)
    for person in (bo, cy):
        make_message(ada, person)
    assert (len(digested(bo)), len(mail.outbox)) == (1, 1)
    assert (len(digested(cy)), len(mail.outbox)) == (1, 2)
    jobs.send_digests()
    run_due()
    assert len(mail.outbox) == 2


def test_one_that_fails_keeps_nobody_from_theirs(
    ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cy = make_user("Cy", email_confirmed_at=now())
    leave(cy, hours=9)
    for person in (bo, cy):
        make_message(ada, person)

    def failing(error: Exception) -> Any:
        errors = [error]
        return lambda user, news: digest(user, news) if not errors else _raise(errors.pop())

    monkeypatch.setattr(jobs, "digest", failing(OperationalError()))
    with pytest.raises(OperationalError):  # it would be the same for the others
        jobs.send_digests()
    assert not Job.objects.filter(kind="mail").exists()
    monkeypatch.setattr(jobs, "digest", failing(ZeroDivisionError()))
    jobs.send_digests()
    assert Job.objects.filter(kind="mail").count() == 1
    assert (len(digested(bo)), len(digested(cy))) == (1, 1)  # the next time


def _raise(error: Exception) -> None:
    raise error


class TestNothingIsTold:
    """To who should not be told, and of what is not for them to be told."""

    @pytest.fixture(autouse=True)
    def _nothing(self, bo: User) -> Any:
        yield
        assert digested(bo) == []

    def test_without_news(self, bo: User) -> None:
        pass

    def test_where_mail_is_printed(self, ada: User, bo: User, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        make_message(ada, bo)

    def test_who_wants_none(self, ada: User, bo: User) -> None:
        change_notifications(user=bo, digest_hours=0)
        make_message(ada, bo)

    def test_at_an_address_that_is_not_confirmed(self, ada: User, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(email_confirmed_at=None)
        make_message(ada, bo)

    def test_who_is_banned(self, ada: User, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(banned_at=now())
        make_message(ada, bo)

    def test_whose_account_is_to_be_deleted(self, ada: User, bo: User) -> None:
        plan_deletion(user=bo, removes_messages=False)
        make_message(ada, bo)

    def test_in_quiet_hours(self, ada: User, bo: User) -> None:
        start, end = (f"{now() + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
        change_notifications(user=bo, quiet_from=start, quiet_until=end)
        make_message(ada, bo)

    def test_what_is_read(self, ada: User, bo: User) -> None:
        mark_read(user=bo, peer=ada.pk, seq=make_message(ada, bo).seq)

    def test_what_was_there_when_they_were(self, ada: User, bo: User) -> None:
        message = make_message(ada, bo)
        Message.objects.filter(pk=message.pk).update(created_at=now() - timedelta(hours=10))

    def test_what_is_old(self, ada: User, bo: User) -> None:
        leave(bo, days=30)
        message = make_message(ada, bo)
        Message.objects.filter(pk=message.pk).update(created_at=now() - timedelta(days=8))

    def test_what_is_muted_mentions_too(self, ada: User, bo: User) -> None:
        group = make_group(ada, bo)
        change_chat(user=bo, peer=group, mute="always")
        send_message(sender=ada, peer=group, text="@Bo Diddley", mentions=[bo.pk])
        leave(bo, hours=9)

    def test_what_is_archived(self, ada: User, bo: User) -> None:
        make_message(ada, bo)
        change_chat(user=bo, peer=ada.pk, archived=True)
        leave(bo, hours=9)

    def test_what_was_deleted(self, ada: User, bo: User) -> None:
        delete_message(user=ada, message_id=make_message(ada, bo).pk)

    def test_what_has_disappeared(self, ada: User, bo: User) -> None:
        message = make_message(ada, bo)
        Conversation.objects.filter(pk=message.conversation_id).update(next_expiry=now())
        Message.objects.filter(pk=message.pk).update(is_expiring=True, expires_at=now())

    def test_a_request(self, ada: User, bo: User) -> None:
        make_message(ada, bo)
        Membership.objects.filter(user=bo).update(is_request=True)

    def test_who_is_blocked(self, ada: User, bo: User) -> None:
        group = make_group(ada, bo)
        make_message(ada, bo, "Before")
        block(user=bo, person=ada.pk)
        make_message(ada, bo, "After")
        send_message(sender=ada, peer=group, text="In the group")
        leave(bo, hours=9)

    def test_what_the_system_says(self, ada: User, bo: User) -> None:
        make_group(ada, bo)

    def test_a_group_that_they_have_left(self, ada: User, bo: User) -> None:
        group = make_group(ada, bo)
        Membership.objects.filter(user=bo, conversation=group).update(until_seq=1)
        send_message(sender=ada, peer=group, text="Without Bo")


class TestTurningOff:
    def hours_of(self, user: User) -> int:
        return decoded(User.objects.get(pk=user.pk).notifications).digest_hours

    def test_opening_the_link_changes_nothing_and_its_button_does(
        self, ada: User, bo: User
    ) -> None:
        make_message(ada, bo)
        [letter] = digested(bo)
        link, visitor = off_link(letter), Client(enforce_csrf_checks=True)
        for method in (visitor.get, visitor.head):
            answer = method(link)
            assert answer.status_code == 200
            assert answer["Referrer-Policy"] == "strict-origin"
            assert "no-store" in answer["Cache-Control"]
        page = visitor.get(link).content.decode()
        assert "No more mails of what is unread?" in page
        assert bo.email in page
        assert self.hours_of(bo) == 8

        for _again in range(2):
            assert "You get no more of these mails" in visitor.post(link).content.decode()
            assert self.hours_of(bo) == 0
        assert "You get no more of these mails" in visitor.get(link).content.decode()

        User.objects.filter(pk=bo.pk).update(digest_sent_at=None)
        assert len(digested(bo)) == 1

    def test_a_mail_program_turns_them_off_by_one_post(self, ada: User, bo: User) -> None:
        change_notifications(user=bo, previews="name")
        program = Client(enforce_csrf_checks=True)
        link = links.digest_off_link("", bo)
        headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
        for _again in range(2):
            answer = program.post(link, {"List-Unsubscribe": "One-Click"}, headers=headers)
            assert answer.status_code == 200
            assert not answer.cookies.get("jwt")
        answer = program.post(
            link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 200
        chosen = decoded(User.objects.get(pk=bo.pk).notifications)
        assert (chosen.digest_hours, chosen.previews) == (0, "name")
        assert self.hours_of(ada) == 8

    def test_a_link_that_was_made_up_turns_nothing_off(self, ada: User, bo: User) -> None:
        mine = links.digest_off_link("", ada)
        others = [
            mine.replace(ada.pk, bo.pk),
            mine[:-1] + ("A" if mine[-1] != "A" else "B"),
            f"/digest/{bo.pk}/x",
            "/digest/nobody/x",
            links.not_me_link("", bo).replace("/not-me/", "/digest/"),
        ]
        for link in others:
            for answer in (Client().get(link), Client().post(link)):
                assert answer.status_code == 410
                assert "This link does not work" in answer.content.decode()
        assert (self.hours_of(ada), self.hours_of(bo)) == (8, 8)

    def test_it_lasts_as_long_as_the_address_and_not_the_password(self, bo: User) -> None:
        link = links.digest_off_link("", bo)
        bo.set_password("another one")
        bo.save()
        assert Client().get(link).status_code == 200
        bo.email = "bo@new.example"
        bo.save()
        assert Client().post(link).status_code == 410
        assert self.hours_of(bo) == 8

    def test_whoever_is_signed_in_turns_off_those_of_the_link_alone(
        self, ada: User, bo: User, page_for: PageFor
    ) -> None:
        assert page_for(ada).post(links.digest_off_link("", bo)).status_code == 200
        assert (self.hours_of(ada), self.hours_of(bo)) == (8, 0)


class TestProfile:
    FORM = {"previews": "full", "quiet_from": "", "quiet_until": ""}

    def test_it_says_when_and_to_which_address(self, bo: User, page_for: PageFor) -> None:
        page = page_for(bo)
        shown = page.get("/profile").content.decode()
        assert "Mail me what is unread" in shown
        assert '<option value="8" selected>After 8 hours away</option>' in shown
        assert "Such mails go to a confirmed e-mail address." not in shown
        answer = page.post("/profile/notifications", {**self.FORM, "digest_hours": "24"})
        assert answer.status_code == 302
        assert decoded(User.objects.get(pk=bo.pk).notifications).digest_hours == 24
        page.post("/profile/notifications", {**self.FORM, "digest_hours": "5"})
        assert decoded(User.objects.get(pk=bo.pk).notifications).digest_hours == 24

        User.objects.filter(pk=bo.pk).update(email_confirmed_at=None)
        assert "Such mails go to a confirmed" in page.get("/profile").content.decode()

    def test_where_mail_is_printed_it_offers_none(
        self, bo: User, page_for: PageFor, settings: Settings
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        page = page_for(bo)
        assert "Mail me what is unread" not in page.get("/profile").content.decode()
        page.post("/profile/notifications", {**self.FORM, "previews": "name"})
        chosen = decoded(User.objects.get(pk=bo.pk).notifications)
        assert (chosen.previews, chosen.digest_hours) == ("name", 8)
