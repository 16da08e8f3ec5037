"""Messages that are sent at once."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.messaging.sends import Sender


@pytest.fixture
def sends() -> Iterator[Sender]:
    loop = asyncio.new_event_loop()
    yield Sender(loop)
    loop.close()
