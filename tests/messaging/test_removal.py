"""What is left of a message that is taken out for good."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models

from chatsite.db import atomic, now
from messaging.models import Message, blank_row
from messaging.services.conversations import locked_conversations
from messaging.services.removal import KEPT, empty, erase
from tests.factories import make_message

pytestmark = pytest.mark.django_db

# What people said or did with it. A new column of a message is named here, or is KEPT.
CONTENT = {
    *("text", "reply_to", "mentions", "forwarded", "has_link", "preview"),
    *("has_picture", "has_voice", "has_file"),
    *("image", "thumbnail", "image_width", "image_height", "attachments", "view_once"),
    *("edited_at", "reactions", "pinned_at", "pinned_by", "is_expiring"),
}


def test_each_column_is_either_content_or_kept() -> None:
    assert set(blank_row()) == CONTENT | KEPT
    assert not CONTENT & KEPT


def some(field: Any) -> object:
    """A value that is not blank."""
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(field, models.IntegerField):
        return 7
    return now() if isinstance(field, models.DateTimeField) else "secret"


def emptied(message: Message) -> None:
    with atomic():
        [conversation] = locked_conversations([message.conversation.key]).values()
        empty([message], conversation)


def erased(message: Message) -> None:
    with atomic():
        erase([message])


@pytest.mark.parametrize("remove", [emptied, erased])
def test_all_of_its_content_goes(remove: Callable[[Message], None]) -> None:
    message, bystander = make_message(), make_message()
    content = {field: some(Message._meta.get_field(field)) for field in CONTENT - {"preview"}}
    everything = {**content, "preview": "{}", "details": "{}"}
    Message.objects.update(**everything)
    there = Message.objects.filter(pk=message.pk)
    before: dict[str, Any] = dict(there.values().get())
    remove(Message.objects.select_related("conversation").get(pk=message.pk))
    after: dict[str, Any] = dict(there.values().get())
    blank = blank_row()
    assert {name: after[name] for name in CONTENT} == {name: blank[name] for name in CONTENT}
    # What a deletion changes is that it is one.
    changed = {name for name in KEPT if after[name] != before[name]}
    assert changed <= {"deleted", "version", "updated_at"}
    assert Message.objects.filter(pk=bystander.pk, **content).exists()
