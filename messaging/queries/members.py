"""Who is in a conversation, how far they have read, and which groups two people are both in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from accounts.record import PersonRecord
from chatsite.errors import NotFound
from chatsite.fastpath.statements import SelectAmong
from messaging.models import (
    FIRST_GROUP,
    LIVE_MARKS,
    Conversation,
    Membership,
    is_group,
)
from messaging.queries.people import (
    cursor_of,
    decode_cursor,
    found_among,
    is_person,
    named_page,
)
from messaging.queries.privacy import rules
from messaging.queries.visibility import find_conversation, membership_in


class Marks(NamedTuple):
    """How far somebody has read and has got what was written, or any of several people."""

    read: int = 0
    delivered: int = 0  # never less


def marks_of(read: int, delivered: int | None) -> Marks:
    """As they are stored."""
    return Marks(read, delivered_mark(read, delivered))


def delivered_mark(read: int, delivered: int | None) -> int:
    return max(read, delivered or 0)


NO_MARKS = Marks()
_MARKS = ("last_read_seq", "last_delivered_seq")


def read_marks(user: User, peer: str) -> tuple[int, Marks]:
    """How far `user` has read, and the marks of the other, or of the other members of a group."""
    if is_group(peer):
        return _read_marks_in_group(user.pk, peer)
    # Not in one query: MongoDB would begin at everybody's memberships.
    conversation = find_conversation(user.pk, peer)
    memberships = Membership.objects.filter(conversation=conversation)
    rows = memberships.values_list("user_id", *_MARKS) if conversation else ()
    marks = {key: marks_of(*row) for key, *row in rows}
    return marks.get(user.pk, NO_MARKS).read, shown_marks(user.pk, peer, marks.get(peer, NO_MARKS))


def shown_marks(viewer: str, person: str, marks: Marks) -> Marks:
    """Those of a person, as far as `viewer` may see them: what they have read is delivered."""
    if rules().sees("read_receipts", viewer, person):
        return marks
    return Marks(0, marks.delivered)


def _read_marks_in_group(me: str, group: str) -> tuple[int, Marks]:
    memberships = Membership.objects.filter(conversation_id=group, user_id=me)
    mine = memberships.select_related("conversation").first()
    if mine is None:
        return 0, NO_MARKS
    groups = [group] if are_marks_visible(mine.until_seq, mine.conversation.member_count) else []
    return mine.last_read_seq, marks_of_others(me, groups).get(group, NO_MARKS)


def are_marks_visible(until: int | None, member_count: int) -> bool:
    """Whether members see what the others in a group have read: unless they are many."""
    return until is None and member_count <= LIVE_MARKS


_MARKS_OF_OTHERS = SelectAmong(
    lambda groups, *, me: (
        Membership.objects.filter(conversation__pk__in=groups, until_seq=None)
        .exclude(user_id=me)
        .values_list("conversation_id")
        .annotate(*map(Max, _MARKS))
    )
)


def marks_of_others(me: str, groups: Collection[str]) -> dict[str, Marks]:
    """The furthest of any other member, by group."""
    if rules().is_restricted("read_receipts"):
        return _shown_marks_of_others(me, groups)
    rows = _MARKS_OF_OTHERS.rows_among(groups, me=me)
    return {group: marks_of(*marks) for group, *marks in rows}


_MARKS_OF_EACH = SelectAmong(
    lambda groups, *, me: (
        Membership.objects.filter(conversation__pk__in=groups, until_seq=None)
        .exclude(user_id=me)
        .values_list("conversation_id", "user_id", *_MARKS)
    )
)


def _shown_marks_of_others(me: str, groups: Collection[str]) -> dict[str, Marks]:
    """Where somebody may hide what they have read: of each by themselves."""
    found: dict[str, Marks] = {}
    for group, person, *stored in _MARKS_OF_EACH.rows_among(groups, me=me):
        marks = shown_marks(me, person, marks_of(*stored))
        found[group] = Marks(*map(max, zip(marks, found.get(group, NO_MARKS), strict=True)))
    return found


class Member(NamedTuple):
    person: PersonRecord
    role: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class MembersPage:
    members: list[Member]
    cursor: str  # of the next page, "" at the end


def members_page(
    user: User | Principal, conversation: str, *, limit: int, cursor: str = "", search: str = ""
) -> MembersPage:
    """Who is in it now, by name, and whose name has each word of `search`. Raises DomainError 400,
    403, 404.
    """
    mine = membership_in(user, conversation)
    # Not in one query: MongoDB would begin at everybody's memberships.
    there = Membership.objects.filter(conversation_id=mine.conversation_id)
    if is_group(conversation):
        there = there.filter(until_seq=None)
    roles = there.values_list("user_id", "role", "joined_at")
    members = {key: (role, joined_at) for key, role, joined_at in roles}
    people, following = people_page(user.pk, members, limit=limit, cursor=cursor, search=search)
    return MembersPage([Member(person, *members[person.id]) for person in people], following)


@dataclass(frozen=True, slots=True)
class GroupsPage:
    groups: list[tuple[Conversation, str]]  # with the role of who asks
    cursor: str  # of the next page, "" at the end


def groups_in_common(
    user: User | Principal, person: str, *, limit: int, cursor: str = ""
) -> GroupsPage:
    """Those that both are in now, by name. Raises DomainError 400, 404."""
    if person == user.pk or not is_person(person):
        raise NotFound(_("No such person."))
    roles, theirs = _roles(user.pk), _roles(person)
    groups = Conversation.objects.filter(pk__in=[key for key in roles if key in theirs])
    if cursor:
        title, key = decode_cursor(cursor)
        groups = groups.filter(Q(title__gt=title) | Q(title=title, pk__gt=key))
    found = list(groups.order_by("title", "pk")[: limit + 1])
    following = cursor_of([(group.pk, group.title) for group in found], limit)
    return GroupsPage([(group, roles[group.pk]) for group in found[:limit]], following)


def share_group(one: str, other: str) -> bool:
    """Whether both are in one now."""
    return not _roles(one).keys().isdisjoint(_roles(other))


def are_acquainted(one: str, other: str) -> bool:
    """Whether they have written with each other, and no request waits, or are in a group."""
    conversation = find_conversation(one, other)
    if conversation and conversation.last_seq:
        theirs = Membership.objects.filter(conversation=conversation, is_request=True)
        return not theirs.exists()
    return share_group(one, other)


def _roles(user_id: str) -> dict[str, str]:
    """By group that they are in."""
    groups = Membership.objects.of(user_id).filter(until_seq=None, conversation__gte=FIRST_GROUP)
    return dict(groups.values_list("conversation_id", "role"))


def people_page(
    me: str, keys: Collection[str], *, limit: int, cursor: str = "", search: str = ""
) -> tuple[list[PersonRecord], str]:
    """Of these people, by name; with the cursor of the next page. Raises DomainError 400."""
    return named_page(*found_among(me, keys, search.strip()), me, limit=limit, cursor=cursor)
