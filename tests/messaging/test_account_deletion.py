"""Accounts that are deleted: what goes with them, and what stays with others."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import CASCADE, ForeignObjectRel
from django.test import Client

from accounts.models import AuditEntry, Session, User
from accounts.services.accounts import authenticate, sign_up, update_profile
from accounts.services.deletion import keep_account, plan_deletion
from accounts.services.moderation import ban, lift_ended_ban, unban
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.files.storage import store
from messaging.models import (
    Attachment,
    Block,
    Conversation,
    Membership,
    Message,
    MessageEdit,
    Report,
    direct_key,
)
from messaging.queries.chats import chats_of
from messaging.services import account_deletion
from messaging.services.blocks import block
from messaging.services.chat_settings import save_draft
from messaging.services.edits import edit_message
from messaging.services.exports import begin_export
from messaging.services.forwarding import forward_messages
from messaging.services.groups import set_role
from messaging.services.messages import send_message, send_together
from messaging.services.reports import report
from scheduler.models import Job
from scheduler.registry import Stopped
from tests.factories import (
    PASSWORD,
    ApiFor,
    make_group,
    make_message,
    make_session,
    make_user,
)
from tests.files import make_upload
from tests.jobs import run_due, run_removals
from tests.messaging.test_disappearing import age_files
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def ada() -> User:
    return make_user("Ada", email="ada@example.org")


@pytest.fixture
def bo() -> User:
    return make_user("Bo")


def delete(user: User, *, removes_messages: bool = False) -> None:
    """With the week that has passed."""
    plan_deletion(user=user, removes_messages=removes_messages, grace=timedelta())
    run_due()
    user.refresh_from_db()
    assert user.deleted_at


def history(client: Any, peer: str) -> list[Any]:
    return list(client.get(f"/api/messages/{peer}").json())


class TestAsking:
    def test_takes_the_password_and_ends_every_session(self, ada: User, api_for: ApiFor) -> None:
        client, other = api_for(ada), make_session(ada)
        wrong = client.post("/api/auth/deletion", {"password": "wrong"}, format="json")
        assert (wrong.status_code, wrong.json()["message"]) == (
            400,
            "This is not your current password.",
        )
        assert client.get("/api/auth/deletion").json() == {"deletionAt": None}
        answer = client.post(
            "/api/auth/deletion", {"password": PASSWORD, "messages": "remove"}, format="json"
        )
        assert answer.status_code == 202
        ada.refresh_from_db()
        assert ada.deletion_at
        assert now() + timedelta(days=6, hours=23) < ada.deletion_at <= now() + WEEK
        assert ada.deletion_removes
        assert client.get("/api/auth/check").status_code == 401
        other.refresh_from_db()
        assert other.revoked_at
        run_due()
        [letter] = mail.outbox
        assert letter.subject == "Your account will be deleted"
        ada.refresh_from_db()
        assert ada.deleted_at is None  # that job is not due yet

    def test_who_logs_in_within_a_week_is_offered_to_keep_it(self, ada: User) -> None:
        plan_deletion(user=ada, removes_messages=False)
        page = Client()
        entered = page.post("/login", {"email": ada.email, "password": PASSWORD})
        assert entered.headers["Location"] == "/profile/deletion"
        assert "Keep it" in page.get("/profile/deletion").content.decode()
        assert "It will be deleted on" in page.get("/profile").content.decode()
        page.post("/profile/deletion/keep")
        ada.refresh_from_db()
        assert ada.deletion_at is None
        assert not Job.objects.filter(kind="delete_account").exists()
        account_deletion.delete_account(user=ada.pk, is_stopping=lambda: False)  # it ran already
        ada.refresh_from_db()
        assert ada.deleted_at is None
        assert page.get("/profile/deletion").headers["Location"] == "/profile"

    def test_by_the_profile(self, ada: User, page_for: PageFor) -> None:
        page = page_for(ada)
        form = {"messages": "keep", "password": "wrong"}
        assert "not your password" in page.post("/profile/deletion/asked", form).content.decode()
        asked = page.post("/profile/deletion/asked", {**form, "password": PASSWORD})
        assert asked.headers["Location"] == "/login"
        assert "Log in before to keep it" in page.get("/login").content.decode()
        assert page.get("/profile").status_code == 302

    def test_the_owner_hands_the_site_over_first(self, api_for: ApiFor) -> None:
        owner = make_user(role="owner")
        answer = api_for(owner).post("/api/auth/deletion", {"password": PASSWORD}, format="json")
        assert answer.status_code == 409
        # Who became the owner meanwhile stays, too.
        admin = make_user(role="admin")
        plan_deletion(user=admin, removes_messages=False, grace=timedelta())
        User.objects.filter(pk=owner.pk).update(role="admin")
        User.objects.filter(pk=admin.pk).update(role="owner")
        run_due()
        admin.refresh_from_db()
        assert admin.deleted_at is None


class TestMessagesThatStay:
    def test_are_those_of_a_deleted_account(self, ada: User, bo: User, api_for: ApiFor) -> None:
        file = make_upload(ada)
        make_message(ada, bo, "Hello")
        send_message(sender=ada, peer=bo.pk, attachments=[file.pk])
        make_message(bo, ada, "Hello Ada")
        group = make_group(ada, bo, title="Friends")
        send_message(sender=ada, peer=group, text="In the group")
        delete(ada)
        client = api_for(bo)
        [direct, friends] = sorted(
            client.get("/api/messages/chats").json(), key=lambda each: each["_id"] == group
        )
        assert (direct["fullName"], direct["email"]) == ("Deleted account", "")
        assert friends["role"] == "owner"
        messages = history(client, ada.pk)
        assert [each["seq"] for each in messages] == [1, 2, 3]
        assert [each["text"] for each in messages] == ["Hello", None, "Hello Ada"]
        assert client.get(messages[1]["attachments"][0]["url"]).status_code == 200
        texts = [each["text"] for each in history(client, group)]
        assert "In the group" in texts
        assert not [text for text in texts if "Ada" in text]
        for path in (f"/chat/{ada.pk}", f"/chat/{group}", f"/chat/{ada.pk}/details", "/contacts"):
            page = Client()
            page.cookies = client.cookies
            shown = page.get(path)
            assert shown.status_code == 200
            assert "ada@example.org" not in shown.content.decode()
        found = client.get("/api/messages/contacts").json()
        assert ada.pk not in [each["_id"] for each in found]

    def test_nobody_writes_to_it(self, ada: User, bo: User, api_for: ApiFor) -> None:
        make_message(ada, bo)
        delete(ada)
        client, cy = api_for(bo), make_user("Cy")
        refused = client.post(f"/api/messages/send/{ada.pk}", {"text": "Hello?"}, format="json")
        assert (refused.status_code, refused.json()["message"]) == (
            403,
            "This account was deleted.",
        )
        strange = api_for(cy).post(f"/api/messages/send/{ada.pk}", {"text": "Hi"}, format="json")
        assert strange.status_code == 404
        assert not Conversation.objects.filter(key=direct_key(ada.pk, cy.pk)).exists()
        made = client.post("/api/groups", {"title": "New", "people": [ada.pk]}, format="json")
        assert made.status_code == 400
        page = Client()
        page.cookies = client.cookies
        assert 'data-closed="deleted"' in page.get(f"/chat/{ada.pk}").content.decode()

    def test_what_was_deleted_or_edited_away_goes(self, ada: User, bo: User) -> None:
        edited, gone = make_message(ada, bo, "once"), make_message(ada, bo, "away")
        edit_message(user=ada, message_id=edited.pk, text="now")
        Message.objects.filter(pk=gone.pk).update(deleted=True)
        delete(ada)
        assert not MessageEdit.objects.exists()
        assert [each.text for each in Message.objects.order_by("seq")] == ["now", ""]


class TestMessagesThatGo:
    def test_leave_no_holes_and_nothing_of_them(
        self, ada: User, bo: User, api_for: ApiFor, folder: Path, events: Events
    ) -> None:
        file, shared = make_upload(ada, name="alone.pdf"), make_upload(ada, name="shared.pdf")
        make_message(ada, bo, "Hello", image=picture(300, 200))
        send_message(sender=ada, peer=bo.pk, attachments=[file.pk])
        forwarded = send_message(sender=ada, peer=bo.pk, attachments=[shared.pk]).record
        make_message(bo, ada, "Hello Ada")
        cy = make_user("Cy")
        forward_messages(
            user=bo, message_ids=[forwarded.id], to=[cy.pk], client_message_id="forwarded"
        )
        age_files(folder)
        delete(ada, removes_messages=True)
        run_removals()
        client = api_for(bo)
        assert [(each["seq"], each["text"]) for each in history(client, ada.pk)] == [
            (4, "Hello Ada")
        ]
        mine = Message.objects.filter(sender_id=ada.pk)
        assert set(mine.values_list("deleted", "text", "image", "attachments")) == {
            (True, "", "", None)
        }
        assert client.get("/api/search?q=hello").json()["messages"]
        assert not store.find(file.stored)
        assert store.find(shared.stored)
        assert not [*folder.rglob("*.webp")]
        [copy] = history(api_for(cy), bo.pk)
        assert api_for(cy).get(copy["attachments"][0]["url"]).status_code == 200
        assert events.recipients("messageDeleted").count(f"user.{bo.pk}") == 3

    def test_but_not_what_is_being_forwarded(
        self,
        ada: User,
        bo: User,
        api_for: ApiFor,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Also where a store keeps no times of use, which an old file stands for here."""
        file = send_message(sender=ada, peer=bo.pk, attachments=[make_upload(ada).pk]).record
        cy = make_user("Cy")

        def send_once_she_is_gone(drafts: Any) -> Any:
            age_files(folder)
            delete(ada, removes_messages=True)
            return send_together(drafts)

        monkeypatch.setattr("messaging.services.forwarding.send_together", send_once_she_is_gone)
        forward_messages(user=bo, message_ids=[file.id], to=[cy.pk], client_message_id="f")
        assert not Attachment.objects.filter(owner_id=ada.pk).exists()
        run_removals()
        [copy] = history(api_for(cy), bo.pk)
        assert api_for(cy).get(copy["attachments"][0]["url"]).status_code == 200

    def test_an_attempt_that_was_cut_short_is_gone_on_with(
        self, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(account_deletion, "CHUNK", 2)
        for number in range(5):
            make_message(ada, bo, f"number {number}")
        plan_deletion(user=ada, removes_messages=True, grace=timedelta())
        looks = iter([False, True])
        with pytest.raises(Stopped):
            account_deletion.delete_account(user=ada.pk, is_stopping=lambda: next(looks))
        assert Message.objects.filter(deleted=True).count() == 2
        run_due()
        run_due()
        assert Message.objects.filter(deleted=False).count() == 0
        assert not Job.objects.filter(kind="delete_account").exists()


def test_what_was_theirs_is_gone(ada: User, bo: User, api_for: ApiFor) -> None:
    update_profile(user=ada, username="ada_l", picture=picture(50, 50))
    User.objects.filter(pk=ada.pk).update(language="de", notifications="{}", last_login=now())
    make_message(ada, bo)
    save_draft(user=ada, peer=bo.pk, text="never sent", reply_to="")
    block(user=ada, person=make_user().pk)
    block(user=make_user(), person=ada.pk)
    upload = make_upload(ada)
    begin_export(user=ada)
    run_due()
    Session.objects.create(user=ada)
    delete(ada)
    assert (ada.language, ada.notifications, ada.last_login) == ("", "", None)
    assert not Membership.objects.filter(user=ada).exclude(draft="").exists()
    assert not Block.objects.exists()
    assert not store.find(upload.stored)
    assert not Attachment.objects.filter(owner_id=ada.pk).exists()
    # Whatever is added later and goes with the row of an account goes now.
    left = [
        related.field.model
        for related in User._meta.get_fields(include_hidden=True)
        if isinstance(related, ForeignObjectRel)
        and related.on_delete is CASCADE
        and related.field.model._default_manager.filter(**{related.field.name: ada.pk}).exists()
    ]
    assert left == [Membership]
    with pytest.raises(DomainError, match="Invalid credentials"):
        authenticate(email="ada@example.org", password=PASSWORD)
    with pytest.raises(DomainError, match="Invalid credentials"):
        authenticate(email=ada.pk, password=PASSWORD)
    another = sign_up(full_name="Another", email="ada@example.org", password=PASSWORD)
    with pytest.raises(DomainError, match="Somebody else"):  # for a while
        update_profile(user=another, username="ada_l")
    assert another.pk != ada.pk
    assert chats_of(another) == []


def test_groups_are_handed_over(ada: User, bo: User) -> None:
    cy, dan = make_user("Cy"), make_user("Dan")
    group = make_group(ada, bo, cy, dan)
    set_role(user=ada, group=group, person=cy.pk, role="admin")
    alone = make_group(ada, title="Alone")
    delete(ada)
    there = Membership.objects.filter(conversation=group, until_seq=None)
    roles = {each.user.full_name: each.role for each in there.select_related("user")}
    assert roles == {"Bo": "member", "Cy": "owner", "Dan": "member"}
    assert not Membership.objects.filter(conversation=alone).exists()


def test_it_is_let_in_by_no_end_of_a_ban(ada: User, bo: User) -> None:
    """Such as one that was looked up a moment before."""
    before = User.objects.get(pk=ada.pk)
    ban(user=before, reason="Spam", until=now())
    delete(ada)
    unban(user=before)
    lift_ended_ban(user=ada.pk)
    ada.refresh_from_db()
    assert ada.is_banned
    with pytest.raises(DomainError) as refusal:
        make_group(bo, ada)
    assert refusal.value.status == 400


def test_a_chat_of_two_that_are_gone_is_gone(ada: User, bo: User) -> None:
    make_message(ada, bo)
    delete(ada)
    assert Conversation.objects.count() == 1
    delete(bo)
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


def test_reports_are_kept_for_as_long_as_the_site_says(ada: User, bo: User, settings: Any) -> None:
    settings.DELETED_ACCOUNT_DAYS = 30
    message = make_message(ada, bo, "Buy ladders")
    report(user=bo, kind="message", about=message.pk, reason="spam")
    delete(ada, removes_messages=True)
    assert "Buy ladders" in Report.objects.get().evidence
    job = Job.objects.get(kind="forget_reports")
    assert job.run_at
    assert now() + timedelta(days=29) < job.run_at <= now() + timedelta(days=30)
    Job.objects.update(run_at=now())
    run_due()
    assert not Report.objects.exists()


class TestOperators:
    def test_admins_do_it_on_request(self, ada: User, page_for: PageFor) -> None:
        act = f"/admin/accounts/user/{ada.pk}/act"
        page_for(make_user(role="moderator")).post(f"{act}/delete_all/")
        ada.refresh_from_db()
        assert ada.deletion_at is None
        page = page_for(make_user("Ad Min", role="admin"))
        page.post(f"{act}/delete_all/")
        ada.refresh_from_db()
        assert (bool(ada.deletion_at), ada.deletion_removes) == (True, True)
        page.post(f"{act}/keep/")
        ada.refresh_from_db()
        assert ada.deletion_at is None
        what = list(AuditEntry.objects.order_by("number").values_list("what", flat=True))
        assert what == ["To be deleted in a week, with its messages", "Not to be deleted"]
        delete(ada)
        shown = page.get(f"/admin/accounts/user/{ada.pk}/change/").content.decode()
        assert "/act/" not in shown
        assert "Deleted" in shown

    def test_by_a_command(self, ada: User) -> None:
        output = io.StringIO()
        call_command("delete_account", "ada@example.org", stdout=output)
        assert output.getvalue().startswith("Ada: To be deleted")
        call_command("delete_account", ada.pk, "--keep", stdout=output)
        keep_account(user=ada)
        call_command("delete_account", ada.pk, "--now", "--remove-messages", stdout=output)
        run_due()
        ada.refresh_from_db()
        assert ada.deleted_at
        assert AuditEntry.objects.count() == 3
        with pytest.raises(CommandError, match="no such account"):
            call_command("delete_account", "ada@example.org")
        with pytest.raises(CommandError, match="needs an owner"):
            call_command("delete_account", make_user(role="owner").pk)


def test_with_the_row_of_an_account_go_its_messages_but_in_groups() -> None:
    """As a command may delete it, or a placeholder of an import."""
    ada, bo, cy = make_user("Ada"), make_user("Bo"), make_user("Cy")
    kept = make_message(ada, bo)
    make_message(cy, bo)
    answer = make_message(bo, cy)
    last = make_message(cy, ada)
    group = make_group(ada, cy)
    send_message(sender=cy, peer=group, text="To all")
    User.objects.get(pk=cy.pk).delete()
    theirs = Message.objects.filter(sender_id=cy.pk).order_by("seq")
    assert [*theirs.values_list("conversation", "kind")] == [(group, "text"), (group, "system")]
    stored = dict(Conversation.objects.values_list("pk", "last_message"))
    assert stored == {
        kept.conversation_id: kept.pk,
        answer.conversation_id: answer.pk,
        last.conversation_id: None,
        group: theirs[1].pk,  # that they have left
    }
