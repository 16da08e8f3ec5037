"""Times that people choose for what happens later."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from chatsite.db import now
from chatsite.errors import DomainError

AHEAD = timedelta(days=366)


def checked_moment(moment: datetime, field: str) -> datetime:
    """Cut to milliseconds. Raises DomainError 400 for what is past or more than a year ahead."""
    if moment <= now():
        message = _("Choose a time that is not past.")
    elif moment > now() + AHEAD:
        message = _("Choose a time within a year.")
    else:
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    raise DomainError(message, code=field, errors={field: [message]})
