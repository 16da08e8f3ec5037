"""Push messages: to whom, what they say, and what becomes of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import PushSubscription, Session, User
from accounts.notifications import Notifications
from accounts.services.notifications import change_notifications
from accounts.services.push_subscriptions import MAX_PER_PERSON, subscribe, subscribers
from accounts.services.sessions import end_session
from chatsite.db import now
from chatsite.push import sending
from messaging import jobs
from messaging.models import Conversation, Membership, Message, Reminder, saved_key
from messaging.presence import active_leases
from messaging.services import reminders
from messaging.services.blocks import block
from messaging.services.chat_settings import change_chat
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message, send_message
from messaging.services.reminders import cancel_reminder, set_reminder
from scheduler.models import Job
from tests.factories import make_group, make_message, make_pair, make_session, make_user
from tests.jobs import run_due
from tests.messaging.later import pass_time
from tests.push_service import HANG, Browser, PushService, browser_of

pytestmark = pytest.mark.django_db
SECRET = "The key is under the mat"


def shown(browser: Browser) -> list[tuple[str, str]]:
    return [(each["notification"]["title"], each["notification"]["body"]) for each in browser.got]


def later(seconds: float) -> None:
    """The clock moves on, for jobs."""
    for job in Job.objects.exclude(run_at=None):
        assert job.run_at
        Job.objects.filter(pk=job.pk).update(run_at=job.run_at - timedelta(seconds=seconds))


def test_a_message_is_told_to_every_browser_of_its_receiver_and_to_no_other(
    service: PushService, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    ada, bo = make_pair()
    laptop, phone = browser_of(bo, service), browser_of(bo, service)
    others = [browser_of(ada, service), browser_of(make_user("Eve"), service)]

    message = make_message(ada, bo, SECRET)
    run_due()

    [told] = laptop.got
    assert phone.got == [told]
    assert told["web_push"] == 8030
    place = f"/chat/{ada.pk}#m-{message.pk}"
    notification = told["notification"]
    assert (notification["title"], notification["body"]) == ("Ada Lovelace", SECRET)
    assert notification["navigate"] == f"https://chat.example.org{place}"
    assert notification["data"]["place"] == place
    assert notification["data"]["userId"] == bo.pk
    # As Safari first had it, and as the standard has it now.
    assert (notification["app_badge"], told["app_badge"]) == ("1", 1)
    assert not any(browser.got for browser in others)
    assert not Job.objects.exists()


def test_what_comes_at_once_is_one_job_and_one_message(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    for number in range(1, 6):
        make_message(ada, bo, f"Line {number}")
    assert Job.objects.count() == 1
    run_due()
    assert shown(browser) == [("Ada Lovelace (5)", "Line 3\nLine 4\nLine 5")]

    make_message(ada, bo, "Line 6")
    run_due()
    assert shown(browser)[1:] == [("Ada Lovelace (6)", "Line 4\nLine 5\nLine 6")]
    first, second = (each["notification"] for each in browser.got)
    assert first["tag"] == second["tag"]
    topics = {headers["Topic"] for headers in browser.headers}
    assert len(topics) == 1  # so that one that waits is replaced
    assert not any(ada.pk in topic for topic in topics)


def test_what_comes_while_a_browser_is_told_is_told_next(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    make_message(ada, bo, "One")
    send = sending.send

    def send_while_more_comes(*message: Any, **options: Any) -> None:
        send(*message, **options)
        if len(browser.got) == 1:
            make_message(ada, bo, "Two")

    monkeypatch.setattr(jobs, "send", send_while_more_comes)
    run_due()
    assert [body for _title, body in shown(browser)] == ["One", "One\nTwo"]


def test_without_a_subscription_nothing_is_scheduled() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    mark_read(user=bo, peer=ada.pk, seq=1)
    assert not Job.objects.exists()


def test_who_has_read_it_by_then_is_not_told(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    mark_read(user=bo, peer=ada.pk, seq=make_message(ada, bo).seq)
    run_due()
    assert not browser.got


def test_who_is_at_a_page_is_told_once_they_have_left_it(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    active_leases().came(bo.pk)
    make_message(ada, bo)
    for _minute in range(3):
        run_due()
        assert not browser.got
        later(60)
    active_leases().went(bo.pk)
    make_message(ada, bo, "Still there?")
    run_due()
    assert shown(browser) == [("Ada Lovelace", "Hello\nStill there?")]
    later(60)
    run_due()
    assert len(browser.got) == 1
    assert not Job.objects.exists()

    active_leases().came(bo.pk)
    make_message(ada, bo, "Hello?")
    run_due()
    active_leases().went(bo.pk)
    later(60)
    run_due()
    assert [body for _title, body in shown(browser)[1:]] == ["Hello\nStill there?\nHello?"]

    active_leases().came(bo.pk)
    mark_read(user=bo, peer=ada.pk, seq=make_message(ada, bo, "Good").seq)
    active_leases().went(bo.pk)
    later(60)
    run_due()
    assert ["close" in told for told in browser.got[2:]] == [True]
    assert not Job.objects.exists()


def test_a_deletion_says_nothing_new_to_who_is_at_a_page(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    make_message(ada, bo, "One")
    second = make_message(ada, bo, "Two")
    run_due()
    active_leases().came(bo.pk)
    make_message(ada, bo, "Three")
    delete_message(user=ada, message_id=second.pk)
    run_due()
    assert shown(browser)[1:] == [("Ada Lovelace", "One")]
    assert browser.got[1]["notification"]["silent"]


def test_a_muted_group_is_told_of_by_mentions_alone(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    group = make_group(ada, bo, title="Ladders")
    change_chat(user=bo, peer=group, mute="always")
    send_message(sender=ada, peer=group, text="Nothing for Bo")
    run_due()
    assert not browser.got
    send_message(sender=ada, peer=group, text="@Bo Diddley, look", mentions=[bo.pk])
    send_message(sender=ada, peer=group, text="Nothing for Bo, again")
    run_due()
    assert shown(browser) == [("Ladders", "Ada: @Bo Diddley, look")]
    send_message(sender=ada, peer=group, text="And nothing more")
    run_due()
    assert len(browser.got) == 1


def test_a_group_says_who_wrote_and_system_messages_are_not_told(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    group = make_group(ada, bo, title="Ladders")
    run_due()
    assert not browser.got
    send_message(sender=ada, peer=group, text="Hello all")
    run_due()
    assert shown(browser) == [("Ladders", "Ada: Hello all")]


def test_quiet_hours_are_those_of_the_persons_zone(service: PushService) -> None:
    chosen = Notifications(quiet_from="22:00", quiet_until="07:00", zone="Europe/Berlin")
    morning = datetime(2026, 1, 11, 6, tzinfo=UTC)
    assert chosen.end_of_quiet(datetime(2026, 1, 10, 21, 30, 5, tzinfo=UTC)) == morning
    assert chosen.end_of_quiet(datetime(2026, 1, 11, 5, 59, tzinfo=UTC)) == morning
    assert chosen.end_of_quiet(morning) is None
    assert chosen.end_of_quiet(datetime(2026, 1, 10, 20, 30, tzinfo=UTC)) is None
    assert chosen.end_of_quiet(datetime(2026, 7, 10, 5, 30, tzinfo=UTC)) is None
    noon = Notifications(quiet_from="12:00", quiet_until="13:00")
    one = datetime(2026, 1, 10, 13, tzinfo=UTC)
    assert noon.end_of_quiet(one - timedelta(hours=1)) == one
    assert noon.end_of_quiet(one) is None


def test_what_comes_in_quiet_hours_is_told_at_their_end(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    start, end = (f"{now() + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    change_notifications(user=bo, quiet_from=start, quiet_until=end)
    make_message(ada, bo)
    run_due()
    later(60 * 60)
    run_due()
    assert not browser.got
    change_notifications(user=bo, quiet_from="", quiet_until="")
    later(2 * 60 * 60)
    run_due()
    assert shown(browser) == [("Ada Lovelace", "Hello")]
    assert not Job.objects.exists()


def test_quiet_hours_end_where_the_clock_of_the_worker_is_behind(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    device = PushSubscription.objects.get()
    start, end = (f"{now() - timedelta(hours=hours):%H:%M}" for hours in (2, 0))
    change_notifications(user=bo, quiet_from=start, quiet_until=end)
    message = make_message(ada, bo)
    remind(bo, message)
    Reminder.objects.update(told_at=now())
    monkeypatch.setattr(jobs, "now", lambda: now() - timedelta(minutes=5))
    jobs.push(device.pk, message.conversation_id)
    jobs.push_reminder(device.pk, Reminder.objects.get().pk)
    assert [title for title, _body in shown(browser)] == ["Ada Lovelace", "Reminder"]


def test_no_strangers_request_and_nobody_who_is_blocked_is_told_of(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    make_message(ada, bo)
    Membership.objects.filter(user=bo).update(is_request=True)
    run_due()
    assert not browser.got
    Membership.objects.filter(user=bo).update(is_request=False)
    group = make_group(ada, bo)
    block(user=bo, person=ada.pk)
    send_message(sender=ada, peer=group, text="In the group")
    make_message(ada, bo, "To themself")
    run_due()
    assert not browser.got


@pytest.mark.parametrize("previews", ["name", "nothing"])
def test_previews_show_no_more_than_was_chosen(service: PushService, previews: str) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    change_notifications(user=bo, previews=previews)
    make_message(ada, bo, SECRET)
    run_due()
    title = "Ada Lovelace" if previews == "name" else "Chatsite"
    assert shown(browser) == [(title, "1 new message")]
    assert SECRET not in str(browser.got)
    assert ("Ada" in str(browser.got)) == (previews == "name")


def test_what_is_read_anywhere_is_taken_back_everywhere(service: PushService) -> None:
    ada, bo = make_pair()
    browsers = [browser_of(bo, service), browser_of(bo, service)]
    make_message(ada, bo, "One")
    last = make_message(ada, bo, "Two")
    run_due()

    mark_read(user=bo, peer=ada.pk, seq=last.seq - 1)
    run_due()
    assert [len(browser.got) for browser in browsers] == [1, 1]

    mark_read(user=bo, peer=ada.pk, seq=last.seq)
    run_due()
    for browser in browsers:
        assert browser.got[1] == {"close": f"chat:{ada.pk}", "app_badge": "0"}
        assert browser.headers[0]["Topic"] == browser.headers[1]["Topic"]
    make_message(bo, ada, "An answer")
    run_due()
    assert [len(browser.got) for browser in browsers] == [2, 2]


def test_who_answers_has_read(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    make_message(ada, bo)
    run_due()
    make_message(bo, ada, "An answer")
    run_due()
    assert browser.got[1]["close"] == f"chat:{ada.pk}"


def test_a_service_that_wants_to_see_all_shown_gets_nothing_silent(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending.Target, "shows_all", True)
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    mark_read_later = make_message(ada, bo).seq
    run_due()
    mark_read(user=bo, peer=ada.pk, seq=mark_read_later)
    run_due()
    assert len(browser.got) == 1
    assert sending.Target("https://web.push.apple.com/x", "", "").shows_all


def test_what_is_deleted_is_not_shown_any_more(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    first, second = make_message(ada, bo, "One"), make_message(ada, bo, SECRET)
    run_due()
    delete_message(user=ada, message_id=second.pk)
    run_due()
    assert shown(browser)[1:] == [("Ada Lovelace", "One")]
    assert browser.got[1]["notification"]["silent"]
    delete_message(user=ada, message_id=first.pk)
    run_due()
    assert "close" in browser.got[2]


@pytest.mark.parametrize("left", [0, 1])
def test_what_is_deleted_while_it_is_on_its_way_is_not_shown_any_more(
    service: PushService, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    for number in range(left):
        make_message(ada, bo, f"Line {number}")
    gone = make_message(ada, bo, SECRET)
    send = sending.send

    def send_while_it_is_deleted(*message: Any, **options: Any) -> None:
        send(*message, **options)
        if len(browser.got) == 1:
            delete_message(user=ada, message_id=gone.pk)

    monkeypatch.setattr(jobs, "send", send_while_it_is_deleted)
    run_due()
    first, second = browser.got
    assert SECRET in first["notification"]["body"]
    if left:
        assert second["notification"]["body"] == "Line 0"
    else:
        assert second == {"close": f"chat:{ada.pk}", "app_badge": "0"}


def test_what_disappears_is_not_delivered_afterwards(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    message = make_message(ada, bo)
    Message.objects.filter(pk=message.pk).update(
        is_expiring=True, expires_at=now() + timedelta(minutes=10)
    )
    run_due()
    assert int(browser.headers[0]["TTL"]) <= 600


def test_the_badge_counts_the_chats_in_which_something_unread_is_left(
    service: PushService,
) -> None:
    ada, bo = make_pair()
    cy, dee = make_user("Cy"), make_user("Dee")
    browser = browser_of(bo, service)
    delete_message(user=cy, message_id=make_message(cy, bo).pk)
    expired = make_message(dee, bo)
    Conversation.objects.filter(pk=expired.conversation_id).update(next_expiry=now())
    Message.objects.filter(pk=expired.pk).update(is_expiring=True, expires_at=now())
    make_message(ada, bo)
    run_due()
    assert browser.got[-1]["notification"]["app_badge"] == "1"


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_retires(service: PushService, status: int) -> None:
    ada, bo = make_pair()
    browser_of(bo, service)
    service.answers = [(status, "")]
    make_message(ada, bo)
    run_due()
    assert not PushSubscription.objects.exists()
    assert bo.pk not in subscribers()
    make_message(ada, bo)
    assert not Job.objects.exists()


@pytest.mark.parametrize(("status", "after"), [(429, "120"), (503, "120"), (500, "")])
def test_a_service_that_is_busy_is_asked_again_when_it_says(
    service: PushService, status: int, after: str
) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    service.answers = [(status, after)]
    make_message(ada, bo)
    run_due()
    if after:
        assert not browser.got
        later(60)
        run_due()
        assert not browser.got
        later(130)
        run_due()
    assert shown(browser) == [("Ada Lovelace", "Hello")]
    assert not Job.objects.exists()


def test_a_service_that_does_not_answer_is_left_alone_for_a_while(
    service: PushService, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_RETRY_SECONDS = 60
    ada, bo = make_pair()
    browsers = [browser_of(bo, service), browser_of(bo, service)]
    service.answers = [(HANG, "")]
    make_message(ada, bo)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "DEADLINE", 0.5)
        run_due()
    assert len(service.tries) == 1
    errors = sorted(Job.objects.values_list("error", flat=True))
    assert errors == ["127.0.0.1 did not answer just now", "127.0.0.1: TimeoutError"]
    later(100)
    sending._breaker.cache_clear()
    run_due()
    assert [len(browser.got) for browser in browsers] == [1, 1]


def test_no_redirect_is_followed(service: PushService) -> None:
    ada, bo = make_pair()
    browser_of(bo, service)
    service.answers = [(307, f"https://{service.host}/elsewhere")]
    make_message(ada, bo)
    run_due()
    assert len(service.tries) == 1
    assert "307" in Job.objects.get().error


def test_no_private_address_is_asked(service: PushService, settings: Settings) -> None:
    ada, bo = make_pair()
    browser_of(bo, service)
    settings.PUSH_TRUSTED_HOSTS = []
    PushSubscription.objects.update(endpoint="https://localhost/push")
    make_message(ada, bo)
    run_due()
    assert "localhost is not a public address" in Job.objects.get().error
    PushSubscription.objects.update(endpoint=f"https://{service.host}/push")
    make_message(ada, bo)
    run_due()
    assert "no public https address" in Job.objects.get().error
    assert not service.tries


class TestSubscriptions:
    def test_one_lasts_as_long_as_its_session(self, service: PushService) -> None:
        ada, bo = make_pair()
        session = make_session(bo)
        browser = browser_of(bo, service, session)
        make_message(ada, bo)
        end_session(session=session)
        assert not PushSubscription.objects.exists()
        run_due()
        assert not browser.got

    def test_a_session_that_has_ended_gets_none(self, service: PushService) -> None:
        session = make_session(make_user())
        end_session(session=session)
        subscribe(session=session, **service.browser().subscription)
        assert not PushSubscription.objects.exists()

    def test_a_session_that_was_not_used_for_too_long_is_told_nothing(
        self, service: PushService, settings: Settings
    ) -> None:
        ada, bo = make_pair()
        browser = browser_of(bo, service)
        Session.objects.filter(user=bo).update(last_seen_at=now() - settings.SESSION_IDLE)
        make_message(ada, bo)
        run_due()
        assert not browser.got

    def test_a_browser_tells_only_who_is_signed_in_there(self, service: PushService) -> None:
        ada, bo = make_pair()
        browser = browser_of(ada, service)
        subscribe(session=make_session(bo), **browser.subscription)
        [left] = PushSubscription.objects.all()
        assert left.user_id == bo.pk
        assert subscribers() == {bo.pk}

    def test_nobody_has_more_than_some(self, service: PushService) -> None:
        bo = make_user()
        for _number in range(MAX_PER_PERSON + 1):
            browser_of(bo, service)
        assert PushSubscription.objects.count() == MAX_PER_PERSON


SUBSCRIPTION = "/api/auth/notifications/subscription"
SETTINGS = "/api/auth/notifications"
ApiFor = Callable[[User], APIClient]


class TestApi:
    def test_the_browser_of_a_session_subscribes_and_unsubscribes(
        self, api_for: ApiFor, service: PushService
    ) -> None:
        ada, bo = make_pair()
        mine, other = api_for(bo), api_for(bo)
        browser = service.browser()
        for _again in range(2):
            assert mine.put(SUBSCRIPTION, browser.subscription).json()["subscribed"]
        assert mine.get(SETTINGS).json()["subscribed"]
        assert not other.get(SETTINGS).json()["subscribed"]
        make_message(ada, bo)
        run_due()
        assert len(browser.got) == 1
        other.delete(SUBSCRIPTION)
        assert mine.get(SETTINGS).json()["subscribed"]
        for _again in range(2):
            assert not mine.delete(SUBSCRIPTION).json()["subscribed"]
        assert not PushSubscription.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": ""},
            {"endpoint": "http://push.example.org/x"},
            {"endpoint": "https://push.example.org:8443/x"},
            {"endpoint": "https://ada@push.example.org/x"},
            {"endpoint": "https://push.example.org/x\r\nHost: y"},
            {"endpoint": "https://push.example.org/" + "x" * 1000},
            {"endpoint": "https://[::1/x"},
            {"endpoint": "https://push.example.org:x/"},
            {"p256dh": "AAAA"},
            {"p256dh": "ä"},
            {"auth": "AAAA"},
            {"auth": 5},
            {"auth": None},
        ],
    )
    def test_what_is_no_subscription_is_refused(
        self, api_for: ApiFor, service: PushService, wrong: dict[str, Any]
    ) -> None:
        fields = {**service.browser().subscription, **wrong}
        assert api_for(make_user()).put(SUBSCRIPTION, fields).status_code == 400
        assert not PushSubscription.objects.exists()

    def test_people_choose_how_they_are_told(self, api_for: ApiFor) -> None:
        bo = make_user()
        api = api_for(bo)
        before = api.get(SETTINGS).json()
        assert before["previews"] == "full"
        assert len(before["publicKey"]) == 87
        chosen = {"previews": "name", "quietFrom": "22:00", "zone": "Europe/Berlin"}
        assert api.patch(SETTINGS, chosen).json() == {**before, **chosen}
        assert api.patch(SETTINGS, {"previews": "nothing"}).json()["quietFrom"] == "22:00"
        assert before["digestHours"] == 8
        assert api.patch(SETTINGS, {"digestHours": 0}).json()["digestHours"] == 0
        assert api.patch(SETTINGS, {"digestHours": None}).json()["digestHours"] == 0
        bo.refresh_from_db()
        assert api_for(make_user()).get(SETTINGS).json() == before

    @pytest.mark.parametrize(
        "wrong",
        [
            {"previews": "all"},
            {"quietFrom": "24:00"},
            {"quietUntil": "22:00\n"},
            {"zone": "Nowhere"},
            {"zone": "../etc/passwd"},
            {"zone": ""},
            {"digestHours": 2},
            {"digestHours": -1},
            {"digestHours": "often"},
        ],
    )
    def test_what_cannot_be_is_refused(self, api_for: ApiFor, wrong: dict[str, Any]) -> None:
        bo = make_user()
        assert api_for(bo).patch(SETTINGS, wrong).status_code == 400
        bo.refresh_from_db()
        assert not bo.notifications


def remind(user: User, message: Message) -> None:
    set_reminder(user=user, message_id=message.pk, remind_at=now() + timedelta(minutes=20))


class TestReminders:
    @pytest.mark.parametrize(
        ("previews", "words"),
        [
            ("full", ("Reminder", f"Ada: {SECRET}")),
            ("name", ("Reminder", "Ada Lovelace")),
            ("nothing", ("Chatsite", "Reminder")),
        ],
    )
    def test_one_that_is_due_is_told_to_the_browsers_of_its_person_alone(
        self, service: PushService, previews: str, words: tuple[str, str]
    ) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo, SECRET)
        change_notifications(user=bo, previews=previews)
        remind(bo, message)
        laptop, phone = browser_of(bo, service), browser_of(bo, service)
        others = browser_of(ada, service)
        pass_time(minutes=19)
        assert not laptop.got
        pass_time(minutes=1)
        pass_time(minutes=1)
        assert shown(laptop) == shown(phone) == [words]
        told = laptop.got[0]["notification"]
        assert told["tag"] == f"reminder:{message.pk}"
        assert told["data"]["place"] == f"/chat/{ada.pk}#m-{message.pk}"
        assert "reply" not in told["data"]
        assert (SECRET in str(laptop.got)) == (previews == "full")
        assert not others.got
        assert not Job.objects.exists()

    def test_who_is_at_a_page_sees_it_there(self, service: PushService) -> None:
        ada, bo = make_pair()
        remind(bo, make_message(ada, bo))
        browser = browser_of(bo, service)
        active_leases().came(bo.pk)
        pass_time(minutes=20)
        assert not browser.got
        assert not Job.objects.exists()

    def test_in_quiet_hours_it_waits_for_their_end(self, service: PushService) -> None:
        ada, bo = make_pair()
        remind(bo, make_message(ada, bo))
        browser = browser_of(bo, service)
        start, end = (f"{now() + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
        change_notifications(user=bo, quiet_from=start, quiet_until=end)
        pass_time(minutes=20)
        assert not browser.got
        change_notifications(user=bo, quiet_from="", quiet_until="")
        later(2 * 60 * 60)
        run_due()
        assert shown(browser) == [("Reminder", "Ada: Hello")]

    @pytest.mark.parametrize("over", ["done", "deleted", "later"])
    def test_of_what_is_over_by_then_nothing_is_told(self, service: PushService, over: str) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        remind(bo, message)
        browser = browser_of(bo, service)
        Job.objects.filter(kind=reminders.JOB).update(run_at=now())
        Reminder.objects.update(remind_at=now())
        [reminder] = Reminder.objects.values_list("pk", flat=True)
        reminders.remind(reminder)  # and its browsers are yet to be told
        if over == "done":
            cancel_reminder(user=bo, message_id=message.pk)
        elif over == "deleted":
            delete_message(user=ada, message_id=message.pk)
        else:
            remind(bo, message)
        run_due()
        assert not browser.got

    def test_of_saved_messages_it_says_so_and_a_muted_chat_makes_no_difference(
        self, service: PushService
    ) -> None:
        ada, bo = make_pair()
        change_notifications(user=bo, previews="name")
        peer = saved_key(bo.pk)
        saved = send_message(sender=bo, peer=peer, text="Milk").record.id
        message = make_message(ada, bo)
        change_chat(user=bo, peer=ada.pk, mute="always")
        browser = browser_of(bo, service)
        set_reminder(user=bo, message_id=saved, remind_at=now() + timedelta(minutes=20))
        remind(bo, message)
        pass_time(minutes=20)
        assert sorted(shown(browser)) == [
            ("Reminder", "Ada Lovelace"),
            ("Reminder", "Saved messages"),
        ]


def test_texts_of_files_are_told_in_words(service: PushService) -> None:
    ada, bo = make_pair()
    browser = browser_of(bo, service)
    message = make_message(ada, bo, "x")
    Message.objects.filter(pk=message.pk).update(text="", image="x.webp")
    run_due()
    assert shown(browser) == [("Ada Lovelace", "Picture")]
