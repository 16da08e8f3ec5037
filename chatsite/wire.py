"""Values as they go over the wire."""

from datetime import UTC, datetime

from django.conf import settings


def timestamp(moment: datetime) -> str:
    """UTC, ISO 8601 with milliseconds: `2024-01-15T10:35:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def absolute(path: str) -> str:
    """A path of this site as a client elsewhere needs it: absolute when PUBLIC_URL is set."""
    return f"{settings.PUBLIC_URL}{path}"
