"""How a session reads in the list of one's own."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.devices import Device, device_of
from accounts.models import Session, User
from accounts.services.push_subscriptions import subscribed_sessions
from accounts.services.sessions import SEEN_PRECISION
from chatsite.db import now
from chatsite.language import day, day_of_year


@dataclass(frozen=True)
class SessionEntry:
    key: str
    device: Device  # by the name that its owner gave it, if any
    browser: str
    address: str
    seen_at: datetime
    seen: str
    is_this: bool
    is_notified: bool  # by push messages


def session_entries(user: User, current: Session) -> list[SessionEntry]:
    """This device first, then the latest seen."""
    notified = subscribed_sessions(user)
    rows = [_row(session, current, notified) for session in Session.objects.active_of(user)]
    return sorted(rows, key=lambda row: not row.is_this)


def last_seen(moment: datetime, current: datetime) -> str:
    """ "now", "14 minutes ago", "3 hours ago", "9 November"; the reader's zone decides the day."""
    passed = current - moment
    # Sessions are seen only so precisely: closer to now nothing can be distinguished.
    if passed < 2 * SEEN_PRECISION:
        return _("now")
    if passed < timedelta(hours=1):
        minutes = passed // timedelta(minutes=1)
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    if passed < timedelta(days=1):
        hours = passed // timedelta(hours=1)
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    return _date(timezone.localtime(moment), timezone.localtime(current))


def _date(moment: datetime, current: datetime) -> str:
    return day_of_year(moment) if moment.year == current.year else day(moment)


def _row(session: Session, current: Session, notified: Collection[str]) -> SessionEntry:
    is_this = session.pk == current.pk
    device = device_of(session.user_agent)
    return SessionEntry(
        key=session.pk,
        device=replace(device, name=session.name or device.name),
        browser=device.name,
        address=session.address,
        seen_at=session.last_seen_at,
        seen=_("now") if is_this else last_seen(session.last_seen_at, now()),
        is_this=is_this,
        is_notified=session.pk in notified,
    )
