"""What a conversation shares, and groups in common: who sees which, page by page."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.text import has_link
from messaging.models import Message, saved_key
from messaging.queries.members import groups_in_common
from messaging.queries.shared import Kind, shared_in, shared_page, shared_with
from messaging.services.deletions import clear_chat, delete_messages, undo
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, remove, restore, send_message
from tests.factories import make_group, make_message, make_pair, make_user
from tests.files import MP4, PDF, make_upload
from tests.pictures import picture

pytestmark = pytest.mark.django_db

LINK = "See https://example.org/a"


def seen(user: User, conversation: str, kind: Kind = "links") -> list[str]:
    page = shared_page(user, conversation, kind=kind, limit=50)
    return [each.text or "picture" for each in page.messages]


def say(sender: User, peer: str, text: str) -> str:
    return send_message(sender=sender, peer=peer, text=text).record.id


class TestWhatIsShared:
    def test_newest_first_each_kind_by_itself(self) -> None:
        ada, bo = make_pair()
        first = say(ada, bo.pk, LINK)
        say(bo, ada.pk, "Nothing")
        make_message(bo, ada, "", image=picture())
        both = make_message(ada, bo, "www.example.org", image=picture())
        for me, peer in ((ada, bo), (bo, ada)):
            links = shared_with(me, peer.pk, kind="links", limit=5).messages
            assert [each.id for each in links] == [both.pk, first]
            assert {each.receiver_id for each in links} == {bo.pk}
            pictures = shared_with(me, peer.pk, kind="pictures", limit=5)
            assert [each.text for each in pictures.messages] == ["www.example.org", None]
            assert pictures == shared_page(me, both.conversation_id, kind="pictures", limit=5)

    def test_page_by_page(self) -> None:
        ada, bo = make_pair()
        for number in range(5):
            say(ada, bo.pk, f"{LINK}{number}")
            say(ada, bo.pk, "Nothing")
        before: int | None = None
        pages: list[list[str]] = []
        while not pages or before:
            page = shared_with(bo, ada.pk, kind="links", limit=2, before=before)
            before = page.before
            pages.append([(each.text or "")[-1] for each in page.messages])
        assert pages == [["4", "3"], ["2", "1"], ["0"]]

    def test_an_edit_adds_and_takes_a_link_away(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        edit_message(user=ada, message_id=message.pk, text=LINK)
        assert seen(bo, message.conversation_id) == [LINK]
        edit_message(user=ada, message_id=message.pk, text="Nothing")
        assert seen(bo, message.conversation_id) == []
        assert Message.objects.get().has_link is None

    def test_saved_messages_share_with_oneself(self) -> None:
        ada, bo = make_pair()
        key = say(ada, saved_key(ada.pk), LINK)
        [link] = shared_with(ada, saved_key(ada.pk), kind="links", limit=5).messages
        assert link.id == key
        assert shared_with(bo, saved_key(ada.pk), kind="links", limit=5).messages == []

    def test_a_forwarded_copy_is_shared_where_it_is(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo, LINK, image=picture())
        cy = make_user("Cy")
        forward_messages(user=bo, message_ids=[message.pk], to=[cy.pk], client_message_id="x")
        for kind in ("pictures", "links"):
            [copy] = shared_with(cy, bo.pk, kind=kind, limit=5).messages
            assert copy.id != message.pk

    def test_attached_pictures_are_pictures_and_all_else_is_a_file(self) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")

        def attach(*files: bytes) -> str:
            keys = [make_upload(ada, data).pk for data in files]
            return send_message(sender=ada, peer=bo.pk, attachments=keys).record.id

        album, papers = attach(picture(), picture()), attach(PDF)
        both, song = attach(PDF, picture()), attach(MP4)
        conversation = Message.objects.all()[0].conversation_id
        expected: dict[Kind, list[str]] = {
            "pictures": [both, album],
            "files": [song, both, papers],
            "links": [],
        }
        for kind, keys in expected.items():
            page = shared_page(bo, conversation, kind=kind, limit=5)
            assert [each.id for each in page.messages] == keys
        forward_messages(user=bo, message_ids=[both], to=[cy.pk], client_message_id="x")
        for kind in ("pictures", "files"):
            assert len(shared_with(cy, bo.pk, kind=kind, limit=5).messages) == 1
        delete_message(user=ada, message_id=both)
        assert len(shared_page(bo, conversation, kind="files", limit=5).messages) == 2

        migration = import_module("messaging.migrations.0021_shared_files")
        marks = Message.objects.order_by("pk").values_list("pk", "has_picture", "has_file")
        before = list(marks)
        Message.objects.update(has_picture=None, has_file=None)
        for _again in range(2):
            migration.mark_files(apps, None)
            assert list(marks.all()) == before

    def test_plain_texts_have_nothing_in_its_column(self) -> None:
        make_message(text="See example.org, ada@example.org or https")
        assert Message.objects.get().has_link is None


class TestWhoSeesIt:
    def test_strangers_learn_nothing(self) -> None:
        message = make_message(text=LINK)
        stranger = make_user()
        for key in (message.conversation_id, "0" * 24, "x"):
            with pytest.raises(DomainError) as refused:
                shared_page(stranger, key, kind="links", limit=5)
            assert refused.value.status == 404
        assert shared_with(stranger, message.sender_id, kind="links", limit=5).messages == []

    def test_what_is_deleted_for_everybody_is_gone_until_it_is_restored(self) -> None:
        message = make_message(text=LINK, image=picture())
        bo = User.objects.get(pk=message.receiver_id)
        delete_message(user=message.sender, message_id=message.pk)
        for kind in ("pictures", "links"):
            assert seen(bo, message.conversation_id, kind) == []
        message.refresh_from_db()
        restore(message=message)
        assert seen(bo, message.conversation_id) == [LINK]
        remove(message=message)
        assert seen(message.sender, message.conversation_id) == []

    def test_what_is_deleted_for_me_is_gone_for_me_alone(self) -> None:
        ada, bo = make_pair()
        keys = [say(ada, bo.pk, f"{LINK}{number}") for number in range(4)]
        conversation = Message.objects.all()[0].conversation_id
        token = delete_messages(user=bo, message_ids=keys[1:3], whom="me")
        assert seen(bo, conversation) == [f"{LINK}3", f"{LINK}0"]
        # However many are hidden, pages are full and none is skipped.
        page = shared_page(bo, conversation, kind="links", limit=1)
        assert page.before == 4
        page = shared_page(bo, conversation, kind="links", limit=1, before=page.before)
        assert ([each.id for each in page.messages], page.before) == ([keys[0]], None)
        assert len(seen(ada, conversation)) == 4
        undo(user=bo, token=token)
        assert len(seen(bo, conversation)) == 4
        clear_chat(user=bo, peer=ada.pk)
        assert seen(bo, conversation) == []
        assert len(seen(ada, conversation)) == 4

    def test_in_a_group_each_sees_that_of_their_stays(self) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        group = make_group(ada, bo)
        say(ada, group, f"{LINK}1")
        add_members(user=ada, group=group, people=[cy.pk])
        say(ada, group, f"{LINK}2")
        remove_member(user=ada, group=group, person=bo.pk)
        say(ada, group, f"{LINK}3")
        assert seen(bo, group) == [f"{LINK}2", f"{LINK}1"]
        assert seen(cy, group) == [f"{LINK}3", f"{LINK}2"]
        add_members(user=ada, group=group, people=[bo.pk])
        say(bo, group, f"{LINK}4")
        assert seen(bo, group) == [f"{LINK}4", f"{LINK}2", f"{LINK}1"]
        assert [each.text for each in shared_with(bo, group, kind="links", limit=2).messages] == [
            f"{LINK}4",
            f"{LINK}2",
        ]


def fill(conversation: str, sender: User, count: int) -> None:
    """So many messages, past the service: of twenty, one has a picture, one a file, one a link."""
    many = [
        Message(
            conversation_id=conversation,
            sender=sender,
            seq=seq,
            text="x",
            has_picture=True if seq % 20 == 0 else None,
            has_file=True if seq % 20 == 5 else None,
            has_link=True if seq % 20 == 10 else None,
        )
        for seq in range(2, 2 + count)
    ]
    Message.objects.bulk_create(many, batch_size=500)


@pytest.mark.sql_only("which server of MongoDB explains, and how, is its own")
@pytest.mark.parametrize("kind", ["pictures", "files", "links"])
def test_they_are_found_by_an_index_of_their_own(kind: Kind) -> None:
    for _ in range(10):
        message = make_message()
        fill(message.conversation_id, message.sender, 600)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")
    given = {"conversation": message.conversation_id, "after": 0, "before": 500, "moment": now()}
    plan = shared_in(kind, 20, **given).explain()
    assert f"shared_{kind}" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_page_takes_the_same_queries_however_much_is_said_between(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    message = make_message()
    fill(message.conversation_id, message.sender, 1000)
    with django_assert_num_queries(2):
        assert len(seen(message.sender, message.conversation_id)) == 50


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org", True),
        ("(HTTP://example.org)", True),
        ("见https://example.org。", True),
        ("http://[::1]/", True),
        ("http://пример.рф", True),
        ("WWW.example.org", True),
        ("awww.example.org", False),
        ("xhttps://example.org", False),
        ("http:// or https://", False),
        ("ada@example.org", False),
        ("mailto:ada@example.org", False),
        ("example.org", False),
    ],
)
def test_what_is_a_link(text: str, expected: bool) -> None:
    assert has_link(text) is expected


def test_what_was_there_before_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bo = make_pair()
    for number in range(5):
        make_message(ada, bo, f"{LINK}{number}" if number % 2 else "Nothing")
    migration = import_module("messaging.migrations.0018_shared")
    monkeypatch.setattr(migration, "BATCH", 2)
    Message.objects.update(has_link=None)
    for _again in range(2):
        migration.mark_links(apps, None)
        marked = Message.objects.filter(has_link=True)
        assert sorted(marked.values_list("text", flat=True)) == [f"{LINK}1", f"{LINK}3"]


class TestGroupsInCommon:
    def test_are_those_that_both_are_in_now_by_name(self) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        make_message(ada, bo)
        for title in ("Zoo", "Art"):
            make_group(ada, bo, title=title)
        make_group(ada, cy, title="Without Bo")
        make_group(bo, cy, title="Without Ada")
        left = make_group(cy, ada, bo, title="Left")
        assert names(ada, bo) == [("Art", "owner"), ("Left", "member"), ("Zoo", "owner")]
        assert names(bo, ada) == [("Art", "member"), ("Left", "member"), ("Zoo", "member")]
        remove_member(user=bo, group=left, person=bo.pk)
        assert names(ada, bo) == [("Art", "owner"), ("Zoo", "owner")]
        assert names(bo, ada) == [("Art", "member"), ("Zoo", "member")]

    def test_page_by_page(self) -> None:
        ada, bo = make_pair()
        for title in ("A", "B", "B", "C"):
            make_group(ada, bo, title=title)
        first = groups_in_common(ada, bo.pk, limit=2)
        second = groups_in_common(ada, bo.pk, limit=2, cursor=first.cursor)
        found = [*first.groups, *second.groups]
        assert [group.title for group, _role in found] == ["A", "B", "B", "C"]
        assert len({group.pk for group, _role in found}) == 4
        assert second.cursor == ""

    @pytest.mark.parametrize("key", ["x", "0" * 24, "f" * 24])
    def test_with_nobody_are_404(self, key: str) -> None:
        ada, _bo = make_pair()
        for each in (key, ada.pk):
            with pytest.raises(DomainError) as refused:
                groups_in_common(ada, each, limit=5)
            assert refused.value.status == 404


def names(user: User, other: User) -> list[tuple[str, str]]:
    page = groups_in_common(user, other.pk, limit=50)
    return [(group.title, role) for group, role in page.groups]
