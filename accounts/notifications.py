"""How people are notified of what they missed, as it is stored and on the wire."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from chatsite import strict_json

Previews = Literal["full", "name", "nothing"]
PREVIEWS: tuple[Previews, ...] = get_args(Previews)
DIGEST_HOURS = (0, 1, 8, 24, 72)
CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d)?$"
Shown = Annotated[
    str,
    Meta(
        description="What notifications show: who wrote and what, who wrote, or that there is"
        " something.",
        extra_json_schema={"enum": list(PREVIEWS)},
    ),
]
Clock = Annotated[
    str, Meta(pattern=CLOCK, description="Of the day, in my zone; empty: no quiet hours.")
]
DigestHours = Annotated[
    int,
    Meta(
        description="A mail says what is unread once I have been away for so many hours, and none"
        " follows before I am back; 0: none.",
        extra_json_schema={"enum": list(DIGEST_HOURS)},
    ),
]
Zone = Annotated[str, Meta(description="Of the IANA database.", examples=["Europe/Berlin"])]


class Notifications(msgspec.Struct, rename="camel", frozen=True):
    """What I have chosen."""

    previews: Shown = "full"
    quiet_from: Clock = ""
    quiet_until: Clock = ""
    zone: Zone = "UTC"
    digest_hours: DigestHours = 8

    def end_of_quiet(self, moment: datetime) -> datetime | None:
        """Until when they want to be left alone; None where they do not at that moment."""
        if not self.quiet_from or not self.quiet_until:
            return None
        there = moment.astimezone(zone_of(self.zone))
        clock = f"{there:%H:%M}"
        has_begun, ends_today = clock >= self.quiet_from, clock < self.quiet_until
        if self.quiet_from <= self.quiet_until:
            are_quiet = has_begun and ends_today
        else:
            are_quiet = has_begun or ends_today
        if not are_quiet:
            return None
        hour, minute = map(int, self.quiet_until.split(":"))
        end = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return (end if ends_today else end + timedelta(days=1)).astimezone(UTC)


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # unknown, malformed, or a folder of the database
        return False
    return True


def zone_of(name: str) -> ZoneInfo:
    """A later release of the database may not have it any more."""
    return ZoneInfo(name if is_zone(name) else "UTC")


UNCHANGED = Notifications()
_read = strict_json.reader(Notifications)
_encode = msgspec.json.Encoder(order="deterministic").encode


def decoded(text: str) -> Notifications:
    return (_read(text) if text else None) or UNCHANGED


def encoded(chosen: Notifications) -> str:
    """Nothing for those who have chosen nothing, as most have."""
    return "" if chosen == UNCHANGED else _encode(chosen).decode()


class NotificationsPayload(Notifications, frozen=True):
    """With what a browser needs."""

    public_key: Annotated[
        str, Meta(description="The site's, in base64url: `applicationServerKey`.")
    ] = ""
    subscribed: Annotated[
        bool, Meta(description="The browser of this session takes push messages.")
    ] = False
