"""What a process knows of the database, so that nobody has to ask for it each time."""

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from chatsite.db import in_thread
from chatsite.live.broadcast import broadcast, worker
from chatsite.live.registry import Message

Value = TypeVar("Value")


class Known(Generic[Value]):
    """Asked for again by every worker when one has told of a change, or that may have been missed.
    A process that does not serve is told nothing, and asks each time.

    `group` is who is told of it.
    """

    def __init__(self, group: str, ask: Callable[[], Value]) -> None:
        self._group, self._ask = group, ask
        self._value: Value | None = None
        self._changes = 0
        self._is_following = False
        self._loading = Lock()
        self._asking: set[asyncio.Task[Value]] = set()

    def __call__(self) -> Value:
        value = self._value
        return self._load() if value is None else value

    def set(self, value: Value | None) -> None:
        """As if it had been asked for; None: it is asked for when it is next wanted."""
        self._changes += 1
        self._value = value

    def tell_changed(self) -> None:
        """After the commit."""
        self.set(None)
        broadcast([self._group], {"type": self._group})

    def follow(self) -> None:
        """From now on; called as the process begins to serve."""
        self._is_following = True
        worker().registry.subscribe(self._group, self._note_change)

    def _note_change(self, _message: Message) -> None:
        self.set(None)
        task = asyncio.ensure_future(in_thread(self)())
        self._asking.add(task)
        task.add_done_callback(self._asked)

    def _asked(self, task: "asyncio.Task[Value]") -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # while the database is away, whoever wants it asks

    def _load(self) -> Value:
        with self._loading:
            before, value = self._changes, self._ask()
            if self._is_following and before == self._changes:  # else it has changed meanwhile
                self._value = value
            return value
