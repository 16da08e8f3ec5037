"""Whom the subscribers of one kind were sent as online, and what to send them next."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from messaging import events
from messaging.payloads import presence_payload
from messaging.realtime.presence.snapshot import Snapshot

SETTLED = -1
COHORTS = 64  # of newcomers, each sent a frame of its own; beyond, some are sent things twice


class PresenceSubscriber(Protocol):
    user_id: str

    def send_frame(self, frame: str) -> None: ...


AnySubscriber = TypeVar("AnySubscriber", bound=PresenceSubscriber)
FrameBatch = tuple[str, list[AnySubscriber]]  # a frame, and whom it is for


class PresenceUpdates(Generic[AnySubscriber]):
    """Settled subscribers were sent `_sent`; newcomers also those who had come by then, the
    beginning of `_came`: so nothing that grows with the number of people is done for each.
    """

    def __init__(self, online: frozenset[str], *, wants_delta: bool) -> None:
        self._wants_delta = wants_delta
        self._sent_counts: dict[AnySubscriber, int] = {}
        self._sent = online
        self._came: dict[str, None] = {}
        self._snapshot: Snapshot | None = None

    @property
    def subscribers(self) -> Iterable[AnySubscriber]:
        return self._sent_counts.keys()

    def note_arrival(self, user_id: str) -> None:
        """Whichever kind of socket they have."""
        if user_id not in self._sent and user_id not in self._came:
            self._came[user_id] = None
            if self._snapshot:
                self._snapshot.add(user_id)

    def subscribe(self, subscriber: AnySubscriber) -> None:
        """Sends it the list of everybody, oneself included."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self._sent.union(self._came))
        self._sent_counts[subscriber] = len(self._came)
        subscriber.send_frame(self._snapshot.frame)

    def move(self, subscriber: AnySubscriber, already_sent: frozenset[str]) -> None:
        """From other updates, which have sent it these. It is sent the difference, as when people
        come and go.
        """
        online = self._sent.union(self._came)
        self._sent_counts[subscriber] = len(self._came)
        if online != already_sent:
            frame = self._delta if self._wants_delta else _full_list(online)
            subscriber.send_frame(frame(online - already_sent, already_sent - online))

    def online_sent_to(self, subscriber: AnySubscriber) -> frozenset[str]:
        count = self._sent_counts[subscriber]
        return self._sent if count == SETTLED else self._sent.union(list(self._came)[:count])

    def unsubscribe(self, subscriber: AnySubscriber) -> bool:
        """Returns whether it was subscribed."""
        return self._sent_counts.pop(subscriber, None) is not None

    def is_outdated(self, online: frozenset[str]) -> bool:
        return online != self._sent or bool(self._came)

    def update(self, online: frozenset[str]) -> Iterator[FrameBatch[AnySubscriber]]:
        """From now on `online` counts as sent to everybody: the caller sends what is returned."""
        came, sent, sent_counts = list(self._came), self._sent, self._sent_counts
        self._sent_counts = dict.fromkeys(sent_counts, SETTLED)
        self._sent = online
        self._came = {}
        self._snapshot = None
        return self._batches(_cohorts(sent_counts, len(came)), came, sent, online)

    def _batches(
        self,
        cohorts: dict[int, list[AnySubscriber]],
        came: list[str],
        sent: frozenset[str],
        online: frozenset[str],
    ) -> Iterator[FrameBatch[AnySubscriber]]:
        frame = self._delta if self._wants_delta else _full_list(online)
        new, went = online - sent, sent - online
        gone_again = [user_id for user_id in came if user_id not in online]
        for sent_count, subscribers in cohorts.items():
            if sent_count == SETTLED:
                changes = (new, went)
            else:
                changes = (new.difference(came[:sent_count]), went.union(gone_again))
            if any(changes):
                yield frame(*changes), subscribers

    @staticmethod
    def _delta(came: frozenset[str], went: frozenset[str]) -> str:
        return events.frame(events.PRESENCE_CHANGED, presence_payload(came, went))


def _full_list(online: frozenset[str]) -> Callable[[frozenset[str], frozenset[str]], str]:
    frames: list[str] = []

    def frame(_came: frozenset[str], _went: frozenset[str]) -> str:
        if not frames:
            frames.append(Snapshot(online).frame)
        return frames[0]

    return frame


def _cohorts(sent_counts: dict[AnySubscriber, int], came: int) -> dict[int, list[AnySubscriber]]:
    """Of many newcomers some count as having been sent less than they were."""
    step = came // COHORTS + 1
    cohorts: dict[int, list[AnySubscriber]] = defaultdict(list)
    for subscriber, sent_count in sent_counts.items():
        count = sent_count if sent_count == SETTLED else sent_count - sent_count % step
        cohorts[count].append(subscriber)
    return cohorts
