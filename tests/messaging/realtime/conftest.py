"""Sockets of people, closed when the test is over."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from accounts.models import User
from tests.factories import make_user
from tests.messaging.realtime.sockets import CHAT, Connect, PersonalSocket, token_for


@pytest_asyncio.fixture
async def connect(transactional_db: None) -> AsyncIterator[Connect]:
    """Opens a socket for somebody, in a session of its own unless a token is given."""
    sockets: list[PersonalSocket] = []

    async def connected(
        user: User, *, token: str = "", path: str = CHAT, unread: int = 0, **headers: str
    ) -> PersonalSocket:
        token = token or await sync_to_async(token_for)(user)
        socket = PersonalSocket(user, token, path, unread, **headers)
        assert await socket.open()
        sockets.append(socket)
        await socket.is_counted()
        return socket

    yield connected
    for socket in sockets:
        await socket.close()


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("Ada Lovelace")


@pytest.fixture
def bob(transactional_db: None) -> User:
    return make_user("Bob Kahn")


@pytest.fixture
def eve(transactional_db: None) -> User:
    """Whom it does not concern."""
    return make_user("Eve Moneypenny")


@pytest.fixture
def post(api_for: Callable[[User], APIClient]) -> Callable[..., Awaitable[Any]]:
    """Sends a message over the API; returns the response."""

    def send(sender: User, receiver: User, **data: Any) -> Any:
        return api_for(sender).post(f"/api/messages/send/{receiver.pk}", data)

    return sync_to_async(send)
