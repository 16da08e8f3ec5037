"""Which language somebody reads: for what is written to them by others, or while they are away."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from accounts.models import Session, User


@contextmanager
def read_by(user: str) -> Iterator[None]:
    """The one that they chose, or that of the browser which they last came with."""
    chosen = User.objects.filter(pk=user).values_list("language", flat=True).first()
    sessions = Session.objects.filter(user_id=user).order_by("-last_seen_at")
    browser = None if chosen else sessions.values_list("language", flat=True).first()
    with translation.override(chosen or browser or settings.LANGUAGE_CODE):
        yield


def chosen_by(people: Iterable[str]) -> dict[str, str]:
    """By person; "" is whatever their browser prefers. No query without people."""
    keys = set(people)
    if not keys:
        return {}
    return dict(User.objects.filter(pk__in=keys).values_list("pk", "language"))
