"""What several people, devices or retries do at the same instant."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import User
from chatsite.errors import DomainError
from messaging.models import Conversation, Membership, Message
from messaging.services.conversations import mark_read
from messaging.services.messages import Sent, delete_message, send_message
from tests.concurrency import at_once
from tests.factories import make_message, make_messages, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_sends_get_twenty_numbers_without_a_gap() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    writers = [(ada, bo), (bo, ada)] * 10
    made = at_once([partial(make_message, *pair, f"{i}") for i, pair in enumerate(writers)])
    assert sorted(message.seq for message in made) == list(range(2, 22))
    conversation = Conversation.objects.get()
    assert conversation.last_seq == 21
    assert conversation.last_message == Message.objects.get(seq=21)


def test_first_messages_make_one_conversation() -> None:
    for _round in range(5):
        ada, bo = make_pair()
        one, other = at_once([partial(make_message, ada, bo), partial(make_message, bo, ada)])
        assert one.conversation_id == other.conversation_id
        assert {one.seq, other.seq} == {1, 2}
        assert Membership.objects.filter(conversation=one.conversation_id).count() == 2


def test_one_client_id_makes_one_message(events: Events) -> None:
    ada, bo = make_pair()
    send = partial(send_message, sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1")
    outcomes = at_once([send] * 8)
    assert Message.objects.count() == 1
    assert {sent.record.id for sent in outcomes} == {Message.objects.get().pk}
    assert [sent.created for sent in outcomes].count(True) == 1
    assert Conversation.objects.get().last_seq == 1
    assert len(events.recipients("newMessage")) == 2


def test_one_client_id_for_two_people_reaches_one() -> None:
    ada, bo = make_pair()
    zoe = make_user("Zoe")

    def send(peer: User) -> int:
        try:
            return _status(send_message(sender=ada, peer=peer.pk, text="Hi", client_message_id="c"))
        except DomainError as error:
            return error.status

    assert sorted(at_once([partial(send, bo), partial(send, zoe)])) == [201, 409]
    assert Message.objects.count() == 1


def test_one_deletion_is_told_once(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    events.clear()
    at_once([partial(delete_message, user=ada, message_id=message.pk)] * 6)
    assert len(events.recipients("messageDeleted")) == 2


def test_marks_end_at_the_highest() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 9)
    at_once([partial(mark_read, user=bo, peer=ada.pk, seq=seq) for seq in (3, 9, 1, 7, 5)])
    assert Membership.objects.get(user=bo).last_read_seq == 9


def _status(sent: Sent) -> int:
    return 201 if sent.created else 200


def test_reading_and_writing_do_not_wait_for_each_other() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    calls: list[Callable[[], object]] = []
    for one, other in [(ada, bo), (bo, ada)] * 6:
        calls.append(partial(make_message, one, other))
        calls.append(partial(mark_read, user=one, peer=other.pk, seq=99))
    at_once(calls)
    assert list(Message.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 14))
