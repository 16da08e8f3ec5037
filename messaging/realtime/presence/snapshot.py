"""The list of who is online as a frame, to which people are added without making it anew."""

from collections.abc import Iterable

from messaging import events


class Snapshot:
    __slots__ = ("_frame", "_is_empty")

    def __init__(self, people: Iterable[str]) -> None:
        ids = sorted(people)
        self._is_empty = not ids
        self._frame = events.frame(events.GET_ONLINE_USERS, ids)

    @property
    def frame(self) -> str:
        return self._frame

    def add(self, user_id: str) -> None:
        """Last, whatever its place in the order."""
        comma = "" if self._is_empty else ","
        self._is_empty = False
        self._frame = f'{self._frame[:-2]}{comma}"{user_id}"]}}'
