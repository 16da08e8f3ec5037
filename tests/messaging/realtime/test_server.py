"""Sockets of a real server, over TCP: one process, and two that meet in Redis."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from redis import Redis
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.browser.site import Site
from tests.messaging.realtime.sockets import PATIENCE

MIB = 2**20


@dataclass
class Person:
    key: str
    token: str

    @asynccontextmanager
    async def at(self, site: Site, path: str = "/ws/chat/") -> AsyncIterator[ClientConnection]:
        url = site.url.replace("http", "ws") + path
        headers = {"Cookie": f"jwt={self.token}"}
        async with open_socket(url, additional_headers=headers, max_size=None) as socket:
            yield socket


@pytest.fixture(scope="module", params=["memory", "redis"])
def sites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Site]]:
    """Two workers with one database; without Redis, the same one twice."""
    folder = tmp_path_factory.mktemp("live")
    if request.param == "memory":
        workers = [Site(folder)]
    else:
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
        workers = [Site(folder, REDIS_URL=url), Site(folder, REDIS_URL=url)]
    workers[0].migrate()
    for site in workers:
        site.start()
    yield [workers[0], workers[-1]]
    for site in workers:
        site.stop()
    assert "Traceback" not in workers[0].log.read_text()


@pytest.fixture
def ada(sites: list[Site]) -> Person:
    return sign_up(sites[0], "Ada Lovelace")


@pytest.fixture
def bob(sites: list[Site]) -> Person:
    return sign_up(sites[0], "Bob Kahn")


def sign_up(site: Site, name: str) -> Person:
    email = f"{name.split()[0]}.{sign_up.count}@example.org"  # type: ignore[attr-defined]
    sign_up.count += 1  # type: ignore[attr-defined]
    account = {"fullName": name, "email": email, "password": "correct horse"}
    response = httpx.post(f"{site.url}/api/auth/signup", json=account, timeout=PATIENCE)
    assert response.status_code == 201
    return Person(response.json()["_id"], response.cookies["jwt"])


sign_up.count = 0  # type: ignore[attr-defined]


async def say(socket: ClientConnection, event: str, **data: Any) -> None:
    await socket.send(json.dumps({"event": event, "data": data}))


async def receive(socket: ClientConnection, event: str) -> Any:
    """The data of the next such event."""
    async with asyncio.timeout(PATIENCE):
        while True:
            frame = json.loads(await socket.recv())
            if frame["event"] == event:
                return frame["data"]


async def hear_that(socket: ClientConnection, person: Person, is_now: str) -> None:
    while person.key not in (await receive(socket, "presenceChanged"))[is_now]:
        pass


async def close_code(socket: ClientConnection) -> int:
    """Waits for the end; what comes before it is skipped."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()
    return socket.close_code or 0


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/ws/chat/", {}),
        ("/ws/chat/", {"Cookie": "jwt=nonsense"}),
        ("/ws/nowhere/", {}),
        ("/", {}),
        ("/ws/chat/%ff", {}),
    ],
)
async def test_a_stranger_is_refused(path: str, headers: dict[str, str], sites: list[Site]) -> None:
    url = sites[0].url.replace("http", "ws") + path
    with pytest.raises(InvalidStatus) as refusal:
        async with open_socket(url, additional_headers=headers):
            pass
    assert refusal.value.response.status_code == 403


async def test_origins_are_checked(sites: list[Site], ada: Person) -> None:
    url = sites[0].url.replace("http", "ws") + "/ws/chat/"
    headers = {"Cookie": f"jwt={ada.token}"}
    with pytest.raises(InvalidStatus):
        async with open_socket(url, additional_headers=headers, origin="http://evil.example"):  # type: ignore[arg-type]
            pass
    async with open_socket(url, additional_headers=headers, origin=sites[0].url) as socket:  # type: ignore[arg-type]
        assert ada.key in await receive(socket, "getOnlineUsers")


async def test_a_message_crosses_from_worker_to_worker(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0]) as mine, bob.at(sites[1]) as theirs:
        await say(mine, "sendMessage", receiverId=bob.key, text="Hi", clientMessageId="one")
        answer = await receive(mine, "messageSent")
        assert await receive(theirs, "newMessage") == answer["message"]
        await say(theirs, "typing", receiverId=ada.key)
        assert await receive(mine, "typing") == {"senderId": bob.key, "receiverId": ada.key}
        await say(theirs, "markRead", peerId=ada.key, seq=1)
        assert (await receive(mine, "messagesRead"))["seq"] == 1


async def test_what_one_worker_is_asked_the_other_pushes(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0]) as mine, bob.at(sites[0]) as theirs:
        async with httpx.AsyncClient(cookies={"jwt": ada.token}, timeout=PATIENCE) as client:
            url = f"{sites[1].url}/api/messages/send/{bob.key}"
            sent = await client.post(url, json={"text": "Hi"})
        assert sent.status_code == 201
        assert await receive(theirs, "newMessage") == sent.json()
        assert await receive(mine, "newMessage") == sent.json()


async def test_people_on_every_worker_are_online(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0], "/ws/chat/?presence=delta") as mine:
        assert ada.key in await receive(mine, "getOnlineUsers")
        async with bob.at(sites[1]) as theirs:
            assert bob.key in await receive(theirs, "getOnlineUsers")
            await hear_that(mine, bob, "online")
        await hear_that(mine, bob, "offline")


async def test_a_log_out_on_one_worker_closes_the_sockets_on_the_other(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0]) as mine, bob.at(sites[0]) as theirs:
        await receive(mine, "getOnlineUsers")
        async with httpx.AsyncClient(cookies={"jwt": ada.token}, timeout=PATIENCE) as client:
            response = await client.post(f"{sites[1].url}/api/auth/logout")
        assert response.status_code == 200
        assert await close_code(mine) == 4401
        await say(theirs, "ping")
        await receive(theirs, "pong")


async def test_a_client_that_vanishes_goes_offline(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0], "/ws/chat/?presence=delta") as mine, bob.at(sites[1]) as theirs:
        await hear_that(mine, bob, "online")
        theirs.transport.abort()
        await hear_that(mine, bob, "offline")


async def test_a_monstrous_frame_ends_its_own_socket_only(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0]) as mine, bob.at(sites[0]) as theirs:
        with suppress(ConnectionClosed):
            await say(mine, "ping", padding="x" * 20 * MIB)
        assert await close_code(mine) in (1006, 1009)  # the server does not read it to the end
        await say(theirs, "ping")
        assert await receive(theirs, "pong") == {}


async def test_a_flood_ends_its_own_socket_only(
    sites: list[Site], ada: Person, bob: Person
) -> None:
    async with ada.at(sites[0]) as mine, bob.at(sites[0]) as theirs:
        with suppress(ConnectionClosed):
            for _ in range(20_000):  # until it is cut off, however slowly the server comes to it
                await mine.send("nonsense")
        assert await close_code(mine) == 4429
        await say(theirs, "ping")
        assert await receive(theirs, "pong") == {}
