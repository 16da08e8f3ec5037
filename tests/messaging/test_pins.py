"""Pinned messages: who may pin, who sees a pin, and that their number has a limit."""

from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.wire import timestamp
from messaging.models import PINNED_MESSAGES, Conversation, Message, Posting
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.pins import pins, pins_with
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services.deletions import delete_messages
from messaging.services.groups import add_members, change_group, remove_member
from messaging.services.messages import remove, restore, send_message
from messaging.services.pins import pin, unpin
from tests.concurrency import at_once
from tests.factories import make_group, make_message, make_messages, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db

Act = Callable[..., object]


def refusal(act: Act, user: User, key: str) -> int:
    """Its status. Nothing is changed by it."""
    rows = sorted(Message.objects.values_list("pk", "pinned_at", "pinned_by", "version"))
    versions = sorted(Conversation.objects.values_list("pk", "version"))
    with pytest.raises(DomainError) as refused:
        act(user=user, message_id=key)
    assert rows == sorted(Message.objects.values_list("pk", "pinned_at", "pinned_by", "version"))
    assert versions == sorted(Conversation.objects.values_list("pk", "version"))
    return refused.value.status


def say(sender: User, group: str, text: str = "Hello") -> str:
    return send_message(sender=sender, peer=group, text=text).record.id


def seen(user: User, conversation: str) -> list[str]:
    return [each.text or "" for each in pins(user, conversation)]


class TestPinning:
    def test_either_of_two_people_pins_and_unpins_what_either_wrote(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        record = pin(user=bo, message_id=message.pk)
        stored = Message.objects.get()
        assert (stored.pinned_by, record.pinned_at) == (bo.pk, record.updated_at)
        for me, peer in ((ada, bo), (bo, ada)):
            [chat] = chats_of(me)
            [in_history] = history(me, peer.pk, before=None, limit=5)
            assert in_history == chat.last_message == pins(me, message.conversation_id)[0]
            assert pins_with(me, peer.pk) == [in_history]
        assert unpin(user=ada, message_id=message.pk).pinned_at is None
        assert b"pinned" not in msgspec.json.encode(history(bo, ada.pk, before=None, limit=5)[0])
        assert pins(ada, message.conversation_id) == pins_with(bo, ada.pk) == []

    def test_again_nothing_happens(self, events: Events) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        unpin(user=bo, message_id=message.pk)
        first = pin(user=bo, message_id=message.pk)
        events.clear()
        assert pin(user=ada, message_id=message.pk) == first
        assert not len(events)
        assert Message.objects.get().pinned_by == bo.pk

    def test_is_told_to_both_and_is_in_sync_but_makes_nothing_unread(self, events: Events) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        cursor = sync_cursor(ada)
        unread = [chat.unread_count for chat in chats_of(bo)]
        events.clear()
        pin(user=bo, message_id=message.pk)
        both = sorted([user_group(ada.pk), user_group(bo.pk)])
        assert events.recipients("messagePinned") == both
        told, stored = events.data("messagePinned"), Message.objects.get()
        assert (told["messageId"], told["personId"]) == (message.pk, bo.pk)
        assert told["pinnedAt"] == told["updatedAt"] == timestamp(stored.updated_at)
        changes = changes_since(ada, cursor)
        assert [each.pinned_at for each in changes.messages] == [told["pinnedAt"]]
        unpin(user=ada, message_id=message.pk)
        told = events.data("messageUnpinned")
        assert events.recipients("messageUnpinned") == both
        assert (told["personId"], told["pinnedAt"]) == (ada.pk, None)
        assert [each.pinned_at for each in changes_since(ada, changes.cursor).messages] == [None]
        assert [chat.unread_count for chat in chats_of(bo)] == unread
        assert Message.objects.get().updated_at > stored.updated_at

    def test_what_was_pinned_last_comes_first(self) -> None:
        ada, bo = make_pair()
        messages = make_messages(ada, bo, 3)
        for place in (1, 0, 2):
            pin(user=bo, message_id=messages[place].pk)
        assert seen(ada, messages[0].conversation_id) == ["3", "1", "2"]

    def test_deleting_takes_the_pin_away_for_good(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        pin(user=bo, message_id=message.pk)
        message.refresh_from_db()
        remove(message=message)
        assert pins(bo, message.conversation_id) == []
        assert refusal(pin, bo, message.pk) == refusal(unpin, bo, message.pk) == 409
        restore(message=message)
        assert pins(bo, message.conversation_id) == []
        assert pin(user=bo, message_id=message.pk).pinned_at

    def test_what_somebody_deleted_for_themselves_stays_pinned_for_others(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        pin(user=bo, message_id=message.pk)
        delete_messages(user=bo, message_ids=[message.pk], whom="me")
        assert pins(bo, message.conversation_id) == []
        assert refusal(unpin, bo, message.pk) == 404
        assert seen(ada, message.conversation_id) == ["Hello"]

    def test_of_what_one_cannot_see_is_404(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        pin(user=bo, message_id=message.pk)
        stranger = make_user()
        for act in (pin, unpin):
            assert refusal(act, stranger, message.pk) == 404
            assert refusal(act, ada, "0" * 24) == refusal(act, ada, "x") == 404
        with pytest.raises(DomainError) as refused:
            pins(stranger, message.conversation_id)
        assert refused.value.status == 404
        assert pins_with(stranger, ada.pk) == []


class TestInGroups:
    def test_everybody_pins_where_everybody_writes_and_admins_where_they_rule(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        key = say(ada, group)
        assert pin(user=bo, message_id=key).pinned_at
        change_group(user=ada, group=group, posting=Posting.ADMINS)
        assert refusal(unpin, bo, key) == 403
        assert unpin(user=ada, message_id=key).pinned_at is None
        assert refusal(pin, bo, key) == 403

    def test_system_messages_are_not_pinned(self) -> None:
        ada, bo = make_pair()
        make_group(ada, bo)
        assert refusal(pin, ada, Message.objects.get().pk) == 400

    def test_who_came_later_learns_nothing_of_what_was_pinned_before(self, events: Events) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        group = make_group(ada, bo)
        before = say(ada, group, "Before")
        add_members(user=ada, group=group, people=[cy.pk])
        after = say(ada, group, "After")
        for key, told in ((before, [ada, bo]), (after, [ada, bo, cy])):
            events.clear()
            pin(user=ada, message_id=key)
            groups = sorted(user_group(each.pk) for each in told)
            assert events.recipients("messagePinned") == groups
        assert seen(bo, group) == ["After", "Before"]
        assert seen(cy, group) == ["After"]
        assert [each.text for each in pins_with(cy, group)] == ["After"]
        assert refusal(unpin, cy, before) == 404

    def test_who_has_left_keeps_what_they_saw_and_changes_nothing(self, events: Events) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        key = say(ada, group, "Seen")
        pin(user=bo, message_id=key)
        remove_member(user=ada, group=group, person=bo.pk)
        later = say(ada, group, "Not seen")
        events.clear()
        pin(user=ada, message_id=later)
        assert seen(bo, group) == ["Seen"]
        assert refusal(unpin, bo, key) == 403
        assert refusal(pin, bo, later) == 404
        assert events.recipients("messagePinned") == [user_group(ada.pk)]


def pin_many(conversation: str, count: int) -> None:
    """So many messages that are pinned, past the service."""
    first = Message.objects.filter(conversation_id=conversation).latest("seq")
    many = [
        Message(
            conversation_id=conversation,
            sender_id=first.sender_id,
            seq=first.seq + number,
            text=str(number),
            pinned_at=now(),
            pinned_by=first.sender_id,
        )
        for number in range(1, count + 1)
    ]
    Message.objects.bulk_create(many, batch_size=500)


def test_a_conversation_has_so_many_pins_at_most() -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, PINNED_MESSAGES + 1)
    for message in messages[:-1]:
        pin(user=bo, message_id=message.pk)
    assert refusal(pin, bo, messages[-1].pk) == 400
    unpin(user=ada, message_id=messages[0].pk)
    assert pin(user=bo, message_id=messages[-1].pk).pinned_at
    other = make_message(ada, make_user())
    assert pin(user=ada, message_id=other.pk).pinned_at


def test_however_many_there_are_a_page_has_the_limit(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    pin_many(message.conversation_id, 10_000)
    assert refusal(pin, ada, message.pk) == 400
    with django_assert_num_queries(3):
        assert len(pins_with(ada, bo.pk)) == PINNED_MESSAGES


@pytest.mark.django_db(transaction=True)
def test_at_once_no_more_are_pinned_than_there_is_room_for() -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, 4)
    pin_many(messages[0].conversation_id, PINNED_MESSAGES - 2)

    def try_to_pin(key: str) -> bool:
        try:
            return bool(pin(user=bo, message_id=key))
        except DomainError:
            return False

    done = at_once([partial(try_to_pin, each.pk) for each in messages])

    assert sorted(done) == [False, False, True, True]
    assert len(pins(ada, messages[0].conversation_id)) == PINNED_MESSAGES
