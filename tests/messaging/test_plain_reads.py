"""What the database writes as JSON is what payloads say of the same rows, byte for byte."""

from dataclasses import replace

import msgspec
import pytest
from pytest_django import Settings

from accounts.models import User
from chatsite.db import now
from messaging.chats import UNREAD_WINDOW, chats_of
from messaging.models import Conversation, Membership, Message
from messaging.payloads import chat_payload, message_payload
from messaging.plain_chats import plain_chats
from messaging.plain_history import PlainPage, plain_history
from messaging.querysets import history
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message
from tests.factories import make_message, make_messages, make_pair, make_user

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.sql_only("MongoDB's rows are read from models"),
]
ODD = 'שלום 👋🏽 \u2028 \\ " </script> %s {}\n\t\x01'


def of_models(me: User, online: set[str]) -> list[str]:
    payloads = [chat_payload(chat, chat.peer.pk in online) for chat in chats_of(me)]
    return [msgspec.json.encode(payload).decode() for payload in payloads]


def page_of_models(me: User, peer: User, limit: int, before: int | None = None) -> list[str]:
    messages = history(me, peer, before=before, limit=limit)
    return [msgspec.json.encode(message_payload(message)).decode() for message in messages]


def add_picture(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(
        image="aaaa.webp", thumbnail="bbbb.webp", image_width=40, image_height=20
    )


class TestChats:
    def test_of_all_kinds(self) -> None:
        me, *peers = (make_user(name) for name in ("Mia", "Ada", 'B "o"', "שי", "D", "E", "F"))
        plain, odd, empty, pictured, deleted, removed = peers
        User.objects.filter(pk=plain.pk).update(picture="cccc.webp")
        make_messages(plain, me, 3)
        make_message(me, odd, ODD, client_message_id="a-1")
        Message.objects.filter(pk=make_message(me, empty).pk).update(text="")
        add_picture(make_message(pictured, me, "look"))
        delete_message(user=me, message_id=make_message(me, deleted).pk)
        make_message(removed, me)
        Conversation.objects.filter(memberships__user=removed).update(last_message=None)
        make_message(plain, odd, "not for me")

        chats = plain_chats(me.pk, {odd.pk, deleted.pk})

        assert chats == of_models(me, {odd.pk, deleted.pk})
        names = [msgspec.json.decode(chat)["fullName"] for chat in chats or []]
        assert names == [each.full_name for each in (deleted, pictured, empty, odd, plain, removed)]

    @pytest.mark.parametrize("microsecond", [0, 1000, 999_000])
    def test_of_any_moment(self, microsecond: int) -> None:
        me, peer = make_pair()
        message, moment = make_message(peer, me), now().replace(microsecond=microsecond)
        Message.objects.filter(pk=message.pk).update(created_at=moment, updated_at=moment)
        User.objects.filter(pk=peer.pk).update(created_at=moment)
        assert plain_chats(me.pk, set()) == of_models(me, set())

    def test_of_nobody(self) -> None:
        make_message()
        assert plain_chats(make_user().pk, set()) == []

    def test_unread_are_those_that_are_neither_read_nor_deleted(self) -> None:
        me, peer = make_pair()
        messages = make_messages(peer, me, 5)

        def unread() -> tuple[int, int]:
            ((mine,), (theirs,)) = (plain_chats(one.pk, set()) or [] for one in (me, peer))
            assert [mine] == of_models(me, set())
            counts = (msgspec.json.decode(chat)["unreadCount"] for chat in (mine, theirs))
            return next(counts), next(counts)

        assert unread() == (5, 0)
        delete_message(user=peer, message_id=messages[1].pk)
        delete_message(user=peer, message_id=messages[3].pk)
        assert unread() == (3, 0)
        mark_read(user=me, peer=peer.pk, seq=3)
        assert unread() == (1, 0)
        mark_read(user=me, peer=peer.pk, seq=5)
        assert unread() == (0, 0)

    def test_unread_are_counted_so_far_only(self) -> None:
        me, peer = make_pair()
        make_message(peer, me)
        Conversation.objects.update(last_seq=5 * UNREAD_WINDOW)
        assert plain_chats(me.pk, set()) == of_models(me, set())
        assert chats_of(me)[0].unread_count == UNREAD_WINDOW

    def test_are_gone_with_the_account(self) -> None:
        me, peer = make_pair()
        make_message(me, peer)
        Membership.objects.filter(user=peer).delete()
        assert plain_chats(me.pk, set()) == of_models(me, set()) == []

    def test_are_left_to_models_without_statements(self, settings: Settings) -> None:
        settings.FAST = replace(settings.FAST, statements=False)
        assert plain_chats(make_user().pk, set()) is None


class TestHistory:
    def test_reads_as_the_payloads_do(self) -> None:
        me, peer = make_pair()
        make_messages(me, peer, 4)
        make_message(peer, me, ODD, client_message_id="a-1")
        Message.objects.filter(pk=make_message(peer, me).pk).update(text="")
        delete_message(user=me, message_id=make_message(me, peer).pk)

        everything = PlainPage(page_of_models(me, peer, 50), None)
        assert plain_history(me.pk, peer.pk, before=None, limit=50) == everything
        assert plain_history(me.pk, peer.pk, before=None, limit=6) == everything
        newest = PlainPage(page_of_models(me, peer, 2), 5)
        assert plain_history(me.pk, peer.pk, before=None, limit=2) == newest
        older = PlainPage(page_of_models(me, peer, 2, before=5), 3)
        assert plain_history(me.pk, peer.pk, before=5, limit=2) == older
        assert plain_history(me.pk, peer.pk, before=1, limit=2) == PlainPage([], None)

    def test_is_the_same_conversation_for_both_and_nobody_else(self) -> None:
        me, peer = make_pair()
        make_message(me, peer)
        one, other = (
            plain_history(a.pk, b.pk, before=None, limit=5) for a, b in ((me, peer), (peer, me))
        )
        assert one == other == PlainPage(page_of_models(me, peer, 5), None)
        nothing = PlainPage([], None)
        assert plain_history(make_user().pk, peer.pk, before=None, limit=5) == nothing
        assert plain_history(me.pk, me.pk, before=None, limit=5) == nothing
        assert plain_history(me.pk, "0" * 24, before=None, limit=5) == nothing

    def test_with_a_picture_on_the_page_is_left_to_models(self) -> None:
        me, peer = make_pair()
        messages = make_messages(me, peer, 3)
        add_picture(messages[0])
        assert plain_history(me.pk, peer.pk, before=None, limit=5) is None
        newest = plain_history(me.pk, peer.pk, before=None, limit=2)
        assert newest == PlainPage(page_of_models(me, peer, 2), 2)
        Message.objects.filter(pk=messages[0].pk).update(deleted=True)
        assert plain_history(me.pk, peer.pk, before=None, limit=5) == replace(newest, before=None)
