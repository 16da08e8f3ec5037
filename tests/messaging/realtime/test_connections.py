"""Sockets and the connections to the database, of which there are few."""

import asyncio

import pytest
from django.db import connection

from accounts.models import User
from tests.messaging.realtime.sockets import PATIENCE, Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's pool"),
]


async def test_open_sockets_hold_none(ada: User, bob: User, connect: Connect) -> None:
    first = await connect(ada)
    before = _in_use()
    sockets = [first, *[await connect(ada) for _ in range(3)]]
    for number, socket in enumerate(sockets):
        await socket.send("sendMessage", receiverId=bob.pk, text="Hi", clientMessageId=f"{number}")
    for socket in sockets:
        await socket.until("messageSent")
    await _uses_at_most(before)


async def _uses_at_most(count: int) -> None:
    """Waits for it: connections that the pool is still opening are counted, too."""
    async with asyncio.timeout(PATIENCE):
        while _in_use() > count:  # noqa: ASYNC110  # the pool tells nobody
            await asyncio.sleep(0.01)


def _in_use() -> int:
    stats: dict[str, int] = connection.pool.get_stats()  # type: ignore[attr-defined]
    return stats["pool_size"] - stats["pool_available"]
