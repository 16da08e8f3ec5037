"""Results of queries that each process caches until a worker publishes that they changed."""

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from chatsite.db import in_thread
from chatsite.live.broadcast import broadcast, worker
from chatsite.live.registry import Message

Value = TypeVar("Value")


class CachedValue(Generic[Value]):
    """The result of `query`. Every worker queries it again when one publishes a change, or when
    such an event may have been missed. A process that does not serve receives no events, so it
    queries each time.

    `group` receives the changes.
    """

    def __init__(self, group: str, query: Callable[[], Value]) -> None:
        self._group, self._query = group, query
        self._value: Value | None = None
        self._changes = 0
        self._is_subscribed = False
        self._loading = Lock()
        self._reloads: set[asyncio.Task[Value]] = set()

    def __call__(self) -> Value:
        value = self._value
        return self._load() if value is None else value

    def set(self, value: Value | None) -> None:
        """As if it had been queried; None: it is queried when it is next wanted."""
        self._changes += 1
        self._value = value

    def publish_change(self) -> None:
        """After the commit."""
        self.set(None)
        broadcast([self._group], {"type": self._group})

    def subscribe(self) -> None:
        """From now on; called as the process begins to serve."""
        self._is_subscribed = True
        worker().registry.subscribe(self._group, self._reload)

    def _reload(self, _message: Message) -> None:
        self.set(None)
        task = asyncio.ensure_future(in_thread(self)())
        self._reloads.add(task)
        task.add_done_callback(self._reloaded)

    def _reloaded(self, task: "asyncio.Task[Value]") -> None:
        self._reloads.discard(task)
        if not task.cancelled():
            task.exception()  # while the database is away, whoever needs it queries it

    def _load(self) -> Value:
        with self._loading:
            before, value = self._changes, self._query()
            if self._is_subscribed and before == self._changes:  # else it has changed meanwhile
                self._value = value
            return value
