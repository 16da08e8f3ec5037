"""Where people's browsers take push messages: one address for each session, as long as it lasts."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from accounts.models import ENDPOINT_LENGTH, PushSubscription, Session, User
from chatsite.db import atomic, on_commit, repeatable
from chatsite.errors import DomainError
from chatsite.live.cached import CachedValue
from chatsite.push.sending import Target

MAX_PER_PERSON = 20  # of one person: each of their messages goes to all of these


def _query_subscribers() -> frozenset[str]:
    return frozenset(PushSubscription.objects.values_list("user_id", flat=True))


# Who has any: everybody else costs nothing.
subscribers = CachedValue("push", _query_subscribers)


@repeatable
def subscribe(*, session: Session, endpoint: str, p256dh: str, auth: str) -> None:
    """In place of what the session had. A browser has one address, so that whoever else signed in
    there before gets nothing by it any more. Raises DomainError 400.
    """
    if len(endpoint) > ENDPOINT_LENGTH or not Target(endpoint, p256dh, auth).is_valid():
        raise DomainError(_("This is no push subscription of a browser."), code="invalid")
    values = {"user_id": session.user_id, "endpoint": endpoint, "p256dh": p256dh, "auth": auth}
    with atomic():
        # Written, so that a session that ends meanwhile takes it along.
        if not Session.objects.filter(pk=session.pk, revoked_at=None).update(revoked_at=None):
            return
        others = PushSubscription.objects.filter(endpoint=endpoint)
        _remove(others.exclude(session_id=session.pk).values_list("pk", flat=True))
        PushSubscription.objects.update_or_create(session_id=session.pk, defaults=values)
        mine = PushSubscription.objects.filter(user_id=session.user_id).order_by("-created_at")
        _remove(list(mine.values_list("pk", flat=True))[MAX_PER_PERSON:])
        on_commit(subscribers.publish_change)


def unsubscribe(*, sessions: Collection[str]) -> None:
    """Those of these sessions. Again: nothing happens."""
    found = PushSubscription.objects.filter(session__in=list(sessions))
    _remove(found.values_list("pk", flat=True))


def is_subscribed(session: Session) -> bool:
    return PushSubscription.objects.filter(session=session.pk).exists()


def subscribed_sessions(user: User) -> frozenset[str]:
    mine = PushSubscription.objects.filter(user=user.pk)
    return frozenset(mine.values_list("session_id", flat=True))


def retire(*, subscription: str) -> None:
    """Which its browser has given up."""
    _remove([subscription])


def _remove(keys: Collection[str]) -> None:
    if keys and PushSubscription.objects.filter(pk__in=list(keys)).delete()[0]:
        on_commit(subscribers.publish_change)


def target_of(subscription: PushSubscription) -> Target:
    return Target(subscription.endpoint, subscription.p256dh, subscription.auth)
