"""Messages that are sent at once, and a group of three."""

import asyncio
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.services.push_subscriptions import subscribers
from chatsite.fastpath.statements import run_batch
from chatsite.push import sending
from messaging.services.groups import set_role
from tests.factories import make_group, make_user
from tests.mail_servers import make_certificate
from tests.messaging.sends import FailsOnce, Sender
from tests.push_service import PushService, push_service


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("push"))


@pytest.fixture
def service(
    certificate: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PushService]:
    """Of push messages."""
    # Where nothing is committed, it would not be told of a change.
    monkeypatch.setattr(subscribers, "_is_subscribed", False)
    subscribers.set(None)
    with push_service(certificate) as stand_in:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        settings.PUSH_TRUSTED_HOSTS = [stand_in.host]
        for cached in (sending._context, sending._breaker):
            cached.cache_clear()
        yield stand_in
        sending._context.cache_clear()


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
        run_batch(insert, *updates)

    monkeypatch.setattr("messaging.services.conversations.run_batch", noted)
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
