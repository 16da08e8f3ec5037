"""Deleting for oneself, several at once, undoing it, and deleting a chat."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import Membership, Message
from messaging.queries.chats import Chat, chats_of
from messaging.queries.history import first_unread, history, originals_of
from messaging.queries.sync import changes_since, sync_cursor
from messaging.queries.visibility import LAST, Stays, find_message
from messaging.recipients import user_group
from messaging.services import deletions
from messaging.services.chat_settings import change_chat
from messaging.services.conversations import mark_read
from messaging.services.deletions import clear_chat, delete_messages, undo
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, remove, send_message
from messaging.services.reactions import react
from tests.factories import make_group, make_message, make_messages, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db


def texts(user: User, peer: User | str, limit: int = 50, before: int | None = None) -> list[str]:
    key = peer if isinstance(peer, str) else peer.pk
    return [str(each.text) for each in history(user, key, before=before, limit=limit)]


def chat_of(user: User, peer: User | str) -> Chat | None:
    key = peer if isinstance(peer, str) else peer.pk
    return next((chat for chat in chats_of(user) if chat.peer.id == key), None)


def hide(user: User, *messages: Message) -> str:
    return delete_messages(user=user, message_ids=[each.pk for each in messages], whom="me")


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.status, refused.value.code


class TestStays:
    def test_are_split_and_merged(self) -> None:
        all_of_it = Stays([(0, LAST)])
        without = all_of_it.without([(4, 5), (5, 6), (1, 2)])
        assert without == [(0, 1), (2, 4), (6, LAST)]
        assert without.stored() == (6, "[[0,1],[2,4]]")
        assert Stays.of(6, None, "[[0,1],[2,4]]") == without
        assert without.hidden(6) == [(2, 2), (5, 6)]
        assert [without.last(end) for end in (7, 6, 2, 1)] == [7, 4, 1, 1]
        assert without.along_with([(4, 6), (1, 2)]) == all_of_it
        assert Stays([(0, 9)]).without([(8, 9)]).without([(0, 8)]) == [(9, 9)]

    def test_of_who_left_and_came_back_to_all_of_it(self) -> None:
        assert Stays([(2, 4), (0, LAST)]).without([(2, 3)]) == [(0, 2), (3, LAST)]


@pytest.mark.database
class TestForMe:
    def test_it_is_gone_for_me_alone(self, events: Events) -> None:
        ada, bo = make_pair()
        one, two, three = make_messages(ada, bo, 3)
        events.clear()
        hide(bo, two)
        assert texts(bo, ada) == ["1", "3"]
        assert texts(ada, bo) == ["1", "2", "3"]
        assert find_message(bo, two.pk) is None
        assert find_message(ada, two.pk) is not None
        assert originals_of(bo, ada.pk, [one.pk, two.pk]).keys() == {one.pk}
        assert events.recipients("historyChanged") == [user_group(bo.pk)]
        assert events.data("historyChanged")["hidden"] == [[2, 2]]
        assert {pushed.to for pushed in events} == {user_group(bo.pk)}
        assert refusal(lambda: hide(bo, two)) == (404, "not_found")
        assert refusal(lambda: hide(make_user(), three)) == (404, "not_found")

    def test_pages_of_history_skip_it(self) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 12)
        hide(bo, *made[1:10:2], made[11])
        assert texts(bo, ada) == ["1", "3", "5", "7", "9", "11"]
        assert texts(bo, ada, limit=3) == ["7", "9", "11"]
        assert texts(bo, ada, limit=3, before=7) == ["1", "3", "5"]

    def test_the_list_shows_the_last_one_that_i_see(self) -> None:
        ada, bo = make_pair()
        one, two = make_messages(ada, bo, 2)
        hide(bo, two)
        chat = chat_of(bo, ada)
        assert chat
        assert chat.last_message
        assert chat.last_message.id == one.pk
        others = chat_of(ada, bo)
        assert others
        assert others.last_message
        assert others.last_message.id == two.pk
        hide(bo, one)
        assert chat_of(bo, ada) is None
        make_message(ada, bo, "3")
        chat = chat_of(bo, ada)
        assert chat
        assert chat.last_message
        assert chat.last_message.text == "3"
        assert chat.unread_count == 1

    def test_what_is_before_and_after_it_stays_unread_and_nobody_is_told_it_was_read(self) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 6)
        delete_message(user=ada, message_id=made[0].pk)
        token = hide(bo, made[2])
        chat = chat_of(bo, ada)
        assert chat
        assert (chat.unread_count, chat.last_read_seq) == (4, 0)
        hide(bo, made[5], made[0])
        chat = chat_of(bo, ada)
        assert chat
        assert chat.unread_count == 3
        others = chat_of(ada, bo)
        assert others
        assert others.peer_read_seq == 0
        assert first_unread(bo, ada.pk, read_seq=2) == 4
        undo(user=bo, token=token)
        chat = chat_of(bo, ada)
        assert chat
        assert chat.unread_count == 4
        mark_read(user=bo, peer=ada.pk, seq=4)
        [chat] = chats_of(bo)
        assert chat.unread_count == 1
        mark_read(user=bo, peer=ada.pk, seq=5)
        [chat] = chats_of(bo)
        assert chat.unread_count == 0

    def test_mentions_before_it_count(self) -> None:
        olga, bo = make_user("Olga"), make_user("Bo")
        group = make_group(olga, bo)
        said = partial(send_message, sender=olga, peer=group)
        first, _second, third = (said(text="@Bo", mentions=[bo.pk]).record for _ in range(3))
        said(text="nothing")
        delete_messages(user=bo, message_ids=[third.id], whom="me")
        chat = chat_of(bo, group)
        assert chat
        # The line that the group was made is among them.
        assert (chat.unread_count, chat.unread_mentions) == (4, 2)
        delete_message(user=olga, message_id=first.id)
        chat = chat_of(bo, group)
        assert chat
        assert (chat.unread_count, chat.unread_mentions) == (3, 1)

    def test_sync_tells_my_other_devices(self) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 3)
        mine, theirs = sync_cursor(bo), sync_cursor(ada)
        token = hide(bo, made[2], made[0])
        [chat] = changes_since(bo, mine).chats
        assert chat.hidden == [(1, 1), (3, 3)]
        assert chat.last_message
        assert chat.last_message.id == made[1].pk
        told = changes_since(ada, theirs)
        assert not told.messages
        assert not told.chats
        after = sync_cursor(bo)
        undo(user=bo, token=token)
        [chat] = changes_since(bo, after).chats
        assert chat.hidden == ()

    def test_nor_of_what_happens_to_it_later(self, events: Events) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        hide(bo, message)
        cursor = sync_cursor(bo)
        events.clear()
        react(user=ada, message_id=message.pk, emoji="👍")
        assert events.recipients("reactionChanged") == [user_group(ada.pk)]
        assert changes_since(bo, cursor).messages == []
        assert refusal(lambda: react(user=bo, message_id=message.pk, emoji="👍"))[0] == 404
        reply = partial(send_message, sender=bo, peer=ada.pk, text="?", reply_to=message.pk)
        assert refusal(reply)[0] == 400

    def test_in_groups_with_system_lines_and_after_leaving(self) -> None:
        olga, bo = make_user("Olga"), make_user("Bo")
        group = make_group(olga, bo)
        send_message(sender=olga, peer=group, text="hello")
        made, said = Message.objects.filter(conversation_id=group).order_by("seq")
        hide(bo, made)
        assert texts(bo, group) == ["hello"]
        remove_member(user=olga, group=group, person=bo.pk)
        hide(bo, said)
        add_members(user=olga, group=group, people=[bo.pk])
        assert not {"hello"} & set(texts(bo, group))
        assert "hello" in texts(olga, group)

    def test_in_too_many_places_nothing_changes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(deletions, "PARTS", 3)
        ada, bo = make_pair()
        made = make_messages(ada, bo, 8)
        hide(bo, made[1], made[3])
        assert refusal(lambda: hide(bo, made[5])) == (409, "parts")
        assert len(texts(bo, ada)) == 6
        hide(bo, made[2])
        assert texts(bo, ada) == ["1", "5", "6", "7", "8"]


@pytest.mark.database
class TestSeveral:
    def test_are_one_transaction(
        self, events: Events, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 30)
        keys = [each.pk for each in made]
        events.clear()
        with django_assert_max_num_queries(60):
            delete_messages(user=ada, message_ids=keys)
        assert len(events.recipients("messageDeleted")) == 60
        assert texts(bo, ada) == []
        with django_assert_max_num_queries(25):
            delete_messages(user=bo, message_ids=keys, whom="me")

    def test_all_or_none(self, events: Events) -> None:
        ada, bo = make_pair()
        mine, theirs = make_message(ada, bo), make_message(bo, ada)
        elsewhere = make_message(ada)
        events.clear()
        for keys, refused in (
            ([mine.pk, theirs.pk], (403, "not_sender")),
            ([mine.pk, elsewhere.pk], (400, "conversations")),
            (["0" * 24], (404, "not_found")),
            ([mine.pk] * 101, (400, "too_many")),
        ):
            assert refusal(partial(delete_messages, user=ada, message_ids=keys)) == refused
        assert not len(events)
        assert not Message.objects.filter(deleted=True).exists()


class TestInTime:
    def test_is_how_long_one_may_delete_for_everybody(self, settings: Settings) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        Message.objects.update(created_at=now() - timedelta(minutes=11))
        settings.MESSAGE_DELETE_MINUTES = 10
        assert refusal(lambda: delete_messages(user=ada, message_ids=[message.pk])) == (
            403,
            "too_late",
        )
        assert texts(bo, ada) == ["Hello"]
        hide(ada, message)
        settings.MESSAGE_DELETE_MINUTES = 12
        delete_messages(user=bo, message_ids=[make_message(bo, ada).pk])


@pytest.mark.database
class TestUndo:
    def test_brings_back_what_was_deleted_for_everybody(self, events: Events) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 2)
        token = delete_messages(user=ada, message_ids=[each.pk for each in made])
        events.clear()
        undo(user=ada, token=token)
        undo(user=ada, token=token)
        assert texts(bo, ada) == ["1", "2"]
        assert len(events.recipients("messageRestored")) == 4

    def test_brings_back_what_was_hidden_to_me_alone(self, events: Events) -> None:
        ada, bo = make_pair()
        made = make_messages(ada, bo, 3)
        mark_read(user=bo, peer=ada.pk, seq=3)
        token = hide(bo, *made[1:])
        events.clear()
        undo(user=bo, token=token)
        assert texts(bo, ada) == ["1", "2", "3"]
        assert events.recipients("messageRestored") == [user_group(bo.pk)] * 2
        assert {pushed.to for pushed in events} == {user_group(bo.pk)}
        assert Membership.objects.get(user=bo).earlier_stays == ""

    def test_is_for_who_did_it_and_not_for_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        token = delete_messages(user=ada, message_ids=[message.pk])
        assert refusal(lambda: undo(user=bo, token=token)) == (409, "undo")
        assert refusal(lambda: undo(user=ada, token=f"{token}x")) == (409, "undo")
        monkeypatch.setattr(deletions, "UNDO_ACCEPTED", -1)
        assert refusal(lambda: undo(user=ada, token=token)) == (409, "undo")
        assert texts(bo, ada) == []

    def test_does_not_undo_what_a_moderator_removed(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        token = delete_messages(user=ada, message_ids=[message.pk])
        remove(message=Message.objects.select_related("conversation").get(pk=message.pk))
        undo(user=ada, token=token)
        assert texts(bo, ada) == []

    def test_brings_back_nothing_that_was_never_seen(self) -> None:
        olga, bo = make_user("Olga"), make_user("Bo")
        group = make_group(olga)
        send_message(sender=olga, peer=group, text="before")
        add_members(user=olga, group=group, people=[bo.pk])
        send_message(sender=olga, peer=group, text="after")
        last = Message.objects.filter(conversation_id=group).latest("seq")
        before = texts(bo, group)
        undo(user=bo, token=hide(bo, last))
        assert texts(bo, group) == before
        assert "before" not in before


@pytest.mark.database
class TestChat:
    def test_leaves_my_list_and_comes_back_with_the_next_message(self, events: Events) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 3)
        change_chat(user=bo, peer=ada.pk, pinned=True, mute="always", marked_unread=True)
        cursor = sync_cursor(bo)
        events.clear()
        clear_chat(user=bo, peer=ada.pk)
        assert chat_of(bo, ada) is None
        assert texts(bo, ada) == []
        assert texts(ada, bo) == ["1", "2", "3"]
        assert {pushed.to for pushed in events} == {user_group(bo.pk)}
        [told] = changes_since(bo, cursor).chats
        assert (told.hidden, told.last_message, told.unread_count) == ([(1, 3)], None, 0)
        others = chat_of(ada, bo)
        assert others
        assert others.peer_read_seq == 0
        clear_chat(user=bo, peer=ada.pk)
        make_message(ada, bo, "4")
        chat = chat_of(bo, ada)
        assert chat
        assert chat.unread_count == 1
        assert chat.settings.pinned_at is None
        assert chat.settings.muted_until
        assert texts(bo, ada) == ["4"]

    def test_keeps_what_came_after_the_last_one_that_i_knew_of(self) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 3)
        clear_chat(user=bo, peer=ada.pk, up_to=2)
        assert texts(bo, ada) == ["3"]

    def test_a_group_stays_while_i_am_in_it(self) -> None:
        olga, bo = make_user("Olga"), make_user("Bo")
        group = make_group(olga, bo)
        change_chat(user=bo, peer=group, pinned=True)
        clear_chat(user=bo, peer=group)
        chat = chat_of(bo, group)
        assert chat
        assert chat.last_message is None
        assert chat.settings.pinned_at
        remove_member(user=olga, group=group, person=bo.pk)
        assert chat_of(bo, group)
        clear_chat(user=bo, peer=group)
        assert chat_of(bo, group) is None
        assert chat_of(olga, group)

    def test_of_nobody_one_talks_to(self) -> None:
        ada, bo = make_pair()
        for peer in (bo.pk, "f" * 24, "x"):
            assert refusal(partial(clear_chat, user=ada, peer=peer))[0] == 404
