"""What kinds of jobs there are. Each app registers its own in its module `jobs`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

Work = TypeVar("Work", bound=Callable[..., None])


class Lane(StrEnum):
    """Jobs of one lane share its threads, so that those of another never wait for them."""

    QUICK = "quick"  # milliseconds in the database
    NETWORK = "network"  # waits for the servers of others
    PUSH = "push"  # the same for the push services that people's browsers name
    PREVIEWS = "previews"  # the same for the pages whose addresses people send
    LONG = "long"  # minutes
    ON_DEMAND = "on-demand"  # the same, as often as people request it


THREADS = {
    Lane.QUICK: 2,
    Lane.NETWORK: 4,
    Lane.PUSH: 8,
    Lane.PREVIEWS: 2,
    Lane.LONG: 2,
    Lane.ON_DEMAND: 1,
}


class Retry(Exception):
    """It may work a little later, though not within `after` seconds. `str` says why, in words for
    the log and the admin. What was not even begun `counts` as no try.
    """

    def __init__(self, reason: str, after: float = 0, *, counts: bool = True) -> None:
        super().__init__(reason)
        self.after = after
        self.counts = counts


class GiveUp(Exception):
    """It will never work. `str` says why, in words for the log and the admin."""


class Stopped(Exception):
    """The process shuts down, and another one does the rest at once."""


@dataclass(frozen=True, slots=True)
class JobKind:
    name: str
    work: Callable[..., None]
    lane: Lane
    attempts: int | None  # after which it is given up; None: never
    every: timedelta | None  # from the end of one run to the next


KINDS: dict[str, JobKind] = {}


def job(
    name: str, *, lane: Lane, attempts: int | None = 8, every: timedelta | None = None
) -> Callable[[Work], Work]:
    """Registers a function as what jobs of this kind do. With `every` there is always one.

    It is called with the payload, at least once, in a thread: what it does it may do again. It
    raises Retry or GiveUp; any other exception is a bug, and tried again, too.
    """

    def register(work: Work) -> Work:
        KINDS[name] = JobKind(name, work, lane, None if every else attempts, every)
        return work

    return register
