"""Two workers that meet in Redis, behind nginx as deploy/ configures it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from redis import Redis

from tests.browser.site import Site
from tests.messaging.socketio.node import NodeClient, node_client
from tests.messaging.socketio.people import Person, sign_up
from tests.messaging.socketio.session import OPENING, PATH
from tests.services import PATIENCE
from tests.test_nginx import running

AT_EACH = 2  # people; so that messages stay at a worker, and cross to the other one
TRIES = 60  # accounts, until there are so many at each worker


@pytest.fixture(scope="module")
def workers(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    folder = tmp_path_factory.mktemp("sticky")
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    workers = [Site(folder, REDIS_URL=redis_url), Site(folder, REDIS_URL=redis_url)]
    workers[0].migrate()
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


@pytest.fixture(scope="module")
def people(workers: list[Site], url: str) -> list[Person]:
    """Those at the first worker, then those at the second. Which one it is, their token decides."""
    homes: list[list[Person]] = [[], []]
    for number in range(TRIES):
        person = sign_up(url, f"Person {number}")
        (home,) = homes_of_a_session(person, workers)
        homes[home].append(person)
        if all(len(each) >= AT_EACH for each in homes):
            return [person for each in homes for person in each[:AT_EACH]]
    raise AssertionError("the sessions of all these people are at one worker")


def homes_of_a_session(person: Person, workers: list[Site]) -> list[int]:
    """The workers that know a session which this person opens by way of nginx, and ends there."""
    with httpx.Client(cookies={"jwt": person.token}, timeout=PATIENCE) as client:
        opened = client.get(f"{person.url}{PATH}", params=OPENING).text
        params = {**OPENING, "sid": msgspec.json.decode(opened.removeprefix("0"))["sid"]}
        answers = [client.post(f"{at.url}{PATH}", params=params, content="1") for at in workers]
    return [number for number, answer in enumerate(answers) if answer.status_code == 200]


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
    """And reach those at the same worker."""
    for number, person in enumerate(people):
        sent = await person.send(people[number - 1], text="Hi")
        while await clients[number - 1].until("newMessage") != sent:
            pass  # senders hear of their own, too


def test_a_person_s_sessions_are_at_one_worker_which_alone_knows_them(
    workers: list[Site], people: list[Person]
) -> None:
    homes = [homes_of_a_session(person, workers) for person in people]
    assert homes == [[0]] * AT_EACH + [[1]] * AT_EACH


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
