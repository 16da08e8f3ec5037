"""Reads. What a person may see is decided here: every query starts from their memberships."""

import base64
import binascii
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Max, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.caller import Caller
from accounts.models import User
from accounts.record import COLUMNS as PERSON_COLUMNS
from accounts.record import PersonRecord, person_of_row
from chatsite import strict_json
from chatsite.errors import DomainError, NotFound
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Get, Select, SelectAmong
from chatsite.keys import is_key
from chatsite.text import is_storable
from chatsite.wire import absolute
from messaging.models import (
    LIVE_MARKS,
    Conversation,
    Membership,
    Message,
    direct_key,
    is_group,
)
from messaging.record import COLUMNS, SENDER, MessageRecord, record_of_row


def find_user(key: str) -> User | None:
    return User.objects.filter(pk=key).first() if is_key(key) else None


_PEOPLE = SelectAmong(lambda keys: User.objects.filter(pk__in=keys).values_list("pk"))


def people_among(keys: Collection[str]) -> set[str]:
    return {key for (key,) in _PEOPLE.rows_among(keys)}


def is_person(key: str) -> bool:
    return is_key(key) and bool(people_among([key]))


def is_peer(key: str, user_id: str) -> bool:
    """Whether it is a person, or a group that `user_id` is in or was."""
    return stays_in(key, user_id) is not None if is_group(key) else is_person(key)


def check_peer(key: str, user_id: str) -> None:
    """Raises DomainError 404 unless it is one."""
    if not is_peer(key, user_id):
        raise no_such_group() if is_group(key) else NotFound(_("No such person."))


@dataclass(frozen=True, slots=True)
class ContactsPage:
    people: list[PersonRecord]
    cursor: str  # of the next page, "" at the end


def contacts_page(
    user: User | Caller, *, search: str = "", limit: int | None = None, cursor: str = ""
) -> ContactsPage:
    """Everyone but `user`, by name. Raises DomainError 400 for a cursor that is none."""
    given = dict(zip(("name", "key"), _decoded(cursor), strict=True)) if cursor else {}
    count = None if limit is None else limit + 1
    if words := search.strip():
        rows = list(_contacts(count, words, me=user.pk, **given))
    else:
        rows = _CONTACTS.rows(count, me=user.pk, **given)
    site = absolute("")
    people = [person_of_row(row[:-1], site) for row in rows[:limit]]
    return ContactsPage(people, _cursor(rows, limit))


def _contacts(
    count: int | None, search: str = "", *, me: Any, name: Any = None, key: Any = None
) -> QuerySet[User, Row]:
    contacts = User.objects.contacts_of(me, search)
    if key is not None:
        contacts = contacts.filter(_after(name, key))
    return contacts.values_list(*PERSON_COLUMNS, "sort_name")[:count]


_CONTACTS = Select(_contacts, packed=True)


def _after(name: Any, key: Any) -> Q:
    """Of people, those who come later by name."""
    return Q(sort_name__gt=name) | Q(sort_name=name, pk__gt=key)


def _cursor(rows: Sequence[Row], limit: int | None) -> str:
    """Of people by name, whose rows begin with the key and end with the name: where the next page
    begins, if there is one.
    """
    if limit is None or len(rows) <= limit:
        return ""
    key, *_person, name = rows[limit - 1]
    return base64.urlsafe_b64encode(f"{key}{name}".encode()).decode()


def _decoded(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    key, name = text[:24], text[24:]
    if not is_key(key) or not is_storable(name):
        message = _("This cursor is not valid.")
        raise DomainError(message, code="cursor", errors={"cursor": [message]})
    return name, key


Stay = tuple[int, int]
LAST = 2**62  # beyond any `seq`
_earlier_stays = strict_json.reader(list[Stay])


class Stays(list[Stay]):
    """When somebody was in a conversation, oldest first: they see the messages after the first
    `seq` of each, up to its second.
    """

    @classmethod
    def of(cls, since: int, until: int | None, earlier: str) -> "Stays":
        """As a membership has them."""
        now = (since, LAST if until is None else until)
        return cls([*(_earlier_stays(earlier) or ()), now] if earlier else [now])

    def see(self, seq: int) -> bool:
        return any(since < seq <= until for since, until in self)


_CONVERSATION = Get(lambda key: Conversation.objects.filter(key=key))


def find_conversation(user_id: str, peer_id: str) -> Conversation | None:
    if not is_key(peer_id):
        return None
    conversation: Conversation | None = _CONVERSATION.one(key=direct_key(user_id, peer_id))
    return conversation


_STAYS = Select(
    lambda conversation, user: Membership.objects.filter(
        conversation_id=conversation, user_id=user
    ).values_list("since_seq", "until_seq", "earlier_stays")
)


def stays_in(conversation: str, user_id: str) -> Stays | None:
    """None for who is in it neither now nor was before."""
    if not is_key(conversation):
        return None
    row = _STAYS.first(conversation=conversation, user=user_id)
    return Stays.of(*row) if row else None


_MEMBERS = Select(
    lambda group: Membership.objects.filter(conversation_id=group, until_seq=None).values_list(
        "user_id"
    ),
    packed=True,
)


def members_of(group: str) -> list[str]:
    """Who is in it now."""
    return [user_id for (user_id,) in _MEMBERS.rows(group=group)]


def find_message(user: User | Caller, message_id: str) -> Message | None:
    """One that `user` may see, deleted or not."""
    if not is_key(message_id):
        return None
    message = Message.objects.select_related("conversation").filter(pk=message_id).first()
    stays = message and stays_in(message.conversation_id, user.pk)
    return message if stays and message and stays.see(message.seq) else None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    messages: list[MessageRecord]  # oldest first
    before: int | None  # where the page before ends, if there is one


def history_page(user: User | Caller, peer: str, *, before: int | None, limit: int) -> HistoryPage:
    """Without deleted messages. Raises NotFound when there is no such peer."""
    messages = history(user, peer, before=before, limit=limit + 1)
    if not messages:
        check_peer(peer, user.pk)
    page = messages[-limit:]
    return HistoryPage(page, page[0].seq if len(messages) > limit else None)


def history(
    user: User | Caller,
    peer: str,
    *,
    before: int | None,
    limit: int,
    include_deleted: bool = False,
) -> list[MessageRecord]:
    """The newest `limit` messages with that peer before seq `before`, oldest first."""
    if not is_key(peer):
        return []
    if is_group(peer):
        rows = _group_history(user.pk, peer, before, limit, include_deleted)
        return [record_of_row(row, peer) for row in reversed(rows)]
    given = {} if before is None else {"before": before}
    if settings.MONGODB:
        rows = list(_history_on_mongodb(user.pk, peer, limit, include_deleted, **given))
    else:
        key = direct_key(user.pk, peer)
        rows = _HISTORY.rows(limit, include_deleted, key=key, peer=peer, **given)
    return [
        record_of_row(row, peer if row[SENDER] == user.pk else user.pk) for row in reversed(rows)
    ]


def _history(
    limit: int, include_deleted: bool, *, conversation: Any, after: Any = None, before: Any = None
) -> QuerySet[Message, Row]:
    messages = Message.objects.filter(conversation_id=conversation)
    if after is not None:
        messages = messages.filter(seq__gt=after)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    if not include_deleted:
        messages = messages.filter(deleted=False)
    return messages.order_by("-seq").values_list(*COLUMNS)[:limit]


def _history_with(
    limit: int, include_deleted: bool, *, key: Any, peer: Any, **given: Any
) -> QuerySet[Message, Row]:
    """Of the conversation of that key, in which `peer` still is."""
    known = Conversation.objects.filter(key=key, memberships__user_id=peer).values("pk")
    return _history(limit, include_deleted, conversation=Subquery(known), **given)


_HISTORY = Select(_history_with, packed=True)
_GROUP_HISTORY = Select(_history, packed=True)


def _group_history(
    me: str, group: str, before: int | None, limit: int, include_deleted: bool
) -> list[Row]:
    rows: list[Row] = []
    end = LAST if before is None else before
    for since, until in reversed(stays_in(group, me) or ()):
        given = {"conversation": group, "after": since, "before": min(end, until + 1)}
        rows += _GROUP_HISTORY.rows(limit, include_deleted, **given)
        if len(rows) >= limit:
            break
        end = min(end, since + 1)  # one stay may show what an earlier one did
    return rows[:limit]


def _history_on_mongodb(
    me: str, peer: str, limit: int, include_deleted: bool, **given: int
) -> Iterable[Row]:
    """Which would begin at everybody's memberships."""
    conversation = find_conversation(me, peer)
    if conversation is None or not is_person(peer):
        return []
    return _history(limit, include_deleted, conversation=conversation.pk, **given)


def first_unread(user: User, peer: str, *, read_seq: int) -> int | None:
    """The seq of the first message from somebody else after that, unless none is left."""
    direct = None if is_group(peer) else find_conversation(user.pk, peer)
    conversation = direct.pk if direct else peer
    for since, until in stays_in(conversation, user.pk) or ():
        unread = Message.objects.filter(
            conversation_id=conversation,
            seq__gt=max(read_seq, since),
            seq__lte=until,
            deleted=False,
        ).exclude(sender_id=user.pk)
        first = unread.order_by("seq").values_list("seq", flat=True).first()
        if first is not None:
            return first
    return None


def read_marks(user: User, peer: str) -> tuple[int, int]:
    """How far `user` has read, and how far the other, or any other member of a group."""
    if is_group(peer):
        return _read_marks_in_group(user.pk, peer)
    # Not in one query: MongoDB would begin at everybody's memberships.
    conversation = find_conversation(user.pk, peer)
    memberships = Membership.objects.filter(conversation=conversation)
    marks = dict(memberships.values_list("user_id", "last_read_seq") if conversation else ())
    return marks.get(user.pk, 0), marks.get(peer, 0)


def _read_marks_in_group(me: str, group: str) -> tuple[int, int]:
    memberships = Membership.objects.filter(conversation_id=group, user_id=me)
    mine = memberships.select_related("conversation").first()
    if mine is None:
        return 0, 0
    told = [group] if are_marks_told(mine.until_seq, mine.conversation.member_count) else []
    return mine.last_read_seq, read_by_others(me, told).get(group, 0)


def are_marks_told(until: int | None, member_count: int) -> bool:
    """What the others in a group have read: to its members, unless they are many."""
    return until is None and member_count <= LIVE_MARKS


_READ_BY_OTHERS = SelectAmong(
    lambda groups, *, me: (
        Membership.objects.filter(conversation__pk__in=groups, until_seq=None)
        .exclude(user_id=me)
        .values_list("conversation_id")
        .annotate(Max("last_read_seq"))
    )
)


def read_by_others(me: str, groups: Collection[str]) -> dict[str, int]:
    """How far any other member has read, by group."""
    return dict(_READ_BY_OTHERS.rows_among(groups, me=me))


def find_group(user: User | Caller, group: str) -> tuple[Conversation, str]:
    """With the role of `user` in it. Raises DomainError 403, 404."""
    if not is_group(group):
        raise no_such_group()
    mine = _membership_in(user, group)
    return mine.conversation, mine.role


def _membership_in(user: User | Caller, conversation: str) -> Membership:
    """Of who is in the conversation now: the others learn no more of it."""
    if not is_key(conversation):
        raise no_such_group()
    memberships = Membership.objects.of(user.pk).select_related("conversation")
    mine = memberships.filter(conversation_id=conversation).first()
    if mine is None:
        raise no_such_group()
    if mine.until_seq is not None:
        raise past_member()
    return mine


def no_such_group() -> NotFound:
    return NotFound(_("No such group."))


def past_member() -> DomainError:
    return DomainError(_("You are no longer in this group."), 403, code="left")


def no_such_member() -> NotFound:
    return NotFound(_("This person is not in the group."))


class Member(NamedTuple):
    person: PersonRecord
    role: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class MembersPage:
    members: list[Member]
    cursor: str  # of the next page, "" at the end


def members_page(
    user: User | Caller, conversation: str, *, limit: int, cursor: str = ""
) -> MembersPage:
    """Who is in it now, by name. Raises DomainError 400, 403, 404."""
    return _members_page(_membership_in(user, conversation), limit=limit, cursor=cursor)


def readers_page(
    user: User | Caller, conversation: str, *, seq: int, limit: int, cursor: str = ""
) -> MembersPage:
    """Who of those that the message was sent to has read it, by name. Raises DomainError 400, 403,
    404.
    """
    mine = _membership_in(user, conversation)
    stays = Stays.of(mine.since_seq, mine.until_seq, mine.earlier_stays)
    message = Message.objects.filter(conversation_id=conversation, seq=seq).first()
    if message is None or not stays.see(seq):
        raise NotFound(_("Message not found."))
    others = Q(last_read_seq__gte=seq) & ~Q(user_id=message.sender_id)
    if is_group(conversation):
        # Of who came later nobody knows which of the messages before they have read.
        others &= Q(joined_at__lte=message.created_at)
    return _members_page(mine, others, limit=limit, cursor=cursor)


def _members_page(mine: Membership, *which: Q, limit: int, cursor: str) -> MembersPage:
    # Not in one query: MongoDB would begin at everybody's memberships.
    there = Membership.objects.filter(*which, conversation_id=mine.conversation_id, until_seq=None)
    roles = there.values_list("user_id", "role", "joined_at")
    members = {key: (role, joined_at) for key, role, joined_at in roles}
    people = User.objects.filter(pk__in=list(members)).order_by("sort_name", "pk")
    if cursor:
        name, key = _decoded(cursor)
        people = people.filter(_after(name, key))
    rows = list(people.values_list(*PERSON_COLUMNS, "sort_name")[: limit + 1])
    site = absolute("")
    page = [Member(person_of_row(row[:-1], site), *members[row[0]]) for row in rows[:limit]]
    return MembersPage(page, _cursor(rows, limit))
