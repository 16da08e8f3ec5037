"""Two workers that meet in Redis, behind nginx as deploy/ configures it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis import Redis

from tests.browser.site import Site
from tests.messaging.socketio.node import NodeClient, node_client
from tests.messaging.socketio.people import Person, sign_up
from tests.messaging.socketio.session import OPENING, PATH, joined
from tests.services import PATIENCE
from tests.test_nginx import running

PEOPLE = 6  # so that some are at each worker


@pytest.fixture(scope="module")
def workers(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    folder = tmp_path_factory.mktemp("sticky")
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    workers = [Site(folder, REDIS_URL=redis_url), Site(folder, REDIS_URL=redis_url)]
    workers[0].manage("migrate", "--verbosity=0")
    for worker in workers:
        worker.start()
    yield workers
    for worker in workers:
        worker.stop()
    assert "Traceback" not in workers[0].log.read_text()


@pytest.fixture(scope="module")
def url(workers: list[Site], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("nginx"), *workers) as url:
        yield url


@pytest.fixture
def people(url: str) -> list[Person]:
    return [sign_up(url, f"Person {number}") for number in range(PEOPLE)]


@pytest_asyncio.fixture(params=["upgrade", "polling"])
async def clients(
    request: pytest.FixtureRequest, people: list[Person]
) -> AsyncIterator[list[NodeClient]]:
    options = {"transports": ["polling"]} if request.param == "polling" else {}
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(node_client(person.url, person.token, **options))
            for person in people
        ]
        for client in opened:
            await client.until("connect")
        yield opened


async def test_messages_cross_between_the_workers(
    people: list[Person], clients: list[NodeClient]
) -> None:
    for number, person in enumerate(people):
        sent = await person.send(people[number - 1], text="Hi")
        while await clients[number - 1].until("newMessage") != sent:
            pass  # senders hear of their own, too


async def test_sessions_are_at_both_workers(workers: list[Site], people: list[Person]) -> None:
    """Each at one of them, which alone knows it."""
    homes = set()
    for person in people:
        async with joined(person.url, person.token) as session:
            params = {**OPENING, "sid": session.key}
            for number, worker in enumerate(workers):
                async with httpx.AsyncClient(cookies={"jwt": person.token}) as direct:
                    address = f"{worker.url}{PATH}"
                    answer = await direct.post(
                        address, params=params, content="3", timeout=PATIENCE
                    )
                if answer.status_code == 200:
                    homes.add(number)
    assert homes == {0, 1}


async def test_a_websocket_alone_needs_no_balancer(
    workers: list[Site], people: list[Person]
) -> None:
    websocket: dict[str, Any] = {"transports": ["websocket"]}
    asking = {**websocket, "query": {"ownMessages": "true"}}
    ada, bob = people[:2]
    async with (
        node_client(workers[0].url, ada.token, **asking) as mine,
        node_client(workers[1].url, bob.token, **websocket) as theirs,
    ):
        for client in (mine, theirs):
            await client.until("connect")
        sent = await ada.send(bob, text="Hi")
        assert await theirs.until("newMessage") == sent
        assert await mine.until("newMessage") == sent
