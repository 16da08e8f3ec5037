"""Reports: what may be reported, what is kept of it, and what moderators decide."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEntry, Session, SitePolicy, User
from accounts.services import moderation
from accounts.services.accounts import authenticate, update_profile
from accounts.services.restraints import silences
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import Report, saved_key
from messaging.services import groups
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.messages import delete_message, send_message
from messaging.services.reactions import react, unreact
from messaging.services.reports import report
from messaging.shapes.evidence import decoded_evidence
from scheduler.models import Job
from scheduler.services import run_now
from tests.concurrency import at_once
from tests.factories import (
    PASSWORD,
    ApiFor,
    make_group,
    make_message,
    make_messages,
    make_session,
    make_user,
)
from tests.jobs import run_due
from tests.letters import delivered
from tests.limits import SetLimits
from tests.pictures import picture

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
REPORTS = "/api/reports"
QUEUE = "/moderation"
DAY = 86_400


def moderator(role: str = "moderator") -> User:
    return make_user("Mo Derator", role=role)


def reported(user: User, about: str, kind: str = "message", **fields: Any) -> Report:
    return report(user=user, kind=kind, about=about, reason="spam", **fields)[0]


def a_report() -> tuple[User, User, Report]:
    """Who reported, who is reported for a message, and the report."""
    ada, jonas = make_user("Ada Lovelace"), make_user("Jonas Weber")
    return ada, jonas, reported(ada, make_message(jonas, ada, "Buy ladders").pk)


def decide(page: Client, found: Report, decision: str, **fields: Any) -> Any:
    posted = {"decision": decision, "letter": "You sold ladders.", "days": "1", **fields}
    return page.post(f"{QUEUE}/{found.pk}/decide", posted)


def entries() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("what", flat=True))


class TestReporting:
    def test_once_as_long_as_it_is_open(self, api_for: ApiFor) -> None:
        ada, jonas = make_user(), make_user()
        message = make_message(jonas, ada)
        body = {"kind": "message", "about": message.pk, "reason": "spam", "text": "Ladders"}
        first = api_for(ada).post(REPORTS, body, format="json")
        again = api_for(ada).post(REPORTS, body | {"reason": "hate"}, format="json")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert first.json()["_id"] == Report.objects.get().pk
        assert Report.objects.get().words == "Ladders"

    @pytest.mark.django_db(transaction=True)
    def test_of_several_at_once_one_is_kept(self) -> None:
        ada, jonas = make_user(), make_user()
        message = make_message(jonas, ada)
        made = at_once([partial(reported, ada, message.pk)] * 4)
        assert {each.pk for each in made} == {Report.objects.get().pk}

    def test_what_is_kept_is_what_the_reporter_saw_then(self) -> None:
        ada, jonas, bo = make_user(), make_user("Jonas Weber"), make_user()
        group = make_group(ada, jonas)
        send = partial(send_message, peer=group)
        before = [send(sender=jonas, text=f"Before {number}") for number in range(7)]
        said = send(sender=jonas, text="Buy ladders")
        after = [send(sender=ada, text=f"After {number}") for number in range(7)]
        delete_message(user=jonas, message_id=before[-1].record.id)
        groups.add_members(user=ada, group=group, people=[bo.pk])
        found = reported(ada, said.record.id)
        edit_message(user=jonas, message_id=said.record.id, text="I love gardening")
        delete_message(user=jonas, message_id=said.record.id)
        found.refresh_from_db()
        evidence = decoded_evidence(found.evidence)
        assert evidence is not None
        assert [each.text for each in evidence.messages] == [
            *(f"Before {number}" for number in range(2, 6)),
            "Buy ladders",
            *(f"After {number}" for number in range(5)),
        ]
        assert [each.id for each in evidence.messages if each.is_reported] == [said.record.id]
        assert (found.person, evidence.name) == (jonas.pk, "Jonas Weber")
        assert len(after) == 7

    def test_what_one_does_not_see_is_not_there(self, api_for: ApiFor) -> None:
        ada, jonas, eve = make_user(), make_user(), make_user()
        message, own = make_message(jonas, ada), make_message(ada, jonas)
        gone = make_message(jonas, ada)
        delete_message(user=jonas, message_id=gone.pk)
        group = make_group(ada, jonas)
        for person, kind, about in (
            (eve, "message", message.pk),
            (ada, "message", own.pk),
            (ada, "message", gone.pk),
            (ada, "message", "0" * 24),
            (eve, "group", group),
            (ada, "group", group),
            (jonas, "group", saved_key(jonas.pk)),
            (ada, "person", ada.pk),
            (ada, "person", "0" * 24),
            (ada, "person", "\x00"),
        ):
            body = {"kind": kind, "about": about, "reason": "spam"}
            answer = api_for(person).post(REPORTS, body, format="json")
            assert answer.status_code in (400, 404), (kind, about)
        assert not Report.objects.exists()
        assert reported(jonas, group, "group").person == ada.pk
        assert reported(eve, ada.pk, "person").person == ada.pk

    @pytest.mark.parametrize(
        "changes",
        [{"kind": "place"}, {"reason": "boredom"}, {"about": ""}, {"text": "x" * 1001}],
    )
    def test_what_cannot_be_a_report_is_refused(
        self, changes: dict[str, str], api_for: ApiFor
    ) -> None:
        ada, jonas = make_user(), make_user()
        body = {"kind": "person", "about": jonas.pk, "reason": "spam", **changes}
        assert api_for(ada).post(REPORTS, body, format="json").status_code in (400, 404)
        assert APIClient().post(REPORTS, body, format="json").status_code == 401
        assert api_for(ada).get(REPORTS).status_code == 405

    def test_there_is_a_limit(self, set_limits: SetLimits) -> None:
        set_limits(reports_per_hour=2)
        ada = make_user()
        for _number in range(2):
            reported(ada, make_user().pk, "person")
        with pytest.raises(DomainError, match="Too many"):
            reported(ada, make_user().pk, "person")


class TestTheQueue:
    def test_it_is_not_there_for_members(self, page_for: PageFor) -> None:
        ada, jonas, found = a_report()
        for person in (ada, jonas):
            page = page_for(person)
            assert page.get(QUEUE).status_code == 404
            assert page.get(f"{QUEUE}/{found.pk}").status_code == 404
            for act in ("claim", "decide", "lift"):
                assert page.post(f"{QUEUE}/{found.pk}/{act}").status_code == 404
        assert Client().get(QUEUE)["Location"] == "/login?next=/moderation"
        found.refresh_from_db()
        assert found.is_open
        assert entries() == []

    def test_nobody_sees_a_report_of_themselves_or_of_those_above(self, page_for: PageFor) -> None:
        ada, mo = make_user(), moderator()
        about = [mo, make_user("Ad Min", role="admin"), make_user("Ow Ner", role="owner")]
        found = [reported(ada, each.pk, "person") for each in about]
        for rank, viewer in enumerate(about):
            page = page_for(viewer)
            for other, each in enumerate(found):
                shown = page.get(f"{QUEUE}/{each.pk}")
                assert shown.status_code == (200 if other < rank else 404)
                decide(page, each, "ban", days="0") if other >= rank else None
        assert not User.objects.exclude(banned_at=None).exists()

    def test_a_look_shows_what_was_reported_and_no_more_and_is_recorded(
        self, page_for: PageFor
    ) -> None:
        ada, jonas = make_user("Ada Lovelace"), make_user("Jonas Weber")
        messages = make_messages(jonas, ada, 20)
        found = reported(ada, messages[9].pk, words="He <b>sells</b>")
        page = page_for(moderator())
        assert "Jonas Weber" in page.get(QUEUE).content.decode()
        assert entries() == []
        shown = page.get(f"{QUEUE}/{found.pk}")
        seen = [each.message.text for each in shown.context["seen"]]
        assert seen == [str(number) for number in range(5, 16)]
        assert "He &lt;b&gt;sells&lt;/b&gt;" in shown.content.decode()
        entry = AuditEntry.objects.get()
        assert (entry.what, entry.key, entry.about) == ("Opened", found.pk, "messaging.report")
        assert page.get(f"{QUEUE}/{'0' * 24}").status_code == 404
        # Conversations themselves are beyond a moderator.
        assert page.get(f"/admin/messaging/message/{messages[0].pk}/change/").status_code == 403

    def test_filters_and_claims(self, page_for: PageFor) -> None:
        ada, jonas, found = a_report()
        other = report(user=ada, kind="person", about=jonas.pk, reason="hate")[0]
        mo, other_mo = moderator(), make_user("Mia", role="moderator")
        page = page_for(mo)

        def listed(**query: str) -> set[str]:
            return {row.report.pk for row in page.get(QUEUE, query).context["rows"]}

        assert listed() == {found.pk, other.pk}
        assert listed(kind="person") == listed(reason="hate") == {other.pk}
        assert listed(mine="1") == listed(state="closed") == set()
        page.post(f"{QUEUE}/{found.pk}/claim")
        page_for(other_mo).post(f"{QUEUE}/{found.pk}/claim")
        assert listed(mine="1") == {found.pk}
        page_for(other_mo).post(f"{QUEUE}/{found.pk}/claim", {"back": "1"})
        assert listed(mine="1") == {found.pk}
        page.post(f"{QUEUE}/{found.pk}/claim", {"back": "1"})
        assert listed(mine="1") == set()
        recorded = AuditEntry.objects.filter(key=found.pk).exclude(what="Opened")
        by = recorded.order_by("number").values_list("what", "actor")
        assert list(by) == [("Claimed", mo.pk), ("Given back", mo.pk)]
        decide(page, found, "nothing", letter="")
        assert listed(state="closed") == listed(state="closed", mine="1") == {found.pk}
        earlier = page.get(f"{QUEUE}/{other.pk}").context["earlier"]
        assert [row.report.pk for row in earlier] == [found.pk]


@pytest.mark.django_db(transaction=True)
class TestDecisions:
    def test_of_all_reports_of_a_thing_at_once_and_each_is_told(self, page_for: PageFor) -> None:
        ada, bo, jonas = make_user("Ada"), make_user("Bo"), make_user("Jonas Weber")
        SitePolicy.objects.create(pk=1, appeals="appeals@example.org")
        group = make_group(ada, bo, jonas)
        key = send_message(sender=jonas, peer=group, text="Buy ladders").record.id
        first, second = reported(ada, key), reported(bo, key)
        page = page_for(moderator())
        decide(page, first, "remove", note="Third time")
        assert Report.objects.filter(is_open=True).count() == 0
        second.refresh_from_db()
        assert (second.decision, second.note) == ("remove", "Third time")
        [letter] = delivered(to=jonas.email)
        assert "You sold ladders." in letter.body
        assert "appeals@example.org" in letter.body
        assert "Third time" not in letter.body
        assert "Ada" not in letter.body
        for reporter in (ada, bo):
            [thanks] = delivered(to=reporter.email)
            assert "looked at what you reported" in thanks.body
            assert "ladders" not in thanks.body
        assert entries() == ["Remove the message: You sold ladders."]
        with pytest.raises(DomainError, match=r"deleted"):
            edit_message(user=jonas, message_id=key, text="x")
        decide(page, first, "ban", days="0")  # which is closed
        jonas.refresh_from_db()
        assert not jonas.is_banned
        assert len(entries()) == 1

    def test_a_warning_is_shown_until_it_was_read(self, page_for: PageFor) -> None:
        _ada, jonas, found = a_report()
        decide(page_for(moderator()), found, "warn")
        page = page_for(jonas)
        assert "You sold ladders." in page.get("/").content.decode()
        assert page.post("/moderation/warning").status_code == 302
        assert "You sold ladders." not in page.get("/").content.decode()

    def test_who_is_silenced_writes_by_no_way_and_reads_by_every(
        self, page_for: PageFor, api_for: ApiFor
    ) -> None:
        ada, jonas, found = a_report()
        mine, theirs = make_message(jonas, ada), make_message(ada, jonas)
        group = make_group(jonas, ada)
        react(user=jonas, message_id=theirs.pk, emoji="👍")
        page = page_for(moderator())
        decide(page, found, "silence", days="3")
        attempts: list[Callable[[], Any]] = [
            partial(send_message, sender=jonas, peer=ada.pk, text="x"),
            partial(send_message, sender=jonas, peer=group, text="x"),
            partial(edit_message, user=jonas, message_id=mine.pk, text="x"),
            partial(
                forward_messages,
                user=jonas,
                message_ids=[mine.pk],
                to=[group],
                client_message_id="f1",
            ),
            partial(react, user=jonas, message_id=theirs.pk, emoji="👎"),
            partial(groups.create_group, user=jonas, title="x", people=[ada.pk]),
            partial(groups.change_group, user=jonas, group=group, title="x"),
            partial(groups.add_members, user=jonas, group=group, people=[make_user().pk]),
            partial(groups.remove_member, user=jonas, group=group, person=ada.pk),
            partial(groups.set_role, user=jonas, group=group, person=ada.pk, role="admin"),
            partial(update_profile, user=jonas, full_name="x"),
            partial(update_profile, user=jonas, username="some_words"),
            partial(update_profile, user=jonas, picture=picture()),
        ]
        for attempt in attempts:
            with pytest.raises(DomainError, match="silenced") as refused:
                attempt()
            assert (refused.value.status, refused.value.code) == (403, "silenced")
            assert 2 * DAY < refused.value.wait <= 3 * DAY
        answer = api_for(jonas).post(f"/api/messages/send/{ada.pk}", {"text": "x"}, format="json")
        assert answer.status_code == 403
        assert "silenced" in answer.json()["message"]
        assert int(answer["Retry-After"]) > 2 * DAY
        # They read, take back, and keep what is for themselves.
        assert api_for(jonas).get(f"/api/messages/{ada.pk}").status_code == 200
        unreact(user=jonas, message_id=theirs.pk, emoji="👍")
        send_message(sender=jonas, peer=saved_key(jonas.pk), text="x")
        delete_message(user=jonas, message_id=mine.pk)
        groups.remove_member(user=jonas, group=group, person=jonas.pk)
        send_message(sender=ada, peer=jonas.pk, text="Nobody else is")
        # Until it is lifted, or has passed.
        page.post(f"{QUEUE}/{found.pk}/lift")
        send_message(sender=jonas, peer=ada.pk, text="Again")
        assert entries()[-1] == "Silence and ban lifted"
        User.objects.filter(pk=jonas.pk).update(silenced_until=now() - timedelta(seconds=1))
        silences.set({jonas.pk: now() - timedelta(seconds=1)})
        send_message(sender=jonas, peer=ada.pk, text="Later")

    def test_a_ban_for_a_time_ends_by_itself(self, page_for: PageFor) -> None:
        _ada, jonas, found = a_report()
        make_session(jonas)
        decide(page_for(moderator()), found, "ban", days="7")
        assert not Session.objects.active_of(jonas).exists()
        with pytest.raises(DomainError, match=r"suspended until .*: You sold ladders\."):
            authenticate(email=jonas.email, password=PASSWORD)
        [lifting] = Job.objects.filter(kind="lift_ban")
        jonas.refresh_from_db()
        assert lifting.run_at == jonas.ban_ends_at
        User.objects.filter(pk=jonas.pk).update(ban_ends_at=now() - timedelta(seconds=1))
        page = page_for(authenticate(email=jonas.email, password=PASSWORD))
        assert page.get("/").status_code == 200
        run_now(lifting)
        run_due()
        jonas.refresh_from_db()
        assert (jonas.banned_at, jonas.ban_ends_at) == (None, None)
        # Of another that came meanwhile, nothing is lifted.
        moderation.ban(user=jonas, reason="Again", until=now() + timedelta(days=1))
        run_now(Job.objects.get(kind="lift_ban"))
        run_due()
        jonas.refresh_from_db()
        assert jonas.is_banned

    def test_what_ends_later_stays(self, page_for: PageFor) -> None:
        ada, jonas, found = a_report()
        page = page_for(moderator())
        later = now() + timedelta(days=20)
        again = [reported(ada, make_message(jonas, ada, "Ladders").pk) for _number in range(5)]
        User.objects.filter(pk=jonas.pk).update(silenced_until=later)
        decide(page, found, "silence", days="1")
        jonas.refresh_from_db()
        assert jonas.silenced_until == later
        decide(page, again[0], "silence", days="30")
        jonas.refresh_from_db()
        assert jonas.silenced_until is not None
        assert jonas.silenced_until > later
        # A ban, with its reason.
        decide(page, again[1], "ban", days="1")
        decide(page, again[2], "ban", days="30", letter="Again.")
        jonas.refresh_from_db()
        until, reason = jonas.ban_ends_at, jonas.ban_reason
        assert until is not None
        assert (until > later, reason) == (True, "Again.")
        decide(page, again[3], "ban", days="7", letter="Less.")
        jonas.refresh_from_db()
        assert (jonas.ban_ends_at, jonas.ban_reason) == (until, "Again.")
        moderation.ban(user=jonas, reason="For good.")
        decide(page, again[4], "ban", days="1")
        jonas.refresh_from_db()
        assert jonas.is_banned
        assert (jonas.ban_ends_at, jonas.ban_reason) == (None, "For good.")

    @pytest.mark.parametrize(
        ("decision", "fields"),
        [
            ("shoot", {}),
            ("warn", {"letter": " "}),
            ("warn", {"letter": "x" * 2001}),
            ("silence", {"days": "0"}),
            ("silence", {"days": "2"}),
            ("ban", {"days": "x"}),
            ("nothing", {"note": "x" * 1001}),
        ],
    )
    def test_what_cannot_be_decided_changes_nothing(
        self, decision: str, fields: dict[str, str], page_for: PageFor
    ) -> None:
        _ada, jonas, found = a_report()
        decide(page_for(moderator()), found, decision, **fields)
        found.refresh_from_db()
        jonas.refresh_from_db()
        assert found.is_open
        assert (jonas.is_banned, jonas.silenced_until, jonas.warning) == (False, None, "")
        assert entries() == []
        assert not delivered()

    def test_only_a_message_is_removed(self, page_for: PageFor) -> None:
        ada, jonas = make_user(), make_user()
        found = reported(ada, jonas.pk, "person")
        decide(page_for(moderator()), found, "remove")
        found.refresh_from_db()
        assert found.is_open

    def test_somebody_who_got_a_role_meanwhile_is_beyond_a_moderator(
        self, page_for: PageFor
    ) -> None:
        _ada, jonas, found = a_report()
        page = page_for(moderator())
        User.objects.filter(pk=jonas.pk).update(role="moderator")
        assert decide(page, found, "ban", days="0").status_code == 404
        jonas.refresh_from_db()
        assert not jonas.is_banned
