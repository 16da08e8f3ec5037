"""What changed since a cursor: nothing missing, whoever was away for however long."""

import threading
from datetime import timedelta

import pytest

from accounts.models import User
from chatsite.db import atomic, now
from messaging import sync
from messaging.models import Conversation, Message
from messaging.querysets import find_message
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message, restore
from messaging.sync import Changes, Cursor, changes_since, sync_cursor
from tests.concurrency import at_once
from tests.factories import make_message, make_messages, make_pair, make_user

pytestmark = pytest.mark.django_db

BEGINNING = Cursor(now() - timedelta(days=1)).encode()


def backdate(*messages: Message, by: timedelta = timedelta(minutes=5)) -> None:
    """As if these had happened before, and nothing since."""
    for message in messages:
        then = message.updated_at - by
        Message.objects.filter(pk=message.pk).update(updated_at=then)
        Conversation.objects.filter(pk=message.conversation_id).update(changed_at=then)


def texts(changes: Changes) -> list[str]:
    return [message.text for message in changes.messages]


def all_pages(user: User, since: str) -> list[Changes]:
    pages = [changes_since(user, since)]
    while pages[-1].more:
        pages.append(changes_since(user, pages[-1].cursor))
    return pages


def test_what_happened_long_before_the_cursor_is_left_out() -> None:
    ada, bo = make_pair()
    backdate(make_message(ada, bo, "old"))
    cursor = sync_cursor()
    assert texts(changes_since(bo, cursor)) == []
    assert changes_since(bo, cursor).chats == []
    make_message(ada, bo, "new")
    assert texts(changes_since(bo, cursor)) == ["new"]
    assert texts(changes_since(ada, cursor)) == ["new"]


def test_a_stranger_is_told_nothing() -> None:
    make_message()
    changes = changes_since(make_user(), BEGINNING)
    assert (changes.messages, changes.chats, changes.more) == ([], [], False)


def test_only_the_chats_that_changed_are_told() -> None:
    me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
    backdate(make_message(me, ada))
    cursor = sync_cursor()
    make_message(me, bo)
    assert [chat.peer.pk for chat in changes_since(me, cursor).chats] == [bo.pk]


def test_deletion_and_restoration_are_told_of_old_messages() -> None:
    ada, bo = make_pair()
    made = make_message(ada, bo, "old")
    backdate(made)
    cursor = sync_cursor()
    delete_message(user=ada, message_id=made.pk)
    assert [message.deleted for message in changes_since(bo, cursor).messages] == [True]
    message = find_message(bo, made.pk)
    assert message is not None
    restore(message=message)
    assert [message.deleted for message in changes_since(bo, cursor).messages] == [False]


def test_a_mark_alone_tells_of_the_chat_and_no_message() -> None:
    ada, bo = make_pair()
    backdate(*make_messages(ada, bo, 3))
    cursor = sync_cursor()
    mark_read(user=bo, peer=ada.pk, seq=2)
    for reader, mine, theirs in ((ada, 3, 2), (bo, 2, 3)):
        changes = changes_since(reader, cursor)
        [chat] = changes.chats
        assert changes.messages == []
        assert (chat.last_seq, chat.last_read_seq, chat.peer_read_seq) == (3, mine, theirs)


def test_the_new_cursor_goes_on_where_the_answer_ended() -> None:
    ada, bo = make_pair()
    backdate(make_message(ada, bo, "old"))
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
        assert [text for page in pages for text in texts(page)] == [str(n) for n in range(1, 9)]

    def test_end_without_an_empty_one(self) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 6)
        assert [len(page.messages) for page in all_pages(bo, BEGINNING)] == [3, 3]

    def test_get_past_many_changes_of_the_same_moment(self) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 8)
        Message.objects.update(updated_at=made[0].updated_at)
        told = [message.pk for page in all_pages(bo, BEGINNING) for message in page.messages]
        assert sorted(told) == sorted(message.pk for message in made)

    def test_go_back_for_what_was_committed_behind_them(self) -> None:
        """However slowly the client asks for one page after the other."""
        ada, bo = make_pair()
        make_messages(ada, bo, 5)
        first = changes_since(bo, BEGINNING)
        late = make_message(ada, bo, "late")
        behind = first.messages[0].updated_at - timedelta(milliseconds=1)
        Message.objects.filter(pk=late.pk).update(updated_at=behind)
        pages = all_pages(bo, first.cursor)
        assert "late" not in [text for page in pages for text in texts(page)]
        later = [text for page in all_pages(bo, pages[-1].cursor) for text in texts(page)]
        assert "late" in later


def test_five_hundred_come_at_once_and_then_more() -> None:
    ada, bo = make_pair()
    first = make_message(ada, bo)
    Message.objects.bulk_create(
        Message(conversation=first.conversation, sender=ada, seq=seq, text="x")
        for seq in range(2, 503)
    )
    Conversation.objects.update(changed_at=now())
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
        changes = changes_since(bo, sync_cursor())
        assert texts(changes) == []
        cursors.append(changes.cursor)
        cursor_made.set()

    at_once([write, ask])
    assert texts(changes_since(bo, cursors[0])) == ["under way"]


def test_a_conversation_s_time_of_change_never_goes_back() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    ahead = now() + timedelta(seconds=5)
    Conversation.objects.update(changed_at=ahead)
    delete_message(user=ada, message_id=message.pk)
    mark_read(user=bo, peer=ada.pk, seq=1)
    assert Conversation.objects.get().changed_at == ahead
