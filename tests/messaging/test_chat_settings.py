"""Pinned, archived, muted, marked as unread: each by who did so, for them alone."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.wire import timestamp
from messaging.models import PINS, Membership
from messaging.payloads import changed_chat_payload
from messaging.queries.chats import Chat, chats_of
from messaging.queries.sync import changes_since, sync_cursor
from messaging.services.chat_settings import MUTES, Mute, change_chat
from messaging.services.conversations import mark_read
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from messaging.shapes.chat_settings import ALWAYS, NO_SETTINGS, ChatSettings
from tests.concurrency import at_once
from tests.factories import make_group, make_message, make_messages, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db


def chat_of(user: User, peer: User | str) -> Chat:
    key = peer if isinstance(peer, str) else peer.pk
    return next(chat for chat in chats_of(user) if chat.peer.id == key)


def settings_of(user: User, peer: User | str) -> ChatSettings:
    return chat_of(user, peer).settings


def refusal(call: Callable[[], object]) -> DomainError:
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value


def let_time_pass(user: User) -> None:
    """Until nothing is muted for a time any more."""
    muted = Membership.objects.of(user.pk).exclude(muted_until=None)
    muted.exclude(muted_until=ALWAYS).update(muted_until=now() - timedelta(seconds=1))


@pytest.fixture
def me() -> User:
    return make_user("Mia")


@pytest.fixture
def ada(me: User) -> User:
    """Who has written to Mia."""
    ada = make_user("Ada")
    make_message(ada, me)
    return ada


def writers(me: User, count: int) -> list[User]:
    people = [make_user(f"Peer {number}") for number in range(count)]
    for person in people:
        make_message(person, me)
    return people


class TestPinning:
    def test_keeps_chats_on_top_the_latest_pinned_first(self, me: User) -> None:
        first, second, third = writers(me, 3)
        change_chat(user=me, peer=first.pk, pinned=True)
        pinned = change_chat(user=me, peer=second.pk, pinned=True)
        assert pinned.pinned_at
        make_message(third, me)
        assert [chat.peer.id for chat in chats_of(me)] == [second.pk, first.pk, third.pk]
        assert change_chat(user=me, peer=second.pk, pinned=False) == NO_SETTINGS
        assert [chat.peer.id for chat in chats_of(me)] == [first.pk, third.pk, second.pk]

    def test_again_changes_nothing(self, me: User, ada: User) -> None:
        first = change_chat(user=me, peer=ada.pk, pinned=True)
        assert change_chat(user=me, peer=ada.pk, pinned=True) == first
        assert Membership.objects.get(user=me).version == 1

    def test_takes_groups_also_one_that_was_left(self, me: User, ada: User) -> None:
        group = make_group(ada, me)
        remove_member(user=me, group=group, person=me.pk)
        make_message(ada, me)
        assert change_chat(user=me, peer=group, pinned=True).pinned_at
        assert [chat.peer.id for chat in chats_of(me)] == [group, ada.pk]

    def test_ends_at_five(self, me: User) -> None:
        *five, sixth = writers(me, PINS + 1)
        for peer in five:
            change_chat(user=me, peer=peer.pk, pinned=True)
        error = refusal(lambda: change_chat(user=me, peer=sixth.pk, pinned=True, mute="1h"))
        assert (error.status, settings_of(me, sixth)) == (400, NO_SETTINGS)
        change_chat(user=me, peer=five[2].pk, pinned=False)
        assert change_chat(user=me, peer=sixth.pk, pinned=True).pinned_at

    def test_counts_no_chat_that_went_with_an_account(self, me: User) -> None:
        *five, sixth = writers(me, PINS + 1)
        for peer in five:
            change_chat(user=me, peer=peer.pk, pinned=True)
        five[0].delete()
        change_chat(user=me, peer=sixth.pk, pinned=True)
        assert [chat.peer.id for chat in chats_of(me)][:PINS] == [
            each.pk for each in [sixth, *reversed(five[1:])]
        ]

    def test_counts_for_each_by_themselves(self, me: User, ada: User) -> None:
        for peer in writers(me, PINS):
            change_chat(user=me, peer=peer.pk, pinned=True)
        assert change_chat(user=ada, peer=me.pk, pinned=True).pinned_at
        assert settings_of(me, ada) == NO_SETTINGS

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("before", [0, PINS - 1])
    def test_of_several_at_once_ends_at_five(self, me: User, before: int) -> None:
        peers = writers(me, before + PINS + 2)
        for peer in peers[:before]:
            change_chat(user=me, peer=peer.pk, pinned=True)

        def pin(peer: User) -> int:
            try:
                change_chat(user=me, peer=peer.pk, pinned=True)
            except DomainError as error:
                return error.status
            return 200

        statuses = Counter(at_once([partial(pin, peer) for peer in peers[before:]]))
        assert statuses == {200: PINS - before, 400: before + 2}
        assert sum(bool(chat.settings.pinned_at) for chat in chats_of(me)) == PINS


class TestArchiving:
    def test_ends_with_the_next_message(self, me: User, ada: User) -> None:
        assert change_chat(user=me, peer=ada.pk, archived=True) == ChatSettings(archived=True)
        assert settings_of(me, ada).archived
        make_message(ada, me)
        assert settings_of(me, ada) == NO_SETTINGS

    def test_ends_with_a_message_of_one_s_own(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, archived=True)
        make_message(me, ada)
        assert not settings_of(me, ada).archived

    def test_lasts_while_the_chat_is_muted(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, archived=True, mute="8h")
        make_message(ada, me)
        assert settings_of(me, ada).archived
        let_time_pass(me)
        assert not settings_of(me, ada).archived

    def test_lasts_when_the_chat_is_heard_again(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, archived=True, mute="always")
        make_message(ada, me)
        assert change_chat(user=me, peer=ada.pk, mute="off") == ChatSettings(archived=True)
        make_message(ada, me)
        assert not settings_of(me, ada).archived

    def test_that_has_ended_does_not_begin_again_by_muting(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, archived=True)
        make_message(ada, me)
        assert not change_chat(user=me, peer=ada.pk, mute="always").archived
        assert not settings_of(me, ada).archived

    def test_is_undone(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, archived=True, mute="always")
        assert not change_chat(user=me, peer=ada.pk, archived=False).archived

    def test_unpins_and_pinning_takes_out(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, pinned=True)
        assert change_chat(user=me, peer=ada.pk, archived=True) == ChatSettings(archived=True)
        pinned = change_chat(user=me, peer=ada.pk, pinned=True)
        assert (bool(pinned.pinned_at), pinned.archived) == (True, False)

    def test_together_with_pinning_is_refused(self, me: User, ada: User) -> None:
        error = refusal(lambda: change_chat(user=me, peer=ada.pk, pinned=True, archived=True))
        assert (error.status, settings_of(me, ada)) == (400, NO_SETTINGS)

    def test_of_a_group_lasts_for_who_has_left_it(self, me: User, ada: User) -> None:
        group = make_group(ada, me)
        remove_member(user=me, group=group, person=me.pk)
        change_chat(user=me, peer=group, archived=True)
        send_message(sender=ada, peer=group, text="without Mia")
        assert settings_of(me, group).archived
        assert settings_of(ada, group) == NO_SETTINGS

    def test_costs_a_send_to_many_nothing(self, me: User) -> None:
        """A thousand archives are left without a write."""
        group = make_group(me, *(make_user() for _ in range(5)))

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                send_message(sender=me, peer=group, text="Hello")
            return len(captured)

        queries()
        before = queries()
        for member in Membership.objects.exclude(user=me).prefetch_related("user"):
            change_chat(user=member.user, peer=group, archived=True, marked_unread=True)
        assert queries() == before


class TestMuting:
    @pytest.mark.parametrize(
        ("mute", "period"),
        [("1h", timedelta(hours=1)), ("8h", timedelta(hours=8)), ("1w", timedelta(days=7))],
    )
    def test_lasts_for_so_long(self, me: User, ada: User, mute: Mute, period: timedelta) -> None:
        earliest = timestamp(now() + period)
        until = change_chat(user=me, peer=ada.pk, mute=mute).muted_until
        assert until
        assert earliest <= until <= timestamp(now() + period)
        assert settings_of(me, ada).muted_until == until
        let_time_pass(me)
        assert settings_of(me, ada) == NO_SETTINGS

    def test_lasts_for_good_or_until_it_is_turned_off(self, me: User, ada: User) -> None:
        muted = change_chat(user=me, peer=ada.pk, mute="always")
        assert muted.muted_until == "9999-12-31T00:00:00.000Z"
        assert settings_of(me, ada) == muted
        assert change_chat(user=me, peer=ada.pk, mute="off") == NO_SETTINGS


class TestMarkingAsUnread:
    def test_lasts_until_somebody_reads_on(self, me: User, ada: User) -> None:
        mark_read(user=me, peer=ada.pk, seq=1)
        assert change_chat(user=me, peer=ada.pk, marked_unread=True).marked_unread
        assert settings_of(me, ada).marked_unread
        make_message(ada, me)
        assert settings_of(me, ada).marked_unread
        mark_read(user=me, peer=ada.pk, seq=2)
        assert settings_of(me, ada) == NO_SETTINGS

    def test_ends_with_a_message_of_one_s_own(self, me: User, ada: User) -> None:
        mark_read(user=me, peer=ada.pk, seq=1)
        change_chat(user=me, peer=ada.pk, marked_unread=True)
        make_message(me, ada)
        assert not settings_of(me, ada).marked_unread

    def test_moves_no_mark(self, me: User, ada: User, events: Events) -> None:
        mark_read(user=me, peer=ada.pk, seq=1)
        events.clear()
        change_chat(user=me, peer=ada.pk, marked_unread=True)
        assert (chat_of(ada, me).peer_read_seq, chat_of(me, ada).unread_count) == (1, 0)
        assert not events.recipients("messagesRead")

    def test_is_undone(self, me: User, ada: User) -> None:
        change_chat(user=me, peer=ada.pk, marked_unread=True)
        assert change_chat(user=me, peer=ada.pk, marked_unread=False) == NO_SETTINGS


@pytest.mark.parametrize("peer", ["nobody", "0" * 24, "f" * 24, "another", "their group"])
def test_a_chat_that_one_does_not_have_is_404(me: User, ada: User, peer: str) -> None:
    other = make_user("Somebody without a word")
    key = {"another": other.pk, "their group": make_group(ada, other)}.get(peer, peer)
    error = refusal(lambda: change_chat(user=me, peer=key, mute="always"))
    assert (error.status, error.message) == (404, "No such chat.")
    assert refusal(lambda: change_chat(user=me, peer=me.pk, pinned=True)).status == 404


@pytest.mark.django_db(transaction=True)
class TestWhoIsTold:
    def test_all_devices_of_who_did_it_and_nobody_else(
        self, me: User, ada: User, events: Events
    ) -> None:
        group = make_group(ada, me)
        events.clear()
        for peer in (ada.pk, group):
            changed = change_chat(user=me, peer=peer, mute="always", marked_unread=True)
            assert events.recipients("chatChanged") == [f"user.{me.pk}"]
            assert events.data("chatChanged") == {
                "peerId": peer,
                "mutedUntil": changed.muted_until,
                "markedUnread": True,
            }
            assert len(events) == 1
            events.clear()
            change_chat(user=me, peer=peer, mute="always", marked_unread=True)
            assert len(events) == 0

    def test_sync_tells_it_to_them_alone(self, me: User, ada: User) -> None:
        group = make_group(ada, me)
        mine, hers = sync_cursor(me), sync_cursor(ada)
        for peer in (ada.pk, group):
            change_chat(user=me, peer=peer, archived=True)
        told = changes_since(me, mine)
        assert {chat.peer.id: chat.settings.archived for chat in told.chats} == {
            ada.pk: True,
            group: True,
        }
        assert changes_since(me, told.cursor).chats == []
        unchanged = changes_since(ada, hers)
        assert (unchanged.chats, unchanged.messages, unchanged.cursor) == ([], [], hers)

    def test_sync_misses_no_message_for_it(self, me: User, ada: User) -> None:
        """What concerns me alone takes part in the cursor, but not in what numbers messages."""
        for number in range(20):
            change_chat(user=me, peer=ada.pk, pinned=number % 2 == 0)
        cursor = sync_cursor(me)
        new = make_messages(ada, me, 3)
        change_chat(user=me, peer=ada.pk, mute="always")
        changes = changes_since(me, cursor)
        assert {message.pk for message in new} <= {message.id for message in changes.messages}


def test_a_list_of_which_nothing_is_set_is_as_long_as_ever(me: User, ada: User) -> None:
    fields = set(encoded(me, ada))
    change_chat(user=me, peer=ada.pk, pinned=True, mute="always", marked_unread=True)
    assert set(encoded(me, ada)) - fields == {"pinnedAt", "mutedUntil", "markedUnread"}


def encoded(user: User, peer: User) -> dict[str, Any]:
    payload = changed_chat_payload(chat_of(user, peer), online=False)
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(payload))
    return decoded


def test_each_period_is_known() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    for mute in MUTES:
        assert bool(change_chat(user=bo, peer=ada.pk, mute=mute).muted_until) is (mute != "off")
