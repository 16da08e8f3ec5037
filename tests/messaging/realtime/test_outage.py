"""Without the channel layer nothing is lost but liveliness, and that comes back by itself."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.live import subscriber
from chatsite.live.registry import Registry
from messaging import presence
from messaging.presence import online_users
from messaging.realtime.close_codes import MISSED_EVENTS
from messaging.realtime.presence.broadcaster import broadcaster
from tests import services
from tests.environment import settings_under
from tests.messaging.realtime.sockets import PATIENCE, Connect, PersonalSocket, token_for
from tests.services import Server

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # Connections that break on the way in are left to the collector by redis-py.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Post = Callable[..., Awaitable[Any]]


@pytest.fixture
def redis(settings: Settings) -> Iterator[Server]:
    """One that a test may stop."""
    with services.redis() as server:
        site = settings_under(REDIS_URL=server.url)
        for name in ("REDIS_URL", "CHANNEL_LAYERS", "CACHES"):
            setattr(settings, name, site[name])
        yield server
    gc.collect()  # here, where nobody minds what is left of broken connections


async def test_a_layer_that_fails_does_not_fail_the_send(
    ada: User,
    bob: User,
    connect: Connect,
    post: Post,
    api_for: Callable[[User], APIClient],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cursor = await sync_to_async(_sync)(api_for, bob)
    mine, theirs = await connect(ada), await connect(bob)
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "deliver", _fail)
        response = await post(ada, bob, text="Hello")
        await mine.send("sendMessage", receiverId=bob.pk, text="Hello", clientMessageId="one")
        answer = await mine.data("messageSent")
    assert response.status_code == 201
    changes = await sync_to_async(_sync)(api_for, bob, cursor["cursor"])
    assert changes["messages"] == [response.json(), answer["message"]]
    assert "live events were not sent" in caplog.text
    await theirs.got_nothing()


async def test_redis_may_go_and_come_back(
    redis: Server,
    ada: User,
    bob: User,
    connect: Connect,
    post: Post,
    api_for: Callable[[User], APIClient],
) -> None:
    cursor = await sync_to_async(_sync)(api_for, bob)
    mine, theirs = await connect(ada), await connect(bob)
    redis.stop()

    response = await post(ada, bob, text="Meanwhile")
    assert response.status_code == 201
    assert await mine.close_code() == await theirs.close_code() == MISSED_EVENTS
    changes = await sync_to_async(_sync)(api_for, bob, cursor["cursor"])
    assert changes["messages"] == [response.json()]

    redis.start()
    await _back(connect, ada)
    theirs = await _back(connect, bob)
    assert (await theirs.frame())[1] == sorted(user.pk for user in (ada, bob))
    await post(ada, bob, text="Welcome back")
    assert (await theirs.data("newMessage"))["text"] == "Welcome back"


async def test_a_redis_that_does_not_answer_holds_up_no_send_for_long(
    redis: Server,
    ada: User,
    bob: User,
    connect: Connect,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await connect(bob)
    redis.freeze()
    response = await post(ada, bob, text="Hello")
    assert response.status_code == 201
    async with asyncio.timeout(PATIENCE):
        while "live events were not published" not in caplog.text:  # noqa: ASYNC110  a log tells nobody
            await asyncio.sleep(0.01)
    redis.stop()


async def test_without_redis_a_handshake_is_refused(redis: Server, ada: User) -> None:
    token = await sync_to_async(token_for)(ada)
    redis.stop()
    socket = PersonalSocket(ada, token)
    assert not await socket.open()
    await socket.close()
    assert not await sync_to_async(online_users)()


async def test_a_redis_that_does_not_answer_is_asked_once_and_then_left_alone(
    redis: Server, ada: User, bob: User, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    redis.freeze()
    for _time in range(5):
        assert (await post(ada, bob, text="Hello")).status_code == 201
    assert caplog.text.count("live events were not published") < 5
    redis.stop()


@pytest.mark.parametrize("outage", [Server.stop, Server.freeze])
async def test_without_redis_sockets_close_and_leave_nothing(
    redis: Server,
    ada: User,
    connect: Connect,
    outage: Callable[[Server], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that a session that ends meanwhile has none either, wherever it ends."""
    monkeypatch.setattr(subscriber, "HEARTBEAT", 0.1)
    socket = await connect(ada)
    outage(redis)
    assert await socket.close_code() == MISSED_EVENTS
    assert not broadcaster().sockets
    redis.stop()


async def test_who_leaves_while_redis_does_not_answer_is_offline_at_once(
    redis: Server, ada: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "REDIS_SECONDS", 0.2)
    socket = await connect(ada)
    redis.freeze()
    await socket.hang_up()
    async with asyncio.timeout(PATIENCE):
        while await sync_to_async(online_users)():
            pass
    redis.stop()


async def _back(connect: Connect, user: User) -> PersonalSocket:
    """Tries again, as clients do: the first one may meet a connection to the Redis that was."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(AssertionError):
                return await connect(user)
            await asyncio.sleep(0.1)


def _sync(api_for: Callable[[User], APIClient], user: User, cursor: str = "") -> dict[str, Any]:
    query = {"since": cursor} if cursor else {}
    response = api_for(user).get("/api/messages/sync", query)
    assert response.status_code == 200
    return dict(response.json())


def _fail(self: Registry, groups: list[str], message: dict[str, Any]) -> None:
    raise ConnectionError("broken")
