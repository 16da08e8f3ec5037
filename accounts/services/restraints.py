"""Who may not write for a time, decided here for every way to write. Each process caches these few
people, so that nobody else's sends cost a query.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.live.cached import CachedValue


def _query_silences() -> Mapping[str, datetime]:
    silenced = User.objects.filter(silenced_until__gt=now())
    return {each.pk: each.silenced_until for each in silenced if each.silenced_until}


silences = CachedValue("silences", _query_silences)


def check_not_silenced(user_id: str) -> None:
    """Raises DomainError 403."""
    until = silences().get(user_id)
    left = (until - now()).total_seconds() if until else 0
    if until and left > 0:
        words = _("Moderators have silenced you until %(until)s. You can read meanwhile.")
        text = words % {"until": f"{until:%Y-%m-%d %H:%M} UTC"}
        raise DomainError(text, 403, code="silenced", wait=int(left) + 1)
