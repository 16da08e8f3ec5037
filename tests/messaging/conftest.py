"""Messages that are sent at once, and a group of three."""

import asyncio
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from accounts.models import User
from chatsite.fastpath.statements import run_at_once
from messaging.services.groups import set_role
from tests.factories import make_group, make_user
from tests.messaging.sends import FailsOnce, Sender


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    loop = asyncio.new_event_loop()
    sender = Sender(loop)
    monkeypatch.setattr("messaging.services.batches.send_alone", sender.send_alone)
    yield sender
    loop.close()


@pytest.fixture
def fails_once(monkeypatch: pytest.MonkeyPatch) -> FailsOnce:
    """Has a step of the writer fail the first time: before it does anything, or after all."""

    def fail_once(step: str, error: Exception, *, after: bool = False) -> None:
        module, *owners, name = step.split(".")
        owner: Any = import_module(f"messaging.services.{module}")
        for each in owners:
            owner = getattr(owner, each)
        does = getattr(owner, name)

        def fail(*args: Any) -> Any:
            monkeypatch.setattr(owner, name, does)
            if after:
                does(*args)
            raise error

        monkeypatch.setattr(owner, name, fail)

    return fail_once


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were stored by one statement, each time."""
    numbers: list[int] = []

    def noted(insert: Any, *updates: Any) -> None:
        numbers.append(len(insert[1]))
        run_at_once(insert, *updates)

    monkeypatch.setattr("messaging.services.conversations.run_at_once", noted)
    return numbers


@pytest.fixture
def olga() -> User:
    return make_user("Olga")


@pytest.fixture
def abe() -> User:
    return make_user("Abe")


@pytest.fixture
def mia() -> User:
    return make_user("Mia")


@pytest.fixture
def group(olga: User, abe: User, mia: User) -> str:
    """Its key. Olga owns it, Abe is an admin, Mia a member."""
    key = make_group(olga, abe, mia)
    set_role(user=olga, group=key, person=abe.pk, role="admin")
    return key
