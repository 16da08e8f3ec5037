"""Groups: who is told of which change, who follows an owner, and what a deleted account leaves."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.pictures import storage
from messaging.models import Conversation, Membership, Message, Role
from messaging.queries.history import history
from messaging.queries.visibility import find_message
from messaging.recipients import user_group
from messaging.services.conversations import mark_read
from messaging.services.deletions import clear_chat, delete_messages
from messaging.services.groups import (
    add_members,
    change_group,
    create_group,
    remove_member,
    set_role,
)
from messaging.services.messages import send_message
from messaging.services.tidying import tidy
from tests.factories import make_group, make_message, make_pair, make_user
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def told(events: Events, event: str) -> set[str]:
    return set(events.recipients(event))


def roles_told(events: Events) -> dict[str, str]:
    """The last that each was told of the group: their own role in it."""
    return {each.to: each.data["role"] for each in events if each.event == "groupChanged"}


def sockets(*people: User) -> set[str]:
    return {user_group(person.pk) for person in people}


def roles(group: str) -> dict[str, str]:
    """Of those who are in it, by name."""
    there = Membership.objects.filter(conversation=group, until_seq=None)
    return {member.user.full_name: member.role for member in there.prefetch_related("user")}


def said(reader: User, group: str) -> list[str]:
    records = history(reader, group, before=None, limit=100)
    return [(each.text or "").translate(dict.fromkeys((0x2068, 0x2069))) for each in records]


class TestEvents:
    def test_each_member_is_told_of_a_change_with_their_own_role(
        self, events: Events, olga: User, abe: User, mia: User, group: str
    ) -> None:
        events.clear()
        change_group(user=abe, group=group, title="Trip")
        assert told(events, "newMessage") == sockets(olga, abe, mia)
        assert roles_told(events) == {
            user_group(olga.pk): "owner",
            user_group(abe.pk): "admin",
            user_group(mia.pk): "member",
        }
        assert {each.data["fullName"] for each in events if each.event == "groupChanged"} == {
            "Trip"
        }

    def test_who_is_added_is_told_of_the_group(
        self, events: Events, olga: User, group: str
    ) -> None:
        zoe = make_user("Zoe")
        events.clear()
        add_members(user=olga, group=group, people=[zoe.pk])
        assert user_group(zoe.pk) in told(events, "newMessage")
        assert roles_told(events)[user_group(zoe.pk)] == "member"

    def test_who_is_removed_is_told_so_and_nothing_later(
        self, events: Events, olga: User, abe: User, mia: User, group: str
    ) -> None:
        events.clear()
        remove_member(user=olga, group=group, person=mia.pk)
        assert told(events, "newMessage") == sockets(olga, abe, mia)
        assert told(events, "groupLeft") == sockets(mia)
        assert events.data("groupLeft") == {"groupId": group, "removed": True}
        assert told(events, "groupChanged") == sockets(olga, abe)
        events.clear()
        send_message(sender=abe, peer=group, text="Gone")
        change_group(user=olga, group=group, title="Without Mia")
        assert {each.to for each in events} == sockets(olga, abe)
        assert said(mia, group)[-1] == "Olga removed Mia"

    def test_who_leaves_is_told_so_on_each_device(
        self, events: Events, olga: User, abe: User, mia: User, group: str
    ) -> None:
        events.clear()
        remove_member(user=mia, group=group, person=mia.pk)
        assert told(events, "groupLeft") == sockets(mia)
        assert events.data("groupLeft") == {"groupId": group, "removed": False}
        assert told(events, "groupChanged") == sockets(olga, abe)

    def test_a_refusal_tells_nobody_anything(self, events: Events, olga: User, group: str) -> None:
        events.clear()
        with pytest.raises(DomainError, match="twice"):
            add_members(user=olga, group=group, people=["0" * 24] * 2)
        assert not len(events)


class TestStays:
    def test_who_comes_in_sees_nothing_of_before(self, olga: User, group: str) -> None:
        zoe = make_user("Zoe")
        before = send_message(sender=olga, peer=group, text="Before").record
        add_members(user=olga, group=group, people=[zoe.pk])
        assert said(zoe, group) == ["Olga added Zoe"]
        assert find_message(zoe, before.id) is None

    def test_unless_the_group_shows_it_and_then_it_is_not_unread(
        self, olga: User, group: str
    ) -> None:
        zoe = make_user("Zoe")
        send_message(sender=olga, peer=group, text="Before")
        change_group(user=olga, group=group, shows_history=True)
        add_members(user=olga, group=group, people=[zoe.pk])
        assert said(zoe, group)[-3:] == [
            "Before",
            "Olga let new members see earlier messages",
            "Olga added Zoe",
        ]
        membership = Membership.objects.get(user=zoe)
        last_seq = Conversation.objects.get(pk=group).last_seq
        assert membership.last_read_seq == last_seq - 1

    def test_who_comes_back_sees_both_stays_and_nothing_between(
        self, olga: User, mia: User, group: str
    ) -> None:
        for number in range(2):
            send_message(sender=olga, peer=group, text=f"With Mia {number}")
            remove_member(user=mia, group=group, person=mia.pk)
            send_message(sender=olga, peer=group, text=f"Without {number}")
            add_members(user=olga, group=group, people=[mia.pk])
        assert said(mia, group)[2:] == [
            "With Mia 0",
            "Mia left",
            "Olga added Mia",
            "With Mia 1",
            "Mia left",
            "Olga added Mia",
        ]
        assert Membership.objects.filter(conversation=group, user=mia).count() == 1
        assert Conversation.objects.get(pk=group).member_count == 3

    def test_who_comes_back_to_see_all_does_not_see_what_they_had_deleted(
        self, olga: User, abe: User, group: str
    ) -> None:
        zoe = make_user("Zoe")
        send_message(sender=olga, peer=group, text="Before")
        deleted = []
        for number in range(2):
            add_members(user=olga, group=group, people=[zoe.pk])
            sent = [send_message(sender=olga, peer=group, text=f"{number} {n}") for n in range(3)]
            # In the midst, and the last one before Zoe leaves.
            deleted += [each.record for each in sent[1:]]
            keys = [each.record.id for each in sent[1:]]
            delete_messages(user=zoe, message_ids=keys, whom="me")
            remove_member(user=abe if number else zoe, group=group, person=zoe.pk)
            send_message(sender=olga, peer=group, text=f"Without Zoe {number}")
        change_group(user=olga, group=group, shows_history=True)
        add_members(user=olga, group=group, people=[zoe.pk])
        everything = set(said(olga, group))
        gone = {each.text for each in deleted}
        assert len(gone) == 4
        assert set(said(zoe, group)) == everything - gone
        for each in deleted:
            assert find_message(zoe, each.id) is None
        # Once more, and who never deleted anything sees all.
        remove_member(user=zoe, group=group, person=zoe.pk)
        remove_member(user=abe, group=group, person=abe.pk)
        add_members(user=olga, group=group, people=[zoe.pk, abe.pk])
        everything = set(said(olga, group))
        assert set(said(zoe, group)) == everything - gone
        assert set(said(abe, group)) == everything

    def test_a_history_that_was_cleared_stays_so_for_who_comes_back(
        self, olga: User, mia: User, group: str
    ) -> None:
        change_group(user=olga, group=group, shows_history=True)
        send_message(sender=olga, peer=group, text="Before")
        clear_chat(user=mia, peer=group)
        remove_member(user=mia, group=group, person=mia.pk)
        send_message(sender=olga, peer=group, text="Without Mia")
        add_members(user=olga, group=group, people=[mia.pk])
        assert said(mia, group) == ["Mia left", "Without Mia", "Olga added Mia"]

    @pytest.mark.parametrize("deletes_more", [False, True])
    def test_what_was_cleared_after_leaving_stays_so(
        self, olga: User, mia: User, group: str, deletes_more: bool
    ) -> None:
        send_message(sender=olga, peer=group, text="Cleared")
        remove_member(user=mia, group=group, person=mia.pk)
        clear_chat(user=mia, peer=group)
        add_members(user=olga, group=group, people=[mia.pk])
        send_message(sender=olga, peer=group, text="Kept")
        if deletes_more:
            more = send_message(sender=olga, peer=group, text="Deleted").record.id
            delete_messages(user=mia, message_ids=[more], whom="me")
        remove_member(user=mia, group=group, person=mia.pk)
        change_group(user=olga, group=group, shows_history=True)
        add_members(user=olga, group=group, people=[mia.pk])
        assert not {"Cleared", "Deleted"} & set(said(mia, group))
        assert "Kept" in said(mia, group)

    def test_an_admin_who_comes_back_is_a_member(self, olga: User, abe: User, group: str) -> None:
        remove_member(user=abe, group=group, person=abe.pk)
        add_members(user=olga, group=group, people=[abe.pk])
        assert roles(group)["Abe"] == Role.MEMBER


class TestSuccession:
    def test_the_first_admin_follows_an_owner_who_leaves(
        self, olga: User, abe: User, mia: User, group: str
    ) -> None:
        set_role(user=olga, group=group, person=mia.pk, role="admin")
        remove_member(user=olga, group=group, person=olga.pk)
        assert roles(group) == {"Abe": "owner", "Mia": "admin"}
        assert said(abe, group)[-2:] == ["Olga made Abe the owner of the group", "Olga left"]
        assert said(olga, group)[-2:] == said(abe, group)[-2:]

    def test_else_whoever_has_been_there_longest(self, olga: User) -> None:
        group = make_group(olga)
        for name in ("Zoe", "Ann"):
            add_members(user=olga, group=group, people=[make_user(name).pk])
        remove_member(user=olga, group=group, person=olga.pk)
        assert roles(group) == {"Zoe": "owner", "Ann": "member"}

    def test_nobody_who_is_banned_follows_while_there_is_somebody_else(
        self, olga: User, abe: User, mia: User, group: str
    ) -> None:
        User.objects.filter(pk=abe.pk).update(banned_at=now())
        remove_member(user=olga, group=group, person=olga.pk)
        assert roles(group) == {"Abe": "admin", "Mia": "owner"}

    def test_of_the_banned_alone_one_follows(
        self, olga: User, abe: User, mia: User, group: str
    ) -> None:
        User.objects.filter(pk__in=[abe.pk, mia.pk]).update(banned_at=now())
        olga.delete()
        assert roles(group) == {"Abe": "owner", "Mia": "member"}

    def test_the_group_is_not_handed_over_to_somebody_banned(
        self, olga: User, abe: User, group: str
    ) -> None:
        User.objects.filter(pk=abe.pk).update(banned_at=now())
        with pytest.raises(DomainError, match="cannot be the owner"):
            set_role(user=olga, group=group, person=abe.pk, role="owner")
        assert roles(group) == {"Olga": "owner", "Abe": "admin", "Mia": "member"}

    def test_a_group_that_all_have_left_stays_for_its_history(self, olga: User, abe: User) -> None:
        group = make_group(olga, abe)
        for person in (olga, abe):
            remove_member(user=person, group=group, person=person.pk)
        assert roles(group) == {}
        assert Conversation.objects.get(pk=group).member_count == 0
        assert said(abe, group)[-1] == "Abe left"
        assert said(olga, group)[-1] == "Olga left"


class TestDeletedAccount:
    def test_leaves_its_groups_and_its_messages_stay(
        self, events: Events, olga: User, abe: User, mia: User, group: str
    ) -> None:
        record = send_message(sender=olga, peer=group, text="From Olga").record
        send_message(sender=mia, peer=group, text="From Mia")
        make_message(olga, mia, "Between the two")
        key = olga.pk
        events.clear()
        olga.delete()
        assert roles(group) == {"Abe": "owner", "Mia": "member"}
        assert said(mia, group)[-4:] == [
            "From Olga",
            "From Mia",
            "Deleted account made Abe the owner of the group",
            "Deleted account left",
        ]
        assert [each.seq for each in history(mia, group, before=None, limit=100)] == [
            1, 2, 3, 4, 5, 6,
        ]  # fmt: skip
        assert Message.objects.get(pk=record.id).sender_id == key
        assert not Message.objects.exclude(conversation=group).filter(sender_id=key).exists()
        conversation = Conversation.objects.get(pk=group)
        assert (conversation.member_count, conversation.last_seq) == (2, 6)
        assert told(events, "groupChanged") == sockets(abe, mia)

    def test_of_who_had_left_before_changes_nothing(
        self, olga: User, mia: User, group: str
    ) -> None:
        send_message(sender=mia, peer=group, text="From Mia")
        remove_member(user=mia, group=group, person=mia.pk)
        before = said(olga, group)
        mia.delete()
        assert said(olga, group) == before

    def test_cannot_be_added_or_given_a_role(self, olga: User, mia: User, group: str) -> None:
        key = mia.pk
        mia.delete()
        with pytest.raises(DomainError, match="does not exist"):
            add_members(user=olga, group=group, people=[key])
        with pytest.raises(DomainError, match="not in the group"):
            set_role(user=olga, group=group, person=key, role="admin")

    def test_several_at_once_go_all(self, abe: User, mia: User, group: str) -> None:
        User.objects.exclude(pk=mia.pk).delete()
        assert roles(group) == {"Mia": "owner"}
        mark_read(user=mia, peer=group, seq=99)
        send_message(sender=mia, peer=group, text="Alone")
        assert said(mia, group)[-1] == "Alone"


def test_the_picture_of_a_group_is_kept_by_tidying(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    ada, bo = make_pair()
    group = create_group(user=ada, title="X", people=[bo.pk], picture=picture()).group
    [store] = storage.stores()
    assert tidy(store, dry_run=False).kept == 1
    assert storage.find("profiles", group.picture)


@pytest.mark.sql_only("writes in bulk are split there")
def test_many_come_by_as_many_queries_as_few(olga: User) -> None:
    counts = []
    # The first of a process asks SQLite what it can do; more than 40 need a second INSERT there.
    for size in (1, 2, 30):
        people = [make_user(f"P{number}") for number in range(size)]
        group = make_group(olga)
        with CaptureQueriesContext(connection) as added:
            add_members(user=olga, group=group, people=[each.pk for each in people])
        with CaptureQueriesContext(connection) as left:
            remove_member(user=olga, group=group, person=olga.pk)
        counts.append((len(added), len(left)))
    assert counts[1] == counts[2]
