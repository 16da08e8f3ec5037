"""What a person may see of a conversation is decided here: by when they were in it, and by what
they have deleted for themselves.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite import strict_json
from chatsite.errors import DomainError, NotFound
from chatsite.fastpath.statements import Get, Select, SelectAmong
from chatsite.keys import is_key
from messaging.models import (
    Conversation,
    Kind,
    Membership,
    Message,
    MessageKind,
    conversation_key,
    direct_key,
    is_group,
    saved_key,
)
from messaging.queries.people import is_person
from messaging.shapes.system_messages import SystemDetails, decoded

Stay = tuple[int, int]

LAST = 2**62  # beyond any `seq`
# `since_seq` and `until_seq` of a deleted account in its direct chats, which others go on reading.
GONE = (LAST, 0)


def unexpired(moment: Any) -> Q:
    """Of messages: not expired at that moment."""
    return Q(expires_at=None) | Q(expires_at__gt=moment)


def is_there(moment: Any) -> Q:
    """The same, and not deleted."""
    return Q(unexpired(moment), deleted=False)


_earlier_stays = strict_json.reader(list[Stay])


class Stays(list[Stay]):
    """What somebody sees of a conversation, oldest first: the messages after the first `seq` of
    each, up to its second. Those between two were written while they were not in it, or they have
    deleted them for themselves.
    """

    @classmethod
    def of(cls, since: int, until: int | None, earlier: str) -> "Stays":
        """As a membership has them."""
        now = (since, LAST if until is None else until)
        return cls([*(_earlier_stays(earlier) or ()), now] if earlier else [now])

    def stored(self) -> tuple[int, str]:
        """`since_seq` and `earlier_stays` of their membership."""
        *earlier, (since, _until) = self
        return since, msgspec.json.encode(earlier).decode() if earlier else ""

    def see(self, seq: int) -> bool:
        return any(since < seq <= until for since, until in self)

    def last(self, end: int) -> int:
        """The last `seq` up to `end` that they see; 0 for none."""
        ends = (min(until, end) for since, until in self if since < min(until, end))
        return max(ends, default=0)

    def hidden(self, end: int) -> list[Stay]:
        """From which `seq` to which they see nothing, up to `end`."""
        seen = [(0, 0), *self.merged(), (end, end)]
        gaps = ((until, min(since, end)) for (_, until), (since, _) in pairwise(seen))
        return [(after + 1, last) for after, last in gaps if after < last]

    def without(self, parts: Iterable[Stay]) -> "Stays":
        """`parts` like stays: after the first `seq`, up to the second."""
        left = list(self)
        for after, last in parts:
            left = [
                each
                for since, until in left
                for each in ((since, min(until, after)), (max(since, last), until))
                if each[0] < each[1]
            ]
        return self._again(left)

    def along_with(self, parts: Iterable[Stay]) -> "Stays":
        return self._again([*self, *parts])

    def resumed(self, end: int) -> "Stays":
        """With what comes after `end`."""
        return Stays(Stays([*self, (end, LAST)]).merged())

    def _again(self, stays: Collection[Stay]) -> "Stays":
        """The last stay remains the current one, even when nothing of it is left. Of the first one
        its end remains: `deleted_parts` has to know that they were in the group that early.
        """
        again = Stays(stays).merged()
        if self and again and self[0][1] <= again[0][0]:
            again.insert(0, (self[0][1], self[0][1]))
        if self and (not again or again[-1][1] != self[-1][1]):
            again.append((self[-1][1], self[-1][1]))
        return Stays(again)

    def merged(self) -> list[Stay]:
        merged: list[Stay] = []
        for since, until in sorted(self):
            if merged and since <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
            elif since < until:
                merged.append((since, until))
        return merged


_CONVERSATION = Get(lambda key: Conversation.objects.filter(key=key))


def find_conversation(user_id: str, peer_id: str) -> Conversation | None:
    if not is_key(peer_id):
        return None
    conversation: Conversation | None = _CONVERSATION.one(key=direct_key(user_id, peer_id))
    return conversation


_LIFETIME = Select(
    lambda key: Conversation.objects.filter(key=key, last_seq__gt=0).values_list("disappear_after")
)


def lifetime_in(user_id: str, peer: str) -> int | None:
    """Seconds after which what they send each other now disappears; 0: never. None where nothing
    was said yet.
    """
    row = _LIFETIME.first(key=conversation_key(user_id, peer))
    return row[0] if row else None


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


_STAYS_AMONG = SelectAmong(
    lambda conversations, *, me: Membership.objects.filter(
        conversation__pk__in=conversations, user_id=me
    ).values_list("conversation_id", "since_seq", "until_seq", "earlier_stays")
)


def stays_among(user_id: str, conversations: Collection[str]) -> dict[str, Stays]:
    """By conversation, in which of them they are or were."""
    rows = _STAYS_AMONG.rows_among(conversations, me=user_id)
    return {conversation: Stays.of(*stay) for conversation, *stay in rows}


def deleted_parts(group: str, stays: Mapping[str, Stays]) -> dict[str, list[Stay]]:
    """For each person who has left, the parts of the group that they deleted for themselves, in the
    form of stays. A part that they do not see counts as deleted, unless the system messages at both
    of its ends show that they were away.
    """
    gaps = {person: each.hidden(each[-1][1]) for person, each in stays.items()}
    ends = {
        seq for parts in gaps.values() for first, last in parts for seq in (first - 1, last + 1)
    }
    notices = Message.objects.filter(conversation_id=group, kind=MessageKind.SYSTEM, seq__in=ends)
    details = {
        seq: found
        for seq, text in (notices.values_list("seq", "details") if ends else ())
        if (found := decoded(text))
    }
    return {
        person: [
            (first - 1, last)
            for first, last in parts
            if not (
                _joins(person, details.get(last + 1))
                and (
                    _leaves(person, details.get(first - 1))
                    if first > 1
                    else not _is_empty(stays[person][0])
                )
            )
        ]
        for person, parts in gaps.items()
    }


def _is_empty(stay: Stay) -> bool:
    return stay[0] == stay[1]


def _joins(person: str, details: SystemDetails | None) -> bool:
    return details is not None and details.event in ("created", "added") and details.names(person)


def _leaves(person: str, details: SystemDetails | None) -> bool:
    if details is None or details.event not in ("left", "removed"):
        return False
    return details.names(person) or (details.event == "left" and details.by.id == person)


_MEMBERS = Select(
    lambda group: Membership.objects.filter(conversation_id=group, until_seq=None).values_list(
        "user_id"
    ),
    packed=True,
)


def members_of(group: str) -> list[str]:
    """Who is in it now."""
    return [user_id for (user_id,) in _MEMBERS.rows(group=group)]


def conversation_with(user_id: str, peer: str) -> str:
    """The key of their conversation; "" without one."""
    if is_group(peer):
        return peer
    direct = find_conversation(user_id, peer)
    return direct.pk if direct else ""


def stays_with(user_id: str, peer: str) -> tuple[str, Stays | None]:
    """The key of their conversation, "" without one, and what `user_id` sees of it."""
    conversation = conversation_with(user_id, peer)
    return conversation, stays_in(conversation, user_id)


def is_peer(key: str, user_id: str) -> bool:
    """Whether it is a person, a group that `user_id` is in or was, or their saved messages."""
    if key == saved_key(user_id):
        return True
    return stays_in(key, user_id) is not None if is_group(key) else is_person(key)


def check_peer(key: str, user_id: str) -> None:
    """Raises DomainError 404 unless it is one."""
    if not is_peer(key, user_id):
        raise no_such_group() if is_group(key) else NotFound(_("No such person."))


_MESSAGE = Get(lambda key: Message.objects.filter(pk=key))
_ITS_CONVERSATION = Get(lambda key: Conversation.objects.filter(pk=key))


def stored_message(key: str) -> Message | None:
    """With its conversation, as it is now: whoever may see it."""
    message: Message | None = _MESSAGE.one(key=key)
    conversation = message and _ITS_CONVERSATION.one(key=message.conversation_id)
    if not message or not conversation:
        return None
    message.conversation = conversation
    return message


def find_message(user: User | Principal, message_id: str) -> Message | None:
    """One that `user` may see, deleted or not."""
    message = stored_message(message_id) if is_key(message_id) else None
    stays = stays_in(message.conversation_id, user.pk) if message else None
    return message if message and stays and stays.see(message.seq) else None


def find_undeleted(user: User | Principal, message_id: str) -> Message:
    """Raises DomainError 404, 409 for a deleted one."""
    message = find_message(user, message_id)
    if message is None:
        raise no_such_message()
    if message.deleted:
        raise was_deleted()
    return message


def visible_among(user: User | Principal, message_ids: Iterable[str]) -> list[Message]:
    """The same of several, in the order of their keys; what they may not see is left out."""
    keys = [key for key in message_ids if is_key(key)]
    found = list(Message.objects.select_related("conversation").filter(pk__in=keys).order_by("pk"))
    stays = stays_among(user.pk, {message.conversation_id for message in found})
    return [
        message
        for message in found
        if message.conversation_id in stays and stays[message.conversation_id].see(message.seq)
    ]


def find_messages(user: User | Principal, keys: Sequence[str]) -> list[Message]:
    """These, in their order, deleted or not. Raises DomainError 404 unless `user` may see each."""
    found = Message.objects.in_bulk([key for key in keys if is_key(key)])
    among = {message.conversation_id for message in found.values()}
    stays = stays_among(user.pk, among)
    for key in keys:
        message = found.get(key)
        seen = message and stays.get(message.conversation_id)
        if not (message and seen and seen.see(message.seq)):
            raise no_such_message()
    return [found[key] for key in keys]


def find_group(user: User | Principal, group: str) -> tuple[Conversation, str]:
    """With the role of `user` in it. Raises DomainError 403, 404."""
    if not is_group(group):
        raise no_such_group()
    mine = membership_in(user, group)
    if mine.conversation.kind != Kind.GROUP:
        raise no_such_group()
    return mine.conversation, mine.role


def membership_in(
    user: User | Principal, conversation: str, *, or_past: bool = False
) -> Membership:
    """Of who is in the conversation now: the others learn no more of it. With `or_past`, also of
    who was, for what they still see; in a direct chat, who has blocked the other still sees what
    was before. Raises DomainError 403, 404.
    """
    if not is_key(conversation):
        raise no_such_group()
    memberships = Membership.objects.of(user.pk).select_related("conversation")
    mine = memberships.filter(conversation_id=conversation).first()
    if mine is None:
        raise no_such_group()
    if mine.until_seq is not None and not or_past and is_group(conversation):
        raise past_member()
    return mine


def message_in(mine: Membership, seq: int) -> Message:
    """That of the number, deleted or not. Raises DomainError 404 unless they may see it."""
    message = Message.objects.filter(conversation_id=mine.conversation_id, seq=seq).first()
    stays = Stays.of(mine.since_seq, mine.until_seq, mine.earlier_stays)
    if message is None or not stays.see(seq):
        raise no_such_message()
    return message


def no_such_message() -> NotFound:
    return NotFound(_("Message not found."))


def was_deleted() -> DomainError:
    return DomainError(_("This message was deleted."), 409, code="deleted")


def no_such_group() -> NotFound:
    return NotFound(_("No such group."))


def past_member() -> DomainError:
    return DomainError(_("You are no longer in this group."), 403, code="left")


def has_blocked() -> DomainError:
    words = _("You have blocked this person. Unblock them to write to them.")
    return DomainError(words, 403, code="blocked")


def no_such_member() -> NotFound:
    return NotFound(_("This person is not in the group."))
