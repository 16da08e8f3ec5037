"""Accounts that nobody has used for long."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts.models import Session, User
from accounts.services.deletion import plan_deletion
from chatsite.errors import DomainError

BATCH_SIZE = 500


def inactive_since(moment: datetime) -> Iterator[User]:
    """But for those who do something for the site, and those that are to be deleted already."""
    unseen = Q(last_seen_at=None) | Q(last_seen_at__lt=moment)
    # A program opens no socket, and of sessions that have expired no row is left: they may have
    # been used until they did.
    away = Q(last_login=None) | Q(last_login__lt=moment - settings.TOKEN_LIFETIME)
    people = User.objects.filter(unseen, away, created_at__lt=moment, role="", deleted_at=None)
    after = ""
    while some := list(people.filter(pk__gt=after).order_by("pk")[:BATCH_SIZE]):
        after = some[-1].pk
        used = Session.objects.filter(user_id__in=[each.pk for each in some])
        seen = set(used.filter(last_seen_at__gte=moment).values_list("user_id", flat=True))
        yield from (each for each in some if each.deletion_at is None and each.pk not in seen)


def delete_inactive(moment: datetime) -> int:
    """As if they had requested it: they get a mail, and they have a week to keep the account.
    What they wrote stays. Returns how many.
    """
    count = 0
    for user in inactive_since(moment):
        try:
            plan_deletion(user=user, removes_messages=False)
        except DomainError:  # it was just given a role, or is gone
            continue
        count += 1
    return count
