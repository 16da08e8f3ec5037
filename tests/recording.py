"""Live events as a test sees them: what was pushed, to whom."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Pushed:
    to: str  # the group, e.g. "user.<id>"
    event: str
    data: Any


class Events:
    def __init__(self) -> None:
        self._pushed: list[Pushed] = []

    def __iter__(self) -> Iterator[Pushed]:
        return iter(self._pushed)

    def __len__(self) -> int:
        return len(self._pushed)

    def record(self, group: str, message: dict[str, Any]) -> None:
        frame = json.loads(message["frame"]) if "frame" in message else {}
        event = frame.get("event", message["type"])
        self._pushed.append(Pushed(group, event, frame.get("data", message)))

    def clear(self) -> None:
        self._pushed.clear()

    def recipients(self, event: str) -> list[str]:
        """The groups that were sent the event, once for each time, in order of their names."""
        return sorted(pushed.to for pushed in self._pushed if pushed.event == event)

    def data(self, event: str) -> Any:
        """The payload of the event: one, the same for all who got it."""
        first, *others = [pushed.data for pushed in self._pushed if pushed.event == event]
        assert all(other == first for other in others), f"{event} was pushed with different data"
        return first
