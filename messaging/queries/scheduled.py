"""Scheduled messages, which only their senders see, and whose coming online they wait for."""

from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter

from django.db.models import F, Prefetch, QuerySet

from accounts.models import User
from accounts.principal import Principal
from chatsite.keys import is_key
from chatsite.live.cached import CachedValue
from messaging.models import Attachment, ScheduledMessage


def scheduled_of(user: User | Principal, peer: str = "") -> QuerySet[ScheduledMessage]:
    """By their time; last, what waits until somebody comes online."""
    mine = ScheduledMessage.objects.filter(sender_id=user.pk)
    mine = mine.prefetch_related(Prefetch("files", Attachment.objects.order_by("position")))
    return (mine.filter(peer=peer) if peer else mine).order_by(F("send_at").asc(nulls_last=True))


def find_scheduled(user: User | Principal, key: str) -> ScheduledMessage | None:
    return scheduled_of(user).filter(pk=key).first() if is_key(key) else None


def files_of(row: ScheduledMessage) -> list[Attachment]:
    """In the order in which they are shown."""
    return sorted(row.files.all(), key=attrgetter("position"))


def _load_awaited() -> Mapping[str, frozenset[str]]:
    waiting: dict[str, set[str]] = defaultdict(set)
    rows = ScheduledMessage.objects.filter(send_at=None).values_list("peer", "sender_id")
    for peer, sender in rows:
        waiting[peer].add(sender)
    return {peer: frozenset(senders) for peer, senders in waiting.items()}


AWAITED = "awaited"  # the channel group to notify when it has changed who waits for whom
awaited = CachedValue(AWAITED, _load_awaited)
"""By person: who has scheduled messages for when they come online."""
