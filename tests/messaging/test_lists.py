"""The lists people see: chats, contacts and the history of one chat."""

import pytest

from accounts.models import User
from chatsite.errors import DomainError
from messaging.models import Conversation, Membership, direct_key
from messaging.queries.chats import Chat, chats_of
from messaging.queries.history import history
from messaging.queries.members import NO_MARKS, read_marks
from messaging.queries.people import contacts_page
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message
from tests.factories import make_message, make_messages, make_pair, make_user

pytestmark = pytest.mark.django_db


def names(chats: list[Chat]) -> list[str]:
    return [chat.peer.full_name for chat in chats]


class TestChats:
    def test_come_with_the_latest_message_first(self) -> None:
        me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
        make_message(me, ada)
        make_message(bo, me)
        assert names(chats_of(me)) == ["Bo", "Ada"]
        make_message(me, ada)
        assert names(chats_of(me)) == ["Ada", "Bo"]

    def test_are_not_moved_by_reading_or_deleting(self) -> None:
        me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
        first = make_message(me, ada)
        make_message(bo, me)
        delete_message(user=me, message_id=first.pk)
        mark_read(user=ada, peer=me.pk, seq=1)
        assert names(chats_of(me)) == ["Bo", "Ada"]

    def test_are_nobody_else_s(self) -> None:
        make_message()
        assert chats_of(make_user()) == []

    def test_are_gone_with_the_account(self) -> None:
        me, peer = make_pair()
        make_message(me, peer)
        Membership.objects.filter(user=peer).delete()
        assert chats_of(me) == []

    def test_stay_without_their_last_message(self) -> None:
        me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
        make_message(me, bo)
        make_message(me, ada)
        Conversation.objects.filter(key=direct_key(me.pk, ada.pk)).update(last_message=None)
        assert [(chat.peer.full_name, bool(chat.last_message)) for chat in chats_of(me)] == [
            ("Bo", True),
            ("Ada", False),
        ]

    def test_take_the_same_few_queries_however_many(
        self, django_assert_max_num_queries: object
    ) -> None:
        me = make_user("Mia")
        for number in range(12):
            make_message(make_user(f"Peer {number}"), me)
        with django_assert_max_num_queries(6):  # type: ignore[operator]  # pytest-django's
            chats = chats_of(me)
            assert [chat.last_message.text for chat in chats if chat.last_message] == ["Hello"] * 12
            assert {chat.unread_count for chat in chats} == {1}

    def test_nothing_is_read_where_nothing_was_said(self) -> None:
        ada, bo = make_pair()
        assert read_marks(ada, bo.pk) == (0, NO_MARKS)


class TestHistory:
    def seqs(self, user: User, peer: User, limit: int, before: int | None = None) -> list[int]:
        return [message.seq for message in history(user, peer.pk, before=before, limit=limit)]

    def test_comes_in_pages_back_to_the_beginning(self) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 5)
        assert self.seqs(bo, ada, 2) == [4, 5]
        assert self.seqs(bo, ada, 2, before=4) == [2, 3]
        assert self.seqs(bo, ada, 2, before=2) == [1]
        assert self.seqs(bo, ada, 2, before=1) == []
        assert self.seqs(bo, ada, 9, before=10**15) == [1, 2, 3, 4, 5]

    def test_fills_its_pages_past_deleted_ones(self) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 5)
        for message in made[2:4]:
            delete_message(user=ada, message_id=message.pk)
        assert self.seqs(bo, ada, 3) == [1, 2, 5]

    def test_is_that_of_the_two_alone(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        stranger = make_user("Stranger")
        make_message(stranger, ada, "of the stranger")
        assert self.seqs(stranger, bo, 9) == []
        [seen] = history(stranger, ada.pk, before=None, limit=9)
        assert seen.text == "of the stranger"
        assert self.seqs(ada, ada, 9) == []


class TestContacts:
    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("ada", ["Ada 100%", "Ada_Lovelace"]),
            ("100%", ["Ada 100%"]),
            ("%", ["Ada 100%"]),
            ("_", ["Ada_Lovelace"]),
            ("\\", []),
            ("' OR 1=1 --", []),
            ("  ada_  ", ["Ada_Lovelace"]),
            ("nobody", []),
        ],
    )
    def test_are_searched_literally(self, search: str, found: list[str]) -> None:
        for number, name in enumerate(["Ada 100%", "Ada_Lovelace", "Zoe"]):
            make_user(name, email=f"p{number}@example.org")
        page = contacts_page(make_user("Mia"), search=search)
        assert [person.full_name for person in page.people] == found

    def test_come_once_each_over_all_pages(self) -> None:
        me = make_user("Mia")
        people = {make_user("Same Name").pk for _ in range(7)}
        seen: list[str] = []
        cursor = ""
        for _page in range(4):
            page = contacts_page(me, limit=2, cursor=cursor)
            seen, cursor = [*seen, *(person.id for person in page.people)], page.cursor
        assert cursor == ""
        assert len(seen) == 7
        assert set(seen) == people

    @pytest.mark.parametrize("cursor", ["x", "é", "MTIz", "AAAA", "=", "JCRndA=="])
    def test_refuse_a_cursor_that_is_none(self, cursor: str) -> None:
        with pytest.raises(DomainError) as refused:
            contacts_page(make_user(), limit=2, cursor=cursor)
        assert refused.value.status == 400
