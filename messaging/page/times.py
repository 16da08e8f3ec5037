"""Times as people read them, in the reader's zone. static/js/lib/time.js does the same."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from chatsite.language import clock, short_day, short_day_of_year, weekday


def day_label(moment: datetime) -> str:
    """Today, Yesterday, the weekday within a week, then the date."""
    day, today = timezone.localtime(moment).date(), timezone.localdate()
    days_ago = (today - day).days
    if days_ago <= 0:
        return _("Today")
    if days_ago == 1:
        return _("Yesterday")
    if days_ago < 7:
        return weekday(day)
    return short_day_of_year(day) if day.year == today.year else short_day(day)


def when(moment: datetime) -> str:
    """The clock today, the day and the clock before that."""
    time = clock(moment)
    is_today = timezone.localtime(moment).date() >= timezone.localdate()
    return time if is_today else f"{day_label(moment)}, {time}"


def last_seen(moment: datetime) -> str:
    days_ago = (timezone.localdate() - timezone.localtime(moment).date()).days
    if days_ago <= 0:
        words = _("last seen today at {time}")
    elif days_ago == 1:
        words = _("last seen yesterday at {time}")
    else:
        words = _("last seen {day}, {time}")
    return words.format(day=day_label(moment), time=clock(moment))
