"""Kinds of jobs of the tests' own, and a process that has not been told to stop."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from scheduler import registry, wakeup
from scheduler.registry import Lane

Register = Callable[..., None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Registers a kind for one test."""
    kinds = dict(registry.KINDS)
    for module in ("registry", "services", "runner"):
        monkeypatch.setattr(f"scheduler.{module}.KINDS", kinds)

    def register(name: str, work: Callable[..., None], **options: Any) -> None:
        registry.job(name, **{"lane": Lane.QUICK, **options})(work)

    return register


@pytest.fixture
def may_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A runner may start, and is stopped at the end."""
    stopping = Event()
    monkeypatch.setattr(wakeup, "_stopping", stopping)
    yield
    stopping.set()
    wakeup.event.set()
