"""How somebody wants to be notified of what they missed."""

import re
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.notifications import CLOCK, Notifications, decoded, encoded, is_zone
from chatsite.db import atomic, repeatable
from chatsite.errors import DomainError


@repeatable
def change_notifications(*, user: User, **changes: Any) -> Notifications:
    """Fields of `Notifications`; what is None stays as it is. Raises DomainError 400."""
    given = {name: value for name, value in changes.items() if value is not None}
    if not all(re.fullmatch(CLOCK, given.get(name, "")) for name in ("quiet_from", "quiet_until")):
        raise DomainError(_("Give the time of the day as 22:00."), code="clock")
    if not is_zone(given.get("zone", "UTC")):
        raise DomainError(_("There is no such time zone."), code="zone")
    with atomic():
        stored = decoded(User.objects.select_for_update().get(pk=user.pk).notifications)
        chosen = msgspec.structs.replace(stored, **given)
        user.notifications = encoded(chosen)
        user.save(update_fields=["notifications"])  # which others follow
    return chosen
