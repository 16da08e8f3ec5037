"""Drafts that follow a person to their other devices, and are nobody else's business."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatsite.errors import DomainError
from messaging.models import Conversation, Membership, Message
from messaging.queries.chats import chats_of
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services.chat_settings import change_chat, save_draft
from messaging.services.groups import remove_member
from tests.factories import make_group, make_message, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db


def test_it_is_told_to_its_person_alone(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    mine, theirs = sync_cursor(bo), sync_cursor(ada)
    events.clear()
    saved = save_draft(user=bo, peer=ada.pk, text="Half a", reply_to=message.pk).draft
    assert saved
    assert (saved.text, saved.reply_to) == ("Half a", message.pk)
    assert events.recipients("chatChanged") == [user_group(bo.pk)]
    told = events.data("chatChanged")
    draft = {"savedAt": saved.saved_at, "text": "Half a", "replyTo": message.pk}
    assert (told["peerId"], told["draft"]) == (ada.pk, draft)
    assert len(events) == 1
    [chat] = changes_since(bo, mine).chats
    assert chat.settings.draft == saved
    assert changes_since(ada, theirs).chats == []
    assert [chat.settings.draft for chat in chats_of(ada)] == [None]
    assert Message.objects.count() == 1


def test_the_last_one_wins_and_the_same_again_changes_nothing(events: Events) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    first = save_draft(user=bo, peer=ada.pk, text="One", reply_to="")
    events.clear()
    assert save_draft(user=bo, peer=ada.pk, text="One", reply_to="") == first
    assert not len(events)
    save_draft(user=bo, peer=ada.pk, text="Two", reply_to="")
    [chat] = chats_of(bo)
    assert chat.settings.draft
    assert chat.settings.draft.text == "Two"
    assert Membership.objects.get(user=bo).version == 2


def test_it_keeps_whom_it_mentions_as_long_as_it_has_words() -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    save = partial(save_draft, user=bo, peer=group, reply_to="")
    saved = save(text="@Ada", mentions=[ada.pk])
    assert saved.draft
    assert saved.draft.mentions == [ada.pk]
    assert save(text="@Ada", mentions=[ada.pk]) == saved
    [chat] = chats_of(bo)
    assert chat.settings == saved
    for text, mentions in (("Nobody", []), ("", [ada.pk])):
        changed = save(text=text, mentions=mentions).draft
        assert changed
        assert (changed.text, changed.mentions) == (text, [])
    with pytest.raises(DomainError) as refused:
        save(text="x", mentions=["x"])
    assert refused.value.status == 400


def test_once_it_is_gone_that_is_told_too() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    assert save_draft(user=bo, peer=ada.pk, text="", reply_to="").draft is None
    save_draft(user=bo, peer=ada.pk, text="One", reply_to="")
    cursor = sync_cursor(bo)
    gone = save_draft(user=bo, peer=ada.pk, text=" \n", reply_to="").draft
    assert gone
    assert (gone.text, gone.reply_to) == ("", None)
    [chat] = changes_since(bo, cursor).chats
    assert chat.settings.draft == gone


def test_other_settings_leave_it_alone_and_it_leaves_them() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    change_chat(user=bo, peer=ada.pk, pinned=True)
    saved = save_draft(user=bo, peer=ada.pk, text="One", reply_to="")
    assert saved.pinned_at
    after = change_chat(user=bo, peer=ada.pk, pinned=False, archived=True)
    assert (after.draft, after.archived) == (saved.draft, True)


def test_in_groups_too_and_after_leaving_one() -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    save_draft(user=bo, peer=group, text="Hm", reply_to="")
    remove_member(user=ada, group=group, person=bo.pk)
    [chat] = chats_of(bo)
    assert chat.settings.draft
    assert [chat.settings.draft for chat in chats_of(ada)] == [None]


def test_what_could_not_be_sent_or_where_there_is_no_chat_is_refused() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    group = make_group(ada, make_user())
    wrong = [
        (ada.pk, "x" * 10_001, "", 400),
        (ada.pk, "x\0", "", 400),
        (ada.pk, "x", "not a key", 400),
        (make_user().pk, "x", "", 404),
        (group, "x", "", 404),
        ("nobody", "x", "", 404),
        (bo.pk, "x", "", 404),
    ]
    for peer, text, reply_to, status in wrong:
        with pytest.raises(DomainError) as refused:
            save_draft(user=bo, peer=peer, text=text, reply_to=reply_to)
        assert refused.value.status == status
    assert not Membership.objects.exclude(draft="").exists()


def test_sending_asks_and_writes_nothing_for_drafts() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    with CaptureQueriesContext(connection) as plain:
        make_message(bo, ada)
    save_draft(user=bo, peer=ada.pk, text="One", reply_to="")
    with CaptureQueriesContext(connection) as with_draft:
        make_message(bo, ada)
    assert len(with_draft) == len(plain)
    assert not any("draft" in each["sql"] for each in with_draft)
    version = Conversation.objects.get().version
    save_draft(user=bo, peer=ada.pk, text="Two", reply_to="")
    assert Conversation.objects.get().version == version
