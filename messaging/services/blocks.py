"""Blocking people, and undoing it: nobody else is notified.

Who blocks somebody leaves their direct chat (`Membership.until_seq`), and is in it again once that
is undone: so whatever shows messages keeps from them what was written meanwhile. The other one is
in it as before; what they send is stored, and stays unread.
"""

from functools import partial
from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.last_seen import record_online
from chatsite.db import on_commit, repeatable, retrying
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from chatsite.locks import locking
from chatsite.security.ratelimits import HOUR, Allowance, check
from messaging import events, recipients
from messaging.models import Block, Conversation, Kind, Membership, direct_key
from messaging.payloads import chat_settings_payload
from messaging.queries.chats import chats_of
from messaging.queries.people import is_person
from messaging.queries.privacy import publish_rules_change
from messaging.services.conversations import locked_conversations
from messaging.services.disappearing import restore_lifetime
from messaging.shapes.chat_settings import BLOCKED, NO_SETTINGS, ChatSettings

BLOCKS = 1000  # of one person
BLOCKS_PER_HOUR = 30


def block(*, user: User, person: str) -> ChatSettings:
    """Returns how `user` keeps the chat from now on. Idempotent.

    Raises DomainError: 404, 409 for oneself and for one too many, TooMany for more than
    BLOCKS_PER_HOUR.
    """
    if person == user.pk:
        raise DomainError(_("You cannot block yourself."), 409, code="self")
    if not is_person(person):
        raise NotFound(_("No such person."))
    # Of two that make the same conversation at once, one finds it when it tries again.
    return retrying(partial(_block, user, person), IntegrityError)


def _block(user: User, person: str) -> ChatSettings:
    me, key = user.pk, direct_key(user.pk, person)
    with locking(key):
        mine, end = _membership(me, key)
        block = Block.objects.filter(blocker_id=me, blocked_id=person).first()
        if block and mine.until_seq is not None:
            return _settings(user, mine, is_blocked=True)
        if Block.objects.filter(blocker_id=me).count() >= BLOCKS:
            message = _("You can block up to %(limit)s people.") % {"limit": f"{BLOCKS:,}"}
            raise DomainError(message, 409, code="too_many")
        if not block:
            check(Allowance("blocks", BLOCKS_PER_HOUR, HOUR), me)  # every worker reads them again
            _store_block(user, person)
        record_online([me])  # as if they went now
        return _store(user, person, mine, until_seq=end)


@repeatable
def unblock(*, user: User, person: str) -> ChatSettings:
    """The same. What was written meanwhile stays away, and how long messages last is again what
    `user` knew before.
    """
    if not is_key(person):
        raise NotFound(_("No such person."))
    key = direct_key(user.pk, person)
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        undone, _rows = Block.objects.filter(blocker_id=user.pk, blocked_id=person).delete()
        member = conversation and conversation.members.get(user.pk)
        if not (conversation and member):
            return NO_SETTINGS
        since, earlier = member.stays.resumed(conversation.seq).stored()
        mine = Membership.objects.get(conversation=conversation.pk, user=user.pk)
        if not undone:
            return _settings(user, mine, is_blocked=False)
        stay = {"since_seq": since, "until_seq": None, "earlier_stays": earlier}
        settings = _store(user, person, mine, **stay)
        if (until := member.until) is not None:
            member.since, member.until, member.earlier = since, None, earlier
            restore_lifetime(conversation, user, until)
        return settings


def _store_block(user: User, person: str) -> None:
    """With how they go on seeing each other."""
    other = User.objects.get(pk=person)
    Block.objects.create(
        blocker=user,
        blocked=other,
        blocker_name=user.full_name,
        blocker_picture=user.picture,
        blocker_username=user.username,
        blocker_email=user.email,
        blocked_name=other.full_name,
        blocked_picture=other.picture,
        blocked_username=other.username,
        blocked_email=other.email,
    )


def _membership(me: str, key: str) -> tuple[Membership, int]:
    """Of `me` in the conversation of that key, with its last `seq`. It is made where there is none,
    so that of a first message and a block at once one comes first.
    """
    locked = locked_conversations([key]).get(key)
    there = locked.pk if locked else Conversation.objects.create(key=key, kind=Kind.DIRECT).pk
    mine, _made = Membership.objects.get_or_create(conversation_id=there, user_id=me)
    return mine, locked.seq if locked else 0


def _store(user: User, person: str, mine: Membership, **stay: Any) -> ChatSettings:
    """And notifies the other devices of `user`, and every worker."""
    Membership.objects.filter(pk=mine.pk).update(**stay, version=F("version") + 1)
    settings = _settings(user, mine, is_blocked=stay["until_seq"] is not None)
    payload = chat_settings_payload(person, settings)
    events.publish(events.CHAT_CHANGED, payload, to=recipients.of([user.pk]))
    on_commit(publish_rules_change)
    return settings


def _settings(user: User, mine: Membership, *, is_blocked: bool) -> ChatSettings:
    for chat in chats_of(user, among=[mine.conversation_id]):
        return chat.settings
    return BLOCKED if is_blocked else NO_SETTINGS  # nothing was written yet
