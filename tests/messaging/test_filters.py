"""Words, links and new accounts: what the rules of the site refuse, and what they report."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import User
from accounts.services import admission
from accounts.services.accounts import sign_up, update_profile
from accounts.services.filters import pattern_of, searched
from chatsite.errors import DomainError
from messaging.models import Membership, Message, Report, saved_key
from messaging.services import groups, messages
from messaging.services.conversations import store
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.messages import send_message
from messaging.shapes.evidence import decoded_evidence
from tests.factories import PASSWORD, ApiFor, make_group, make_message, make_user
from tests.files import make_upload
from tests.limits import decide
from tests.pictures import picture

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]


@pytest.mark.parametrize(
    ("entry", "said", "found"),
    [
        ("ladder", "Buy a LADDER!", True),
        ("ladder", "ladders", False),
        ("ladder", "stepladder", False),
        ("échelle", "ECHELLE", True),
        ("buy ladders", "now buy ladders, all", True),
        ("梯子", "梯子", True),
        ("ladders.example", "see https://ladders.example/now", True),
        ("ladders.example", "see shop.Ladders.example", True),
        ("ladders.example", "ladders.example.", True),
        ("ladders.example", "notladders.example", False),
        ("ladders.example", "ladders.example.org", False),
        ("ladders.example", "ladders.examples", False),
        ("a.*", "anything", False),
        # What becomes longer than it looks, and what nobody sees or is a gap.
        ("ladder", "\ufdfa" * 40 + " ladder", True),
        ("ladders.example", "\ufdfa" * 40 + "https://ladders.example", True),
        ("ladder", "lad\u200bder", True),
        ("ladder", "l\x01a\u2060d\ufe0fd\U000e0001er", True),
        ("ladder", "lad\u2800der and lad\u3164der", True),
        ("ladder", "my\u3164ladder", True),
        ("ladder", "lad\nder", False),
        ("lad\u00adder", "ladder", True),
        ("buy ladders", "buy\u2028ladders", True),
        ("ladders.example", "https://lad\u00adders.exam\u200bple", True),
        ("ladders.example", "https://ladders\u3002example", True),
        ("می\u200cخواهم", "می\u200cخواهم", True),
        # Letters of other scripts that look like these, in either case, and digits.
        ("ladders", "l\u0430dders", True),
        ("ladders", "LADD\u0415R\u0405", True),
        ("ladders", "\uff4c\U0001d5ee\U0001d5f1ders", True),
        ("ladders", "1\u03b1dd\u03b5rs", True),
        ("ladders", "Iadders", True),
        ("casino", "CAS1N0", True),
        ("казино", "Казино", True),
        ("казино", "казна", False),
        # Hosts as browsers read them.
        ("ladders.example", "https://%6C%61dders%2eexample/", True),
        ("ladders.example", "https://l%D0%B0dd%E2%80%8Bers.example", True),
        ("ladders.example", "https://xn--ldders-3nf.example", True),
        ("bücher.example", "https://XN--bcher-kva.example/x", True),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("ladders.example", "100%ladders.example", True),
        ("ladders.example", "xn--ladders.example", False),
    ],
)
def test_words_and_domains_are_found_as_a_whole_however_they_are_written(
    entry: str, said: str, found: bool
) -> None:
    pattern = pattern_of(["", "\u200b", f" {entry} "])
    assert pattern is not None
    assert bool(pattern.search(searched(said))) == found


def test_no_text_takes_long() -> None:
    pattern = pattern_of(["ladders.example", "buy ladders", "a.b"])
    assert pattern is not None
    for text in ("a." * 5_000, "buy " * 2_500, "-" * 10_000, "ladders" * 1_400):
        assert not pattern.search(text + "!") or "a.b" in text
    for text in ("\u0301\u0323" * 5_000, "\ufdfa" * 10_000, "a\u200b" * 5_000):
        assert not pattern.search(searched(text))


def test_what_is_refused_is_sent_by_no_way(api_for: ApiFor) -> None:
    ada, bo = make_user(), make_user()
    group = make_group(ada, bo)
    mine = make_message(ada, bo, "Something about ladders")
    decide(refused_words="ladders\nladders.example")
    answer = api_for(ada).post(f"/api/messages/send/{bo.pk}", {"text": "Ladders!"}, format="json")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "This has words or links that are not allowed here.",
    )
    for peer in (bo.pk, group):
        with pytest.raises(DomainError, match="not allowed here"):
            send_message(sender=ada, peer=peer, text="www.ladders.example")
    with pytest.raises(DomainError, match="not allowed here"):
        edit_message(user=ada, message_id=mine.pk, text="More ladders")
    with pytest.raises(DomainError, match="not allowed here"):
        forward_messages(user=ada, message_ids=[mine.pk], to=[group], client_message_id="f1")
    for said in ("\ufdfa" * 40 + " ladders", "lad\u200bders", "https://ladders\u00ad.example"):
        with pytest.raises(DomainError, match="not allowed here"):
            send_message(sender=ada, peer=bo.pk, text=said)
        with pytest.raises(DomainError, match="not allowed here"):
            edit_message(user=ada, message_id=mine.pk, text=said)
    send_message(sender=ada, peer=bo.pk, text="Stairs")
    send_message(sender=ada, peer=saved_key(ada.pk), text="My ladders")  # nobody else reads it
    assert not Report.objects.exists()


def test_names_and_captions_of_files_count_also_when_they_are_copied() -> None:
    ada, bo = make_user(), make_user()
    captioned, named = make_upload(ada), make_upload(ada, name="ladders.pdf")
    mine = [
        send_message(
            sender=ada, peer=bo.pk, attachments=[captioned.pk], captions={captioned.pk: "Ladders!"}
        ),
        send_message(sender=ada, peer=bo.pk, attachments=[named.pk]),
    ]
    upload, other = make_upload(ada, name="ladders.pdf"), make_upload(ada)
    theirs = make_upload(bo, name="ladders.pdf")
    decide(refused_words="ladders")
    for number, sent in enumerate(mine):
        with pytest.raises(DomainError, match="not allowed here"):
            forward_messages(
                user=bo,
                message_ids=[sent.record.id],
                to=[make_user().pk],
                client_message_id=f"f{number}",
            )
    with pytest.raises(DomainError, match="not allowed here"):
        send_message(sender=ada, peer=bo.pk, attachments=[upload.pk])
    with pytest.raises(DomainError, match="not allowed here"):
        send_message(
            sender=ada, peer=bo.pk, attachments=[other.pk], captions={other.pk: "lad\u200bders"}
        )
    with pytest.raises(DomainError, match="no such upload"):  # whose name tells nobody anything
        send_message(sender=ada, peer=bo.pk, attachments=[theirs.pk])
    send_message(sender=ada, peer=bo.pk, attachments=[other.pk])


def test_names_of_people_and_groups_count(api_for: ApiFor, page_for: PageFor) -> None:
    ada, bo = make_user("Ada"), make_user()
    group = make_group(ada, bo)
    decide(refused_words="ladders\nladders.example")
    wrong: list[Callable[[], Any]] = [
        partial(update_profile, user=ada, full_name="Buy lad\u200bders"),
        partial(update_profile, user=ada, username="ladders"),
        partial(groups.create_group, user=ada, title="Ladders", people=[bo.pk]),
        partial(groups.change_group, user=ada, group=group, title="ladders.example"),
        partial(groups.change_group, user=ada, group=group, description="Ladders"),
        partial(sign_up, full_name="Ladders", email="new@example.org", password=PASSWORD),
    ]
    for attempt in wrong:
        with pytest.raises(DomainError, match="not allowed here") as refused:
            attempt()
        assert refused.value.errors
    ada.refresh_from_db()
    assert (ada.full_name, ada.username) == ("Ada", "")
    assert not User.objects.filter(email="new@example.org").exists()
    groups.change_group(user=ada, group=group, title="Stairs")
    update_profile(user=ada, full_name="Ada King", username="stairs")


def test_what_is_held_goes_through_and_is_reported_once() -> None:
    ada, bo = make_user("Ada Lovelace"), make_user()
    decide(held_words="ladders")
    sent = send_message(sender=ada, peer=bo.pk, text="Buy ladders").record
    edit_message(user=ada, message_id=sent.id, text="Buy my ladders")
    found = Report.objects.get()
    assert (found.about, found.person, found.reporter, found.reason) == (
        sent.id,
        ada.pk,
        "",
        "filter",
    )
    seen = decoded_evidence(found.evidence)
    assert seen is not None
    assert [each.text for each in seen.messages] == ["Buy ladders"]
    other = make_message(ada, bo, "Stairs")
    edit_message(user=ada, message_id=other.pk, text="Ladders")
    assert Report.objects.filter(about=other.pk).count() == 1
    # Moderators see what offends, be it not in the text.
    file = make_upload(ada, name="stairs.pdf")
    caption = {file.pk: "Our ladders"}
    sent = send_message(sender=ada, peer=bo.pk, attachments=[file.pk], captions=caption).record
    later = make_upload(ada, name="later.pdf")
    edited = send_message(sender=ada, peer=bo.pk, attachments=[later.pk]).record
    edit_message(user=ada, message_id=edited.id, text="", captions={later.pk: "My ladders"})
    offending = {sent.id: "stairs.pdf: Our ladders", edited.id: "later.pdf: My ladders"}
    for key, files in offending.items():
        seen = decoded_evidence(Report.objects.get(about=key).evidence)
        assert seen is not None
        assert [each.files for each in seen.messages] == [[files]]
    shown = make_upload(ada, picture(), "ladders.png")
    once = send_message(sender=ada, peer=bo.pk, attachments=[shown.pk], view_once=True).record
    seen = decoded_evidence(Report.objects.get(about=once.id).evidence)
    assert shown.thumbnail
    assert seen is not None
    assert [(each.files, each.once) for each in seen.messages] == [
        (["ladders.png"], [shown.thumbnail])
    ]


def test_nobody_reports_as_the_filter_does(api_for: ApiFor) -> None:
    ada, bo = make_user(), make_user()
    body = {"kind": "person", "about": bo.pk, "reason": "filter"}
    assert api_for(ada).post("/api/reports", body, format="json").status_code == 400


def test_the_rules_of_the_site_hold_as_soon_as_they_are_saved(
    page_for: PageFor, django_capture_on_commit_callbacks: Any
) -> None:
    ada, bo = make_user(), make_user()
    page = page_for(make_user(role="admin"))
    admission.stored_policy()
    change = page.get("/admin/accounts/sitepolicy/", follow=True).redirect_chain[-1][0]
    posted = {
        "sign_up": "open",
        "domains": "",
        "appeals": "",
        "refused_words": "ladders",
        "held_words": "",
        "new_hours": "0",
        "new_messages": "30",
        "strangers_per_day": "0",
    }
    with django_capture_on_commit_callbacks(execute=True):
        refused = page.post(change, posted | {"new_messages": "0"})
        assert refused.context["adminform"].errors.keys() == {"new_messages"}
        assert page.post(change, posted).status_code == 302
    with pytest.raises(DomainError, match="not allowed here"):
        send_message(sender=ada, peer=bo.pk, text="ladders")


def test_names_that_are_held_are_given_and_reported(page_for: PageFor) -> None:
    decide(held_words="ladders", refused_words="stairs")
    fields = {"email": "lad@example.org", "password": PASSWORD, "site": ""}
    ada = sign_up(full_name="Ladders Inc.", **fields)
    update_profile(user=ada, full_name="Ladders Ltd.")  # is being looked at
    bo = make_user()
    update_profile(user=bo, username="steps")
    update_profile(user=bo, username="ladders")
    with pytest.raises(DomainError):
        update_profile(user=bo, full_name="Stairs and ladders")
    group = groups.create_group(user=bo, title="Friends", people=[]).group.pk
    groups.change_group(user=bo, group=group, description="Of ladders")
    made = groups.create_group(user=bo, title="Ladders", people=[]).group.pk
    update_profile(user=ada, picture=picture())
    expected = [("person", ada.pk, ada.pk), ("person", bo.pk, bo.pk)]
    expected += [("group", group, bo.pk), ("group", made, bo.pk)]
    reports = Report.objects.order_by("pk")
    assert list(reports.values_list("kind", "about", "person")) == expected
    assert {(each.reporter, each.reason) for each in reports} == {("", "filter")}
    seen: list[Any] = [decoded_evidence(each.evidence) for each in reports]
    assert [each.name for each in seen] == ["Ladders Inc.", bo.full_name, "Friends", "Ladders"]
    assert [each.description for each in seen] == ["", "@ladders", "Of ladders", ""]
    page = page_for(make_user(role="moderator"))
    for each, words in zip(reports, ("Ladders Inc.", "@ladders", "Of ladders", ""), strict=True):
        assert words in page.get(f"/moderation/{each.pk}").content.decode()


class TestNewAccounts:
    def test_send_so_much_an_hour(self) -> None:
        ada, bo = make_user(), make_user()
        decide(new_hours=24, new_messages=3)
        for number in range(3):
            send_message(sender=ada, peer=bo.pk, text=str(number))
        with pytest.raises(DomainError, match="Too many") as refused:
            send_message(sender=ada, peer=bo.pk, text="4")
        assert 0 < refused.value.wait <= 3601
        send_message(sender=ada, peer=saved_key(ada.pk), text="To myself")
        moderator = make_user(role="moderator")
        for _number in range(4):
            make_message(moderator, bo)

    def test_send_links_and_files_to_those_who_have_answered(self) -> None:
        ada, bo = make_user(), make_user()
        decide(new_hours=24, new_messages=30)
        send_message(sender=ada, peer=bo.pk, text="Hello")
        with pytest.raises(DomainError, match="once the other one has answered"):
            send_message(sender=ada, peer=bo.pk, text="https://example.org")
        send_message(sender=bo, peer=ada.pk, text="Hi")
        send_message(sender=ada, peer=bo.pk, text="https://example.org")
        send_message(sender=ada, peer=make_group(ada, bo), text="https://example.org")

    def test_add_no_links_by_an_edit_either(self) -> None:
        ada, bo = make_user(), make_user()
        sent = send_message(sender=ada, peer=bo.pk, text="Hello").record
        upload = make_upload(ada)
        file = send_message(sender=ada, peer=bo.pk, attachments=[upload.pk]).record
        told = send_message(sender=ada, peer=make_group(ada, bo), text="Hello").record
        decide(new_hours=24, new_messages=1)
        for key, change in (
            (sent.id, {"text": "https://example.org"}),
            (file.id, {"text": "", "captions": {upload.pk: "https://example.org"}}),
        ):
            with pytest.raises(DomainError, match="once the other one has answered") as refused:
                edit_message(user=ada, message_id=key, **change)
            assert refused.value.status == 403
        # An edit is no message more.
        edit_message(user=ada, message_id=sent.id, text="Hello, Bo")
        edit_message(user=ada, message_id=told.id, text="https://example.org")
        send_message(sender=bo, peer=ada.pk, text="Hi")
        edit_message(user=ada, message_id=sent.id, text="https://example.org")

    def test_send_one_at_least(self) -> None:
        ada, bo = make_user(), make_user()
        decide(new_hours=24, new_messages=0)  # as it could be stored once
        send_message(sender=ada, peer=bo.pk, text="Hello")
        with pytest.raises(DomainError, match="Too many"):
            send_message(sender=ada, peer=bo.pk, text="Again")

    def test_what_is_refused_is_none_of_them(self) -> None:
        ada, bo, cy = make_user(), make_user(), make_user()
        decide(new_hours=24, new_messages=2, refused_words="ladders", strangers_per_day=1)
        for refused in ("ladders", "https://example.org") * 2:
            with pytest.raises(DomainError, match=r"not allowed|once the other one"):
                send_message(sender=ada, peer=bo.pk, text=refused)
        send_message(sender=ada, peer=bo.pk, text="Hello")
        for _number in range(2):
            with pytest.raises(DomainError, match="many people today"):
                send_message(sender=ada, peer=cy.pk, text="Hello")
        send_message(sender=ada, peer=bo.pk, text="Again")
        with pytest.raises(DomainError, match="Too many"):
            send_message(sender=ada, peer=bo.pk, text="Once more")

    def test_what_is_too_much_begins_with_no_stranger(self) -> None:
        ada, bo, cy = make_user(), make_user(), make_user()
        decide(new_hours=24, new_messages=1, strangers_per_day=2)
        send_message(sender=ada, peer=bo.pk, text="Hello")
        for _number in range(2):
            with pytest.raises(DomainError, match="Too many"):
                send_message(sender=ada, peer=cy.pk, text="Hello")
        decide(new_hours=0)
        send_message(sender=ada, peer=cy.pk, text="Hello")

    def test_what_lost_a_race_for_the_last_one_begins_with_no_stranger(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo, cy = make_user(), make_user(), make_user()
        decide(new_hours=24, new_messages=1, strangers_per_day=2, requests=True)
        send_message(sender=ada, peer=bo.pk, text="Hello")
        with monkeypatch.context() as patch:
            patch.setattr(messages, "check_new_account", lambda *_args, **_options: True)
            with pytest.raises(DomainError, match="Too many"):
                send_message(sender=ada, peer=cy.pk, text="Hello")
        assert not Membership.objects.filter(user=cy, is_request=True).exists()
        decide(new_hours=0)
        send_message(sender=ada, peer=cy.pk, text="Hello")

    @pytest.mark.django_db(transaction=True)
    def test_what_has_to_be_repeated_counts_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ada, bo = make_user(), make_user()
        decide(new_hours=24, new_messages=1, strangers_per_day=1)
        errors = [IntegrityError()]

        def store_at_last(*args: Any) -> None:
            if errors:
                raise errors.pop()
            store(*args)

        monkeypatch.setattr(messages, "store", store_at_last)
        send_message(sender=ada, peer=bo.pk, text="Hello")
        assert Message.objects.get().text == "Hello"
        with pytest.raises(DomainError, match="Too many"):
            send_message(sender=ada, peer=bo.pk, text="Again")

    def test_are_no_longer_new_after_a_time(self) -> None:
        old = User(pk="5" + "0" * 23, email="old@example.org")
        old.rename("Old")
        old.save(force_insert=True)
        bo = make_user()
        decide(new_hours=24, new_messages=1)
        for _number in range(2):
            send_message(sender=old, peer=bo.pk, text="https://example.org")
        assert Message.objects.count() == 2
