"""Channel layers: our own, and those of Channels which they stand in for."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer

from chatsite.channels import MemoryLayer
from chatsite.layers.local import LocalLayer
from chatsite.layers.shared import SharedLayer
from tests import services

Make = Callable[[], Any]


@pytest.fixture(params=["ours, memory", "ours, redis", "stock, memory", "stock, redis"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes the layer of one process after another; those in memory are one and the same."""
    if request.param == "ours, memory":
        local = LocalLayer()
        return lambda: local
    if request.param == "stock, memory":
        memory = MemoryLayer()
        return lambda: memory
    url = request.getfixturevalue("redis_url")
    if request.param == "ours, redis":
        return lambda: SharedLayer(url)
    return lambda: RedisPubSubChannelLayer(hosts=[url])


@pytest_asyncio.fixture
async def any_layer(make: Make) -> AsyncIterator[Any]:
    layer = make()
    yield layer
    await layer.flush()


@pytest_asyncio.fixture
async def neighbour(make: Make) -> AsyncIterator[Any]:
    """Of another process."""
    layer = make()
    yield layer
    await layer.flush()


@pytest.fixture
def redis() -> Any:
    """One that a test may stop."""
    with services.redis() as server:
        yield server
