"""Who receives what. Groups of the channel layer are named here."""

from collections.abc import Collection, Iterable

from messaging.models import LIVE_MARKS
from messaging.queries.privacy import rules


def user_group(user_id: str) -> str:
    return f"user.{user_id}"


def of(people: Iterable[str]) -> list[str]:
    """Every socket of theirs."""
    return [f"user.{user_id}" for user_id in people]  # a thousand at once: no call for each


def of_mark(reader_id: str, members: Collection[str]) -> list[str]:
    """Of what somebody has read or got: everybody in the conversation; in a large group, and of who
    has left one, the reader alone: the others fetch who has read what when they need it.
    """
    if len(members) > LIVE_MARKS or reader_id not in members:
        return of([reader_id])
    return of(members)


def of_read_mark(reader_id: str, members: Collection[str]) -> tuple[list[str], list[str]]:
    """As `of_mark`; apart from those who may not see that `reader_id` has read: to them it is
    delivered.
    """
    receivers, shown = of_mark(reader_id, members), rules()
    if not shown.is_restricted("read_receipts"):
        return receivers, []
    seen = set(of(shown.seen("read_receipts", reader_id, members)))
    readers = user_group(reader_id)
    hidden = [group for group in receivers if group not in seen and group != readers]
    return [group for group in receivers if group not in hidden] if hidden else receivers, hidden
