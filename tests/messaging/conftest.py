"""Messages that are sent at once."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatsite.fastpath.statements import run_at_once
from tests.messaging.sends import Sender


@pytest.fixture
def sends() -> Iterator[Sender]:
    loop = asyncio.new_event_loop()
    yield Sender(loop)
    loop.close()


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were stored by one statement, each time."""
    numbers: list[int] = []

    def noted(insert: Any, *updates: Any) -> list[int]:
        numbers.append(len(insert[1]))
        return run_at_once(insert, *updates)

    monkeypatch.setattr("messaging.services.advances.run_at_once", noted)
    return numbers
