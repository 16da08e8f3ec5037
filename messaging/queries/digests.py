"""Who has been away for as long as they chose, and what is unread since."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from accounts.models import Session, User
from accounts.notifications import DIGEST_HOURS, decoded
from chatsite.keys import key_at
from chatsite.wire import timestamp
from messaging.models import Membership
from messaging.queries.notifications import Missed, missed_by

PEOPLE = 500  # in one query
CONVERSATIONS = 100  # that one digest counts
SHORTEST = timedelta(hours=min(filter(None, DIGEST_HOURS)))
# What is older is no news, lest a site that begins with digests writes to all who left it once.
NEWS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Absence:
    user: User
    since: datetime  # from when on something is news to them
    conversations: Sequence[str]  # in which something came since, the latest first


def absences(moment: datetime) -> Iterator[Absence]:
    """Of those who want a digest, can get one, and got none since they were last here."""
    after = ""
    while some := list(_people(moment).filter(pk__gt=after)[:PEOPLE]):
        after = some[-1].pk
        visits = _last_visits(some)
        away_since = {
            user.pk: max(visits[user.pk], moment - NEWS)
            for user in some
            if _is_due(user, visits[user.pk], moment)
        }
        changed = _changed_since(away_since, moment)
        for user in some:
            if user.pk in changed:
                yield Absence(user, away_since[user.pk], changed[user.pk])


def _people(moment: datetime) -> QuerySet[User]:
    """Who may get one."""
    away = Q(last_seen_at=None) | Q(last_seen_at__lte=moment - SHORTEST)
    people = User.objects.filter(away, banned_at=None, deletion_at=None, deleted_at=None)
    return people.exclude(email_confirmed_at=None).order_by("pk")


def _last_visits(people: Sequence[User]) -> dict[str, datetime]:
    """By person: by their sockets, their requests, or the log-in."""
    used = dict(_last_requests([user.pk for user in people]))
    return {
        user.pk: max(
            user.created_at,
            *filter(None, (used.get(user.pk), user.last_seen_at, user.last_login)),
        )
        for user in people
    }


def _last_requests(people: Collection[str]) -> QuerySet[Session, tuple[str, datetime]]:
    sessions = Session.objects.filter(user_id__in=people)
    return sessions.values_list("user_id").annotate(Max("last_seen_at"))


def _is_due(user: User, last_visit: datetime, moment: datetime) -> bool:
    chosen = decoded(user.notifications)
    if not chosen.digest_hours or last_visit > moment - timedelta(hours=chosen.digest_hours):
        return False
    if user.digest_sent_at and user.digest_sent_at >= last_visit:
        return False
    return chosen.end_of_quiet(moment) is None


def _changed_since(since: dict[str, datetime], moment: datetime) -> dict[str, list[str]]:
    """By person, where a message came since that they have not read: at least those."""
    if not since:
        return {}
    rows = _lively(list(since), key_at(min(since.values())))
    changed: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for person, conversation, last, last_seq, read_seq, archived_seq, muted_until in rows:
        is_muted = muted_until is not None and muted_until > moment
        is_news = last > key_at(since[person]) and last_seq > max(read_seq, archived_seq or 0)
        if is_news and not is_muted:
            changed[person].append((last, conversation))
    return {
        person: [key for _last, key in sorted(found, reverse=True)][:CONVERSATIONS]
        for person, found in changed.items()
    }


def _lively(people: Collection[str], key: str) -> QuerySet[Membership, tuple[Any, ...]]:
    """Where they are, and the last message is after that of the key."""
    there = Membership.objects.filter(
        user_id__in=people, until_seq=None, is_request=False, conversation__last_message__gt=key
    )
    return there.values_list(
        *("user_id", "conversation_id"),
        *(F("conversation__last_message"), F("conversation__last_seq")),
        *("last_read_seq", "archived_seq", "muted_until"),
    )


def news_of(absence: Absence, moment: datetime) -> list[Missed]:
    """What they missed, by conversation, the latest first: as they would be notified of it, but of
    nothing in muted chats.
    """
    since = timestamp(absence.since)
    found = (missed_by(absence.user.pk, key, moment) for key in absence.conversations)
    return [each for each in found if each and each.messages[-1].created_at > since]
