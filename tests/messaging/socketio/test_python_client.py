"""python-socketio's client, against every way in which the site can be served."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import socketio
from aiohttp import ClientSession
from redis import Redis

from tests.browser.site import DevelopmentSite
from tests.environment import unlimited
from tests.messaging.socketio.people import Person, sign_up
from tests.production import production
from tests.services import PATIENCE

# The client leaves connections of aiohttp to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
SERVERS = ["uvicorn", "uvicorn redis", "uvicorn plain", "runserver"]
WAYS: list[list[str] | None] = [None, ["polling"], ["websocket"]]
way = pytest.mark.parametrize("transports", WAYS, ids=["upgrade", "polling", "websocket"])


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("socketio")
    variables = unlimited()
    if "redis" in request.param:
        variables["REDIS_URL"] = redis_url = request.getfixturevalue("redis_url")
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
    if "plain" in request.param:
        variables["FAST_PATH_WITHOUT"] = "frames,threads"
    if "uvicorn" in request.param:
        with production(folder, **variables) as server:
            yield server.url
        log = server.log
    else:
        with DevelopmentSite(folder, **variables).running() as site:
            yield site.url
        log = site.log.read_text()
    assert "Traceback" not in log


@pytest.fixture
def ada(url: str) -> Person:
    return sign_up(url, "Ada Lovelace")


@pytest.fixture
def bob(url: str) -> Person:
    return sign_up(url, "Bob Kahn")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Here, where it is expected, and not in another test."""
    yield
    gc.collect()


class Client:
    def __init__(self, http: ClientSession) -> None:
        self.io = socketio.AsyncClient(reconnection=False, http_session=http)
        self._heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.io.on("*", lambda event, data: self._heard.put_nowait((event, data)))
        self.io.on("connect_error", lambda error: self._heard.put_nowait(("refused", error)))
        self.io.on("disconnect", lambda reason: self._heard.put_nowait(("disconnect", reason)))

    async def next(self) -> tuple[str, Any]:
        return await asyncio.wait_for(self._heard.get(), PATIENCE)

    async def until(self, event: str) -> Any:
        name, data = await self.next()
        while name != event:
            name, data = await self.next()
        return data


@asynccontextmanager
async def stranger(cookies: dict[str, str] | None = None) -> AsyncIterator[Client]:
    async with ClientSession(cookies=cookies) as http:
        client = Client(http)
        try:
            yield client
        finally:
            await client.io.shutdown()


@asynccontextmanager
async def at_home(person: Person, transports: list[str] | None) -> AsyncIterator[Client]:
    async with stranger({"jwt": person.token}) as client:
        await client.io.connect(person.url, transports=transports)
        assert person.key in await client.until("getOnlineUsers")
        yield client


@way
async def test_messages_go_both_ways(
    transports: list[str] | None, ada: Person, bob: Person
) -> None:
    async with at_home(ada, transports) as mine, at_home(bob, transports) as theirs:
        assert mine.io.transport() == ("polling" if transports == ["polling"] else "websocket")
        sent = await ada.send(bob, text="Hi")
        assert await theirs.until("newMessage") == sent
        message = {"receiverId": bob.key, "text": "Hi again", "clientMessageId": "one"}
        await mine.io.emit("sendMessage", message)
        answer = await mine.until("messageSent")
        assert await theirs.until("newMessage") == answer["message"]
        await theirs.io.emit("typing", {"receiverId": ada.key})
        assert (await mine.until("typing"))["senderId"] == bob.key
        await ada.call("DELETE", f"/api/messages/{sent['_id']}")
        assert (await theirs.until("messageDeleted"))["messageId"] == sent["_id"]


@way
async def test_a_log_out_disconnects(transports: list[str] | None, ada: Person) -> None:
    async with at_home(ada, transports) as client:
        await ada.log_out()
        assert await client.until("disconnect") == client.io.reason.SERVER_DISCONNECT


@way
async def test_who_goes_is_offline(transports: list[str] | None, ada: Person, bob: Person) -> None:
    async with at_home(ada, ["websocket"]) as mine:
        async with at_home(bob, transports):
            while bob.key not in await mine.until("getOnlineUsers"):
                pass
        while bob.key in await mine.until("getOnlineUsers"):
            pass


@way
async def test_without_a_token_it_is_refused(transports: list[str] | None, url: str) -> None:
    async with stranger() as client:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.io.connect(url, transports=transports)
        refusal = {"message": "Unauthorized - No token provided"}
        assert await client.next() == ("refused", refusal)


@way
async def test_the_token_may_come_as_auth(transports: list[str] | None, ada: Person) -> None:
    async with stranger() as client:
        await client.io.connect(ada.url, auth={"token": ada.token}, transports=transports)
        assert ada.key in await client.until("getOnlineUsers")
