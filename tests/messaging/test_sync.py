"""What changed since a cursor: nothing missing, whoever was away for however long, and whatever the
clocks say.
"""

import base64
import random
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.db import atomic, now
from chatsite.errors import DomainError
from chatsite.keys import new_key
from messaging.models import Conversation, Message
from messaging.queries import sync
from messaging.queries.chats import Chat, chats_of
from messaging.queries.sync import Changes, Cursor, changes_since, sync_cursor
from messaging.queries.visibility import find_message
from messaging.serializers import CURSOR_LENGTH
from messaging.services.chat_settings import MUTES, change_chat
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message, remove, restore
from messaging.shapes.record import record_of
from tests.concurrency import at_once
from tests.factories import make_message, make_messages, make_pair, make_user

pytestmark = pytest.mark.django_db

BEGINNING = Cursor({}).encode()


def texts(changes: Changes) -> list[str | None]:
    return [message.text for message in changes.messages]


def all_pages(user: User, since: str) -> list[Changes]:
    pages = [changes_since(user, since)]
    while pages[-1].more:
        pages.append(changes_since(user, pages[-1].cursor))
    return pages


def all_texts(pages: list[Changes]) -> list[str | None]:
    return [text for page in pages for text in texts(page)]


def test_what_happened_before_the_cursor_is_left_out() -> None:
    ada, bo = make_pair()
    make_message(ada, bo, "old")
    cursor = sync_cursor(bo)
    changes = changes_since(bo, cursor)
    assert (changes.messages, changes.chats, changes.more) == ([], [], False)
    make_message(ada, bo, "new")
    assert texts(changes_since(bo, cursor)) == ["new"]


def test_a_stranger_is_told_nothing() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    stranger = make_user()
    for since in (BEGINNING, sync_cursor(stranger), sync_cursor(bo)):
        changes = changes_since(stranger, since)
        assert (changes.messages, changes.chats, changes.more) == ([], [], False)


def test_the_cursor_of_somebody_else_hides_nothing() -> None:
    """Of whom a browser keeps it, perhaps, that another person signs in with."""
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    make_messages(ada, make_user(), 9)
    cursor = Cursor(dict.fromkeys(range(2 * sync.COLUMNS), 100)).encode()
    assert all_texts(all_pages(bo, cursor)) == ["1", "2", "3"]


def test_only_the_chats_that_changed_are_told() -> None:
    me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
    make_message(me, ada)
    cursor = sync_cursor(me)
    conversation = make_message(me, bo).conversation_id
    with pytest.MonkeyPatch.context() as patch:
        apart = {conversation: (0, sync.COLUMNS)}
        patch.setattr(sync, "_buckets", lambda key: apart.get(key, (1, sync.COLUMNS + 1)))
        cursor = Cursor({1: 1, sync.COLUMNS + 1: 1}).encode()
        assert [chat.peer.id for chat in changes_since(me, cursor).chats] == [bo.pk]


def test_the_chats_come_with_the_latest_first_however_many() -> None:
    me, others = make_user("Mia"), [make_user() for _ in range(70)]
    for other in others:
        make_message(me, other)
    chats = changes_since(me, BEGINNING).chats
    assert [chat.peer.id for chat in chats] == [other.pk for other in reversed(others)]


def test_deletion_and_restoration_are_told_of_old_messages() -> None:
    ada, bo = make_pair()
    made = make_message(ada, bo, "old")
    make_message(ada, bo, "newer")
    cursor = sync_cursor(bo)
    delete_message(user=ada, message_id=made.pk)
    assert [message.deleted for message in changes_since(bo, cursor).messages] == [True]
    cursor = sync_cursor(bo)
    message = find_message(bo, made.pk)
    assert message is not None
    restore(message=message)
    assert texts(changes_since(bo, cursor)) == ["old"]


def test_what_changes_nothing_makes_no_version() -> None:
    ada, bo = make_pair()
    made = make_message(ada, bo)
    mark_read(user=bo, peer=ada.pk, seq=1)
    delete_message(user=ada, message_id=made.pk)
    cursor = sync_cursor(bo)
    mark_read(user=bo, peer=ada.pk, seq=1)
    delete_message(user=ada, message_id=made.pk)
    assert sync_cursor(bo) == cursor


def test_a_mark_alone_tells_of_the_chat_and_no_message() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    cursors = {ada: sync_cursor(ada), bo: sync_cursor(bo)}
    mark_read(user=bo, peer=ada.pk, seq=2)
    for reader, mine, theirs in ((ada, 3, 2), (bo, 2, 3)):
        changes = changes_since(reader, cursors[reader])
        [chat] = changes.chats
        assert changes.messages == []
        assert (chat.last_seq, chat.last_read_seq, chat.peer_read_seq) == (3, mine, theirs)


def test_the_new_cursor_goes_on_where_the_answer_ended() -> None:
    ada, bo = make_pair()
    make_message(ada, bo, "old")
    cursor = changes_since(bo, BEGINNING).cursor
    assert texts(changes_since(bo, cursor)) == []
    make_message(ada, bo, "new")
    assert texts(changes_since(bo, cursor)) == ["new"]


class TestPages:
    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sync, "PAGE", 3)

    def test_tell_everything_once_and_in_order(self) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 8)
        pages = all_pages(bo, BEGINNING)
        assert [len(page.messages) for page in pages] == [3, 3, 2]
        assert all_texts(pages) == [str(n) for n in range(1, 9)]

    def test_end_without_an_empty_one(self) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 6)
        assert [len(page.messages) for page in all_pages(bo, BEGINNING)] == [3, 3]

    def test_tell_of_the_chats_once(self) -> None:
        me = make_user()
        for _ in range(3):
            make_messages(me, make_user(), 3)
        assert [len(page.chats) for page in all_pages(me, BEGINNING)] == [3, 0, 0]

    def test_what_changes_while_they_are_fetched_comes_next_time(self) -> None:
        """However slowly the client asks for one page after the other."""
        ada, bo, cy = make_user(), make_user(), make_user()
        made = make_messages(ada, bo, 5)
        make_messages(cy, bo, 5)
        first = changes_since(bo, BEGINNING)
        make_message(ada, bo, "late")
        make_message(cy, bo, "late, too")
        delete_message(user=ada, message_id=made[0].pk)
        pages = all_pages(bo, first.cursor)
        later = all_pages(bo, pages[-1].cursor)
        assert {"late", "late, too"} <= set(all_texts(pages) + all_texts(later))
        deleted = [m.id for page in pages + later for m in page.messages if m.deleted]
        assert made[0].pk in deleted


def test_five_hundred_come_at_once_and_then_more() -> None:
    ada, bo = make_pair()
    first = make_message(ada, bo)
    Message.objects.bulk_create(
        Message(conversation=first.conversation, sender=ada, seq=seq, version=seq, text="x")
        for seq in range(2, 503)
    )
    Conversation.objects.update(version=502)
    pages = all_pages(bo, BEGINNING)
    assert [(len(page.messages), page.more) for page in pages] == [(500, True), (2, False)]


@pytest.mark.sql_only("a MongoDB server of its own commits each write by itself, at once")
@pytest.mark.django_db(transaction=True)
def test_what_is_committed_after_the_cursor_was_made_is_not_missed() -> None:
    ada, bo = make_pair()
    written, cursor_made = threading.Event(), threading.Event()
    cursors: list[str] = []

    def write() -> None:
        with atomic():
            make_message(ada, bo, "under way")
            written.set()
            assert cursor_made.wait(20)

    def ask() -> None:
        assert written.wait(20)
        changes = changes_since(bo, sync_cursor(bo))
        assert texts(changes) == []
        cursors.append(changes.cursor)
        cursor_made.set()

    at_once([write, ask])
    assert texts(changes_since(bo, cursors[0])) == ["under way"]


class TestClocks:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, timedelta]:
        """How far this worker's clock is ahead."""
        clock = {"ahead": timedelta()}
        for module in ("messages", "conversations"):
            monkeypatch.setattr(f"messaging.services.{module}.now", lambda: now() + clock["ahead"])
        return clock

    @pytest.mark.parametrize("seconds", [-3600, -40, 40, 3600])
    def test_hide_nothing(self, clock: dict[str, timedelta], seconds: int) -> None:
        ada, bo = make_pair()
        old = make_message(ada, bo, "old")
        cursor = sync_cursor(bo)
        clock["ahead"] = timedelta(seconds=seconds)
        make_message(ada, bo, "by a worker whose clock is wrong")
        delete_message(user=ada, message_id=old.pk)
        mark_read(user=bo, peer=ada.pk, seq=2)
        clock["ahead"] = timedelta()
        make_message(ada, bo, "by another")
        changes = changes_since(bo, cursor)
        assert texts(changes)[0] == "by a worker whose clock is wrong"
        assert [(m.seq, m.deleted) for m in changes.messages] == [(2, False), (1, True), (3, False)]
        assert [chat.last_read_seq for chat in changes.chats] == [2]

    def test_make_no_time_of_a_conversation_go_back(self, clock: dict[str, timedelta]) -> None:
        ada, bo = make_pair()
        clock["ahead"] = timedelta(hours=1)
        ahead = make_message(ada, bo)
        clock["ahead"] = timedelta(hours=-1)
        after = make_message(bo, ada)
        assert after.created_at >= ahead.created_at
        delete_message(user=ada, message_id=ahead.pk)
        deleted = Message.objects.get(pk=ahead.pk)
        assert deleted.updated_at > ahead.updated_at
        mark_read(user=ada, peer=bo.pk, seq=2)
        assert Conversation.objects.get().changed_at == deleted.updated_at


class TestCursors:
    def test_are_short_enough_for_an_address(self) -> None:
        buckets = range(2 * sync.COLUMNS)
        sums, growth = dict.fromkeys(buckets, 2**31), dict.fromkeys(buckets, 2**15)
        longest = Cursor(sums, growth, new_key(), 2**31).encode()
        assert len(longest) < 1024 < CURSOR_LENGTH

    def test_of_somebody_with_few_chats_are_very_short(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        assert len(sync_cursor(bo)) < 30

    @pytest.mark.parametrize(
        "given",
        [
            {"sums": {64: 1}},
            {"sums": {0: -1}},
            {"sums": {0: 2**64 - 1}},
            {"sums": {}, "conversation": "x"},
            {"sums": {}, "conversation": "0" * 24, "version": -1},
        ],
    )
    def test_that_nobody_was_given_are_refused(self, given: dict[str, Any]) -> None:
        with pytest.raises(DomainError):
            changes_since(make_user(), Cursor(**given).encode())

    @pytest.mark.parametrize("tail", ["", "0123456789abcdef01234567", "{key}.{then}"])
    def test_of_before_there_were_versions_are_answered_and_replaced(self, tail: str) -> None:
        """They said when, by some worker's clock, and after which message of that moment."""
        ada, bo, cy = make_user(), make_user(), make_user()
        old, *late = make_messages(ada, bo, 3)
        make_message(cy, bo, "long before")
        ago = now() - timedelta(hours=3)
        Message.objects.exclude(pk__in=[m.pk for m in late]).update(updated_at=ago)
        moment = round((late[0].updated_at + timedelta(minutes=50)).timestamp() * 1000)
        text = f"{moment}.{tail.format(key=new_key(), then=moment)}"
        changes = changes_since(bo, base64.urlsafe_b64encode(text.encode()).decode())
        assert {"2", "3"} <= set(texts(changes))
        assert {chat.peer.id for chat in changes.chats} == {ada.pk, cy.pk}
        assert texts(changes_since(bo, changes.cursor)) == []
        delete_message(user=ada, message_id=old.pk)
        assert [m.id for m in changes_since(bo, changes.cursor).messages] == [old.pk]


class Client:
    """What somebody knows who asks for nothing but changes."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.cursor = sync_cursor(user)
        self.messages, self.marks = _truth(user)

    def ask(self) -> bool:
        """For one page. Returns whether there are more."""
        changes = changes_since(self.user, self.cursor)
        self.cursor = changes.cursor
        for message in changes.messages:
            self.messages[message.id] = message
        for chat in changes.chats:
            self.marks[str(chat.peer.id)] = _marks(chat)
        return changes.more

    def catch_up(self) -> None:
        while self.ask():
            pass


def _messages_of(user: User) -> QuerySet[Message]:
    messages = Message.objects.filter(conversation__memberships__user_id=user.pk)
    return messages.select_related("conversation").order_by("pk")


def _truth(user: User) -> tuple[dict[str, Any], dict[str, Any]]:
    messages = {message.pk: record_of(message) for message in _messages_of(user)}
    return messages, {str(chat.peer.id): _marks(chat) for chat in chats_of(user)}


def _marks(chat: Chat) -> tuple[Any, ...]:
    return chat.last_read_seq, chat.peer_read_seq, chat.settings


def _something_happens(chance: random.Random, me: User, others: list[User]) -> None:
    other = chance.choice(others)
    sender, receiver = chance.choice([(me, other), (other, me)])
    match chance.randrange(8):
        case 0 | 1 | 2:
            make_messages(sender, receiver, chance.choice([1, 1, 4]))
        case 3:
            mark_read(user=sender, peer=receiver.pk, seq=chance.randrange(1, 20))
        case 4 | 5:
            peer = chance.choice(chats_of(me)).peer.id
            change_chat(
                user=me, peer=peer, archived=chance.random() < 0.5, mute=chance.choice(MUTES)
            )
        case _:
            message = chance.choice(list(_messages_of(me)))
            (restore if message.deleted else remove)(message=message)


@pytest.mark.parametrize("seed", range(6))
def test_whoever_asks_now_and_then_knows_everything(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens between any two pages, with many conversations in a bucket, or in all."""
    chance = random.Random(seed)
    monkeypatch.setattr(sync, "PAGE", chance.choice([2, 5, 50]))
    monkeypatch.setattr(sync, "COLUMNS", chance.choice([1, 3, 32]))
    me, others = make_user("Mia"), [make_user() for _ in range(8)]
    make_message(me, others[0])
    clients = [Client(me) for _ in range(3)]
    for _ in range(60):
        _something_happens(chance, me, others)
        if chance.random() < 0.3:
            chance.choice(clients).ask()
    for client in clients:
        client.catch_up()  # with the answer that it was in the midst of
        client.catch_up()
        assert (client.messages, client.marks) == _truth(me)


def test_what_it_costs_grows_with_what_changed_not_with_what_there_is() -> None:
    """Also for somebody with more conversations than buckets."""
    me = make_user("Mia")
    others = [make_user(str(number)) for number in range(100)]
    for other in others:
        make_message(other, me, "old")
    cursor = sync_cursor(me)
    make_messages(others[0], me, 20)
    make_message(others[1], me, "1")
    with CaptureQueriesContext(connection) as queries:
        changes = changes_since(me, cursor)
    assert {str(n) for n in range(1, 21)} <= set(texts(changes))
    assert len(changes.chats) <= 10
    assert len(changes.messages) <= 30
    # On MongoDB one more for the conversations, and four for what belongs to the rows of chats and
    # messages.
    assert len(queries) <= (10 if connection.vendor == "mongodb" else 6)
