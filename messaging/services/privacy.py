"""What people let others see of them: that they read, type, are online, and when they were last."""

from dataclasses import replace

import msgspec
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.privacy import KINDS, Audience, Privacy, decoded, encoded
from chatsite.db import atomic, on_commit, repeatable
from messaging import events, recipients
from messaging.models import FIRST_GROUP, LIVE_MARKS, Membership
from messaging.payloads import privacy_payload
from messaging.queries.privacy import (
    Rules,
    has_contacts,
    people_written_to,
    publish_rules_change,
    rules,
)

CHUNK = 500  # keys in one statement


@repeatable
def change_privacy(
    *,
    user: User,
    read_receipts: Audience | None = None,
    typing: Audience | None = None,
    online: Audience | None = None,
    last_seen: Audience | None = None,
) -> Privacy:
    """Changes what is given. Those who see more or less of `user` by it are notified."""
    given = {
        "read_receipts": read_receipts,
        "typing": typing,
        "online": online,
        "last_seen": last_seen,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    before = rules()
    with atomic():
        stored = decoded(User.objects.select_for_update().get(pk=user.pk).privacy)
        privacy = msgspec.structs.replace(stored, **changes)
        user.privacy = encoded(privacy)
        if privacy != stored:
            User.objects.filter(pk=user.pk).update(privacy=user.privacy)
            on_commit(publish_rules_change)
            _publish(user.pk, before, _with(before, user.pk, privacy))
    return privacy


def _publish(me: str, before: Rules, after: Rules) -> None:
    """By `sync` to everybody in direct chats, and in groups with live marks; by an event to those
    in direct chats for whom it makes a difference.
    """
    mine = Membership.objects.of(me).filter(until_seq=None)
    direct = _keys(mine.filter(conversation__lt=FIRST_GROUP))
    groups = mine.filter(conversation__gte=FIRST_GROUP, conversation__member_count__lte=LIVE_MARKS)
    conversations = [*direct, *_keys(groups)]
    people: list[str] = []
    for start in range(0, len(conversations), CHUNK):
        some = conversations[start : start + CHUNK]
        there = Membership.objects.filter(conversation__in=some)
        direct_chats = there.filter(conversation__lt=FIRST_GROUP, until_seq=None)
        people += direct_chats.values_list("user_id", flat=True)
        there.update(version=F("version") + 1)
    affected = [key for key in people if key != me and _differs(before, after, me, key)]
    events.publish(events.PRIVACY_CHANGED, privacy_payload(me), to=recipients.of([me, *affected]))


def _keys(memberships: QuerySet[Membership]) -> list[str]:
    return list(memberships.values_list("conversation_id", flat=True))


def _with(rules: Rules, key: str, privacy: Privacy) -> Rules:
    contacts = dict(rules.contacts)
    if has_contacts(privacy):
        contacts[key] = people_written_to(key)
    return replace(rules, people={**rules.people, key: privacy}, contacts=contacts)


def _differs(before: Rules, after: Rules, one: str, other: str) -> bool:
    return any(before.sees(kind, one, other) != after.sees(kind, one, other) for kind in KINDS)
