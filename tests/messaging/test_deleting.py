"""Taking messages back, and a moderator's bringing them back."""

from datetime import timedelta

import pytest

from chatsite.errors import DomainError
from messaging.models import Conversation, Message
from messaging.queries.history import history
from messaging.queries.visibility import find_message
from messaging.recipients import user_group
from messaging.services.messages import delete_message, remove, restore
from tests.factories import make_message, make_pair, make_user
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def test_both_hear_of_it_and_nobody_else(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    events.clear()
    delete_message(user=ada, message_id=message.pk)
    assert events.recipients("messageDeleted") == sorted([user_group(ada.pk), user_group(bo.pk)])
    assert events.data("messageDeleted") == {
        "messageId": message.pk,
        "conversationId": message.conversation_id,
        "deleted": True,
        "senderId": ada.pk,
        "receiverId": bo.pk,
        "seq": 1,
    }
    assert len(events) == 2


def test_again_nothing_happens(events: Events) -> None:
    message = make_message()
    delete_message(user=message.sender, message_id=message.pk)
    deleted_at = Message.objects.get().updated_at
    events.clear()
    delete_message(user=message.sender, message_id=message.pk)
    assert not len(events)
    assert Message.objects.get().updated_at == deleted_at


def test_is_later_than_the_message_by_whatever_clock() -> None:
    message = make_message()
    sent_at = message.updated_at + timedelta(seconds=5)  # by a worker whose clock is ahead
    Message.objects.update(updated_at=sent_at)
    Conversation.objects.update(changed_at=sent_at)
    delete_message(user=message.sender, message_id=message.pk)
    assert Message.objects.get().updated_at > sent_at


def test_others_cannot(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    events.clear()
    for person, status in ((bo, 403), (make_user(), 404)):
        with pytest.raises(DomainError) as refused:
            delete_message(user=person, message_id=message.pk)
        assert refused.value.status == status
    assert not Message.objects.get().deleted
    assert not len(events)


def test_the_row_stays_and_its_content_leaves_every_answer() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, "secret", image=picture())
    delete_message(user=ada, message_id=message.pk)
    assert Message.objects.get().text == "secret"
    assert history(bo, ada.pk, before=None, limit=9) == []
    [tombstone] = history(bo, ada.pk, before=None, limit=9, include_deleted=True)
    for content in ("text", "image", "thumbnail", "image_width", "image_height"):
        assert getattr(tombstone, content) is None
    assert tombstone.deleted is True


def test_a_moderator_s_deletion_can_be_undone(events: Events) -> None:
    ada, bo = make_pair()
    made = make_message(ada, bo, "back again")
    message = find_message(ada, made.pk)
    assert message is not None
    assert remove(message=message)
    assert not remove(message=message)
    events.clear()
    assert restore(message=message)
    assert not restore(message=message)
    assert events.recipients("messageRestored") == sorted([user_group(ada.pk), user_group(bo.pk)])
    assert events.data("messageRestored")["text"] == "back again"
    assert [found.text for found in history(bo, ada.pk, before=None, limit=9)] == ["back again"]
