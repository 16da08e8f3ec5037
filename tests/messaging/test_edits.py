"""Editing messages: who may, until when, and what is kept of what they said before."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import Conversation, Message, MessageEdit
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services.edits import edit_message
from messaging.services.groups import add_members, change_group, remove_member
from messaging.services.messages import delete_message, remove, restore, send_message
from messaging.services.reactions import react
from messaging.shapes.reactions import decoded_reactions
from tests.concurrency import at_once
from tests.factories import make_group, make_message, make_pair, make_user
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def earlier_texts(message: str) -> list[str]:
    edits = MessageEdit.objects.filter(message_id=message).order_by("pk")
    return list(edits.values_list("text", flat=True))


def refusal(user: User, key: str, text: str = "Changed") -> tuple[int, str]:
    """Its status and code. Nothing is changed by it."""

    def state() -> list[object]:
        versions = Conversation.objects.values_list("pk", "version")
        messages = Message.objects.values_list()
        return [*map(sorted, (versions, messages)), MessageEdit.objects.count()]

    before = state()
    with pytest.raises(DomainError) as refused:
        edit_message(user=user, message_id=key, text=text)
    assert state() == before
    return refused.value.status, refused.value.code


def age(message: Message | str, **since: float) -> None:
    key = message if isinstance(message, str) else message.pk
    Message.objects.filter(pk=key).update(created_at=now() - timedelta(**since))


def test_both_hear_of_it_and_nobody_else(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, "Helo")
    events.clear()
    record = edit_message(user=ada, message_id=message.pk, text="Hello")
    assert events.recipients("messageEdited") == sorted([user_group(ada.pk), user_group(bo.pk)])
    told = events.data("messageEdited")
    assert (told["_id"], told["text"], told["seq"]) == (message.pk, "Hello", 1)
    assert told["editedAt"] == told["updatedAt"] == record.edited_at > told["createdAt"]
    assert len(events) == 2


def test_everybody_reads_the_new_text_and_moderators_the_earlier_ones() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, "One")
    cursor = sync_cursor(bo)
    edit_message(user=ada, message_id=message.pk, text="Two")
    record = edit_message(user=ada, message_id=message.pk, text="Three")
    [in_history] = history(bo, ada.pk, before=None, limit=9)
    [changed] = changes_since(bo, cursor).messages
    [chat] = chats_of(bo)
    assert in_history == changed == chat.last_message
    assert (record.text, record.edited_at) == (in_history.text, in_history.edited_at)
    assert in_history.text == "Three"
    assert chat.unread_count == 1
    assert earlier_texts(message.pk) == ["One", "Two"]
    edits = MessageEdit.objects.order_by("pk")
    assert {edit.editor_id for edit in edits} == {ada.pk}
    assert edits[0].edited_at < edits[1].edited_at == Message.objects.get().edited_at


def test_the_same_again_nothing_happens_however_late(events: Events) -> None:
    message = make_message()
    edit_message(user=message.sender, message_id=message.pk, text="Changed")
    age(message, days=9)
    version = Conversation.objects.get().version
    events.clear()
    edit_message(user=message.sender, message_id=message.pk, text="Changed")
    assert not len(events)
    assert Conversation.objects.get().version == version
    assert earlier_texts(message.pk) == ["Hello"]


def test_is_later_than_the_message_by_whatever_clock() -> None:
    message = make_message()
    sent_at = message.updated_at + timedelta(seconds=5)  # by a worker whose clock is ahead
    Message.objects.update(created_at=sent_at, updated_at=sent_at)
    Conversation.objects.update(changed_at=sent_at)
    edit_message(user=message.sender, message_id=message.pk, text="Changed")
    assert Message.objects.get().updated_at > sent_at


def test_a_caption_may_go_and_come_but_a_message_says_something() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, "My cat", image=picture())
    assert edit_message(user=ada, message_id=message.pk, text=" \u200b").text is None
    record = edit_message(user=ada, message_id=message.pk, text="My dog")
    assert (record.text, bool(record.image)) == ("My dog", True)
    assert earlier_texts(message.pk) == ["My cat", ""]
    words = make_message(ada, bo)
    for blank in ("", " \n", "\u200b"):
        assert refusal(ada, words.pk, blank) == (400, "empty")


def test_a_text_that_could_not_be_sent_is_no_edit() -> None:
    message = make_message()
    for text in ("x" * 10_001, "nul \0", "\ud800"):
        assert refusal(message.sender, message.pk, text) == (400, "text")
    edit_message(user=message.sender, message_id=message.pk, text="x" * 10_000)


def test_only_the_sender_may() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    assert refusal(bo, message.pk) == (403, "not_sender")
    assert refusal(make_user(), message.pk) == refusal(ada, "0" * 24) == refusal(ada, "x")
    assert refusal(make_user(), message.pk)[0] == 404


def test_a_moderator_s_deletion_is_not_undone_by_it() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    edit_message(user=ada, message_id=message.pk, text="Changed")
    remove(message=message)
    assert refusal(ada, message.pk) == (409, "deleted")
    [tombstone] = history(bo, ada.pk, before=None, limit=9, include_deleted=True)
    assert (tombstone.text, tombstone.edited_at) == (None, None)
    restore(message=message)
    [record] = history(bo, ada.pk, before=None, limit=9)
    assert (record.text, bool(record.edited_at)) == ("Changed", True)


@pytest.mark.parametrize("minutes", [1, 15])
def test_time_runs_out(settings: Settings, minutes: int) -> None:
    settings.MESSAGE_EDIT_MINUTES = minutes
    message = make_message()
    age(message, minutes=minutes, seconds=-30)
    edit_message(user=message.sender, message_id=message.pk, text="In time")
    age(message, minutes=minutes)
    assert refusal(message.sender, message.pk) == (403, "too_late")


def test_a_site_may_have_no_edits(settings: Settings) -> None:
    settings.MESSAGE_EDIT_MINUTES = 0
    message = make_message()
    assert refusal(message.sender, message.pk) == (403, "edits_off")


def test_who_may_not_write_there_may_not_edit() -> None:
    olga, abe, mia = make_user("Olga"), make_user("Abe"), make_user("Mia")
    group = make_group(olga, abe, mia)
    theirs = send_message(sender=abe, peer=group, text="Mine").record.id
    system = Message.objects.get(seq=1)
    assert refusal(olga, system.pk) == (403, "not_sender")
    assert refusal(mia, theirs) == (403, "not_sender")
    change_group(user=olga, group=group, posting="admins")
    assert refusal(abe, theirs) == (403, "posting")
    change_group(user=olga, group=group, posting="all")
    remove_member(user=olga, group=group, person=abe.pk)
    assert refusal(abe, theirs) == (403, "left")
    add_members(user=olga, group=group, people=[abe.pk])
    assert edit_message(user=abe, message_id=theirs, text="Back").text == "Back"


def test_nobody_edits_what_they_wrote_to_an_account_that_is_gone() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    bo.delete()
    assert refusal(ada, message.pk)[0] == 404


def test_in_a_group_it_is_told_to_whoever_sees_the_message(events: Events) -> None:
    olga, abe, mia, zoe = (make_user(name) for name in ("Olga", "Abe", "Mia", "Zoe"))
    group = make_group(olga, abe, mia)
    key = send_message(sender=olga, peer=group, text="Helo").record.id
    remove_member(user=olga, group=group, person=mia.pk)
    add_members(user=olga, group=group, people=[zoe.pk])
    later = send_message(sender=olga, peer=group, text="Later").record.id
    cursors = {person: sync_cursor(person) for person in (abe, mia, zoe)}
    events.clear()
    edit_message(user=olga, message_id=key, text="Hello")
    told = [user_group(person.pk) for person in (olga, abe, mia)]
    assert events.recipients("messageEdited") == sorted(told)
    events.clear()
    edit_message(user=olga, message_id=later, text="Later!")
    told = [user_group(person.pk) for person in (olga, abe, zoe)]
    assert events.recipients("messageEdited") == sorted(told)
    seen = {
        person.full_name: [each.text for each in changes_since(person, cursor).messages]
        for person, cursor in cursors.items()
    }
    assert seen == {"Abe": ["Hello", "Later!"], "Mia": ["Hello"], "Zoe": ["Later!"]}


def test_reactions_stay() -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    react(user=bo, message_id=message.pk, emoji="👍")
    record = edit_message(user=ada, message_id=message.pk, text="Changed")
    assert [each.emoji for each in decoded_reactions(record.reactions)] == ["👍"]


def test_of_two_at_once_the_later_wins_and_no_text_is_lost(transactional_db: None) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, "0")
    texts = ["1", "2", "3"]
    at_once([partial(edit_message, user=ada, message_id=message.pk, text=each) for each in texts])
    [last] = history(bo, ada.pk, before=None, limit=9)
    earlier = earlier_texts(message.pk)
    assert earlier[0] == "0"
    assert sorted([*earlier[1:], str(last.text)]) == texts
    assert MessageEdit.objects.latest("pk").edited_at == Message.objects.get().edited_at


def test_an_edit_of_a_deletion_at_once_leaves_it_deleted(transactional_db: None) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)

    def edit() -> None:
        with suppress(DomainError):  # 409, when it comes second
            edit_message(user=ada, message_id=message.pk, text="Changed")

    def delete() -> None:
        delete_message(user=ada, message_id=message.pk)

    at_once([edit, delete])
    assert Message.objects.get().deleted


def test_edits_go_with_their_message(transactional_db: None) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    edit_message(user=ada, message_id=message.pk, text="Changed")
    group = make_group(ada, bo)
    kept = send_message(sender=bo, peer=group, text="Helo").record.id
    edit_message(user=bo, message_id=kept, text="Hello")
    bo.delete()
    ada.delete()
    assert [edit.message_id for edit in MessageEdit.objects.all()] == [kept]


def test_who_reads_asks_no_more_than_before() -> None:
    ada, bo = make_pair()
    plain, edited = make_message(ada, bo), make_message(ada, bo)
    edit_message(user=ada, message_id=edited.pk, text="Changed")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        history(bo, ada.pk, before=None, limit=9)
    assert not any("messageedit" in each["sql"].lower() for each in asked)
    assert plain.edited_at is None
