"""What the sockets of one kind know of who is online, and what they are to be told next."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from messaging import events
from messaging.payloads import presence_payload
from messaging.realtime.roster import Roster

SETTLED = -1
COHORTS = 64  # of newcomers, each told with a frame of its own; beyond, some hear things twice


class Listener(Protocol):
    user_id: str

    def tell(self, frame: str) -> None: ...


AnyListener = TypeVar("AnyListener", bound=Listener)
Batch = tuple[str, list[AnyListener]]  # a frame, and whom it is for


class Tidings(Generic[AnyListener]):
    """Those who are settled know `_told`. A newcomer knows in addition those who had come by then,
    a beginning of `_came`: so nothing that grows with the crowd is done for each.
    """

    def __init__(self, online: frozenset[str], *, wants_delta: bool) -> None:
        self._wants_delta = wants_delta
        self._known: dict[AnyListener, int] = {}
        self._told = online
        self._came: dict[str, None] = {}
        self._roster: Roster | None = None

    @property
    def listeners(self) -> Iterable[AnyListener]:
        return self._known.keys()

    def note(self, user_id: str) -> None:
        """Somebody has come, whichever kind of socket they have."""
        if user_id not in self._told and user_id not in self._came:
            self._came[user_id] = None
            if self._roster:
                self._roster.add(user_id)

    def join(self, listener: AnyListener) -> None:
        """Who joins is told of everybody, oneself included."""
        if self._roster is None:
            self._roster = Roster(self._told.union(self._came))
        self._known[listener] = len(self._came)
        listener.tell(self._roster.frame)

    def leave(self, listener: AnyListener) -> bool:
        """Returns whether it was there."""
        return self._known.pop(listener, None) is not None

    def is_news(self, online: frozenset[str]) -> bool:
        return online != self._told or bool(self._came)

    def tell(self, online: frozenset[str]) -> Iterator[Batch[AnyListener]]:
        """From now on `online` is what everybody knows: the caller sends what is returned."""
        came, told, known = list(self._came), self._told, self._known
        self._known = dict.fromkeys(known, SETTLED)
        self._told = online
        self._came = {}
        self._roster = None
        return self._batches(_by_knowledge(known, len(came)), came, told, online)

    def _batches(
        self,
        groups: dict[int, list[AnyListener]],
        came: list[str],
        told: frozenset[str],
        online: frozenset[str],
    ) -> Iterator[Batch[AnyListener]]:
        frame = self._delta if self._wants_delta else _full_list(online)
        new, went = online - told, told - online
        gone_again = [user_id for user_id in came if user_id not in online]
        for knows, listeners in groups.items():
            if knows == SETTLED:
                news = (new, went)
            else:
                news = (new.difference(came[:knows]), went.union(gone_again))
            if any(news):
                yield frame(*news), listeners

    @staticmethod
    def _delta(came: frozenset[str], went: frozenset[str]) -> str:
        return events.frame(events.PRESENCE_CHANGED, presence_payload(came, went))


def _full_list(online: frozenset[str]) -> Callable[[frozenset[str], frozenset[str]], str]:
    frames: list[str] = []

    def frame(_came: frozenset[str], _went: frozenset[str]) -> str:
        if not frames:
            frames.append(Roster(online).frame)
        return frames[0]

    return frame


def _by_knowledge(known: dict[AnyListener, int], came: int) -> dict[int, list[AnyListener]]:
    """Of many newcomers some count as knowing less than they do."""
    step = came // COHORTS + 1
    groups: dict[int, list[AnyListener]] = defaultdict(list)
    for listener, knows in known.items():
        groups[knows if knows == SETTLED else knows - knows % step].append(listener)
    return groups
