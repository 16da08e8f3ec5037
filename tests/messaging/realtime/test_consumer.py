"""The consumer as it is routed, tried as Channels tries consumers."""

import json
from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from accounts.models import User
from accounts.services.moderation import ban
from chatsite.live.broadcast import worker
from chatsite.security.handshakes import HostAndOriginValidator
from messaging.presence import CHANGED, online_users
from messaging.queries import privacy
from messaging.realtime.connection import Connection
from messaging.routing import websocket_urlpatterns
from tests.messaging.realtime.sockets import CHAT, PATIENCE, token_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]
application = HostAndOriginValidator(URLRouter(websocket_urlpatterns))
PRESENCE = ("getOnlineUsers", "presenceChanged")
SOCKETIO = "/socket.io/?EIO=4&transport=websocket"


def communicator(path: str = CHAT, **headers: str) -> WebsocketCommunicator:
    pairs = {"host": "testserver", **headers}.items()
    return WebsocketCommunicator(
        application, path, [(name.encode(), value.encode()) for name, value in pairs]
    )


class Connected(Protocol):
    async def __call__(self, user: User, path: str = CHAT) -> WebsocketCommunicator: ...


@pytest_asyncio.fixture
async def connected(transactional_db: None) -> AsyncIterator[Connected]:
    """Somebody's, by the cookie of a session of their own."""
    opened: list[WebsocketCommunicator] = []

    async def connect(user: User, path: str = CHAT) -> WebsocketCommunicator:
        client = communicator(path, cookie=f"jwt={await sync_to_async(token_for)(user)}")
        assert (await client.connect(PATIENCE))[0]
        opened.append(client)
        assert (await _next(client))[0] == "getOnlineUsers"
        return client

    yield connect
    for client in opened:
        await client.disconnect(timeout=PATIENCE)


async def send(client: WebsocketCommunicator, event: str, **data: Any) -> None:
    await client.send_json_to({"event": event, "data": data})


async def event(client: WebsocketCommunicator) -> tuple[str, Any]:
    """The next that is not about presence."""
    while (received := await _next(client))[0] in PRESENCE:
        pass
    return received


async def _next(client: WebsocketCommunicator) -> tuple[str, Any]:
    frame = await client.receive_json_from(PATIENCE)
    return frame["event"], frame["data"]


async def lives(client: WebsocketCommunicator) -> bool:
    """Also says that nothing was sent to it before."""
    await send(client, "ping")
    return await event(client) == ("pong", {})


async def is_refused(client: WebsocketCommunicator) -> bool:
    """And nothing of it stays behind."""
    accepted, _code = await client.connect(PATIENCE)
    await client.disconnect(timeout=PATIENCE)
    assert worker().registry.groups.keys() <= {
        CHANGED,
        privacy.CHANGED,
        "awaited",
    }  # to which presence may be subscribed
    return not accepted and not await sync_to_async(online_users)()


@pytest.mark.parametrize("path", [CHAT, "/ws/chat"])
async def test_the_cookie_opens_it(path: str, ada: User, connected: Connected) -> None:
    assert await lives(await connected(ada, path))


async def test_a_bearer_header_opens_it(ada: User) -> None:
    token = await sync_to_async(token_for)(ada)
    client = communicator(authorization=f"Bearer {token}")
    assert (await client.connect(PATIENCE))[0]
    assert await lives(client)
    await client.disconnect(timeout=PATIENCE)


async def test_without_a_token_it_is_refused() -> None:
    assert await is_refused(communicator())


@pytest.mark.parametrize("path", [CHAT, SOCKETIO])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", ""])
async def test_a_foreign_host_is_refused(
    path: str, host: str, ada: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    token = await sync_to_async(token_for)(ada)
    assert await is_refused(communicator(path, host=host, authorization=f"Bearer {token}"))


@pytest.mark.parametrize("path", [CHAT, SOCKETIO])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://testserver",  # not the scheme that the page came by
        "http://testserver:8000",
        "http://testserver.evil.example",
        "null",
        "",
    ],
)
async def test_a_page_of_another_site_is_refused(path: str, origin: str, ada: User) -> None:
    token = await sync_to_async(token_for)(ada)
    assert await is_refused(communicator(path, cookie=f"jwt={token}", origin=origin))


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/chat/more", "/ws/admin/", "/api/auth/check"])
async def test_other_paths_are_refused(path: str, ada: User) -> None:
    token = await sync_to_async(token_for)(ada)
    assert await is_refused(communicator(path, cookie=f"jwt={token}"))


async def test_a_message_is_acknowledged_and_sent_to_its_receiver_alone(
    ada: User, bob: User, eve: User, connected: Connected
) -> None:
    mine, theirs, bystander = [await connected(user) for user in (ada, bob, eve)]
    await send(mine, "sendMessage", receiverId=bob.pk, text="Hello", clientMessageId="one")
    name, answer = await event(mine)
    assert (name, answer["clientMessageId"]) == ("messageSent", "one")
    assert await event(theirs) == ("newMessage", answer["message"])
    assert await lives(mine)
    assert await lives(bystander)


async def test_a_ban_closes_it(ada: User, bob: User, connected: Connected) -> None:
    client, other = await connected(ada), await connected(bob)
    await sync_to_async(ban)(user=ada, reason="spam")
    while (message := await client.receive_output(PATIENCE))["type"] == "websocket.send":
        pass
    assert message == {"type": "websocket.close", "code": 4401}
    assert await lives(other)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text_data": "{"}, 400),
        ({"text_data": '{"event": "nothing"}'}, 400),
        ({"bytes_data": b"\x00\xff"}, 400),
        ({"bytes_data": b'{"event": "ping"}'}, 400),
        ({"text_data": json.dumps({"event": "ping", "data": {"x": "x" * 2**20 * 10}})}, 413),
    ],
    ids=["malformed", "unknown", "binary", "binary JSON", "too large"],
)
async def test_a_wrong_frame_is_answered_and_it_stays_open(
    sent: dict[str, Any], status: int, ada: User, connected: Connected
) -> None:
    client = await connected(ada)
    await client.send_to(**sent)
    name, data = await event(client)
    assert (name, data["status"]) == ("error", status)
    assert await lives(client)


async def test_what_breaks_it_leaves_nothing_behind(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Connection, text: str | None) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Connection, "receive_frame", fail)
    client = communicator(cookie=f"jwt={await sync_to_async(token_for)(ada)}")
    assert (await client.connect(PATIENCE))[0]
    await client.send_to(text_data="x")
    with pytest.raises(RuntimeError, match="broken"):
        await client.wait(PATIENCE)
    assert worker().registry.groups.keys() <= {
        CHANGED,
        privacy.CHANGED,
        "awaited",
    }  # to which presence may be subscribed
    assert not await sync_to_async(online_users)()
