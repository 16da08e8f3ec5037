"""Attachments: how large they may be, one and all together."""

from dataclasses import dataclass

from chatsite.conf.variables import between, positive, text

LARGEST = 2**50


@dataclass(frozen=True, slots=True)
class Attachments:
    """Sizes are in bytes."""

    max_bytes: int
    quota: int  # of one person
    site_quota: int | None  # None: as long as there is room
    deleted_days: int  # that those of deleted messages are kept


def read() -> Attachments:
    return Attachments(
        max_bytes=positive("ATTACHMENT_MAX_BYTES", 100 * 2**20, LARGEST),
        quota=positive("ATTACHMENT_QUOTA", 2 * 2**30, LARGEST),
        site_quota=(
            between(0, LARGEST, "ATTACHMENT_SITE_QUOTA", 0)
            if text("ATTACHMENT_SITE_QUOTA")
            else None
        ),
        deleted_days=between(0, 36_500, "ATTACHMENT_DELETED_DAYS", 30),
    )
