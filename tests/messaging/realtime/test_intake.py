"""What is being sent has a budget: of a frame, of a person, of a process."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import islice

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from messaging.realtime.intake import LARGEST, PERSON, PROCESS, SMALL, TOO_LARGE, Share
from tests.environment import unlimited
from tests.messaging.socketio.people import Person, sign_up
from tests.messaging.socketio.session import joined
from tests.production import Server, production
from tests.services import PATIENCE

EACH = 8 * 2**20  # bytes, which one message may have
PIECE = 2**16
CUT_OFF = (TOO_LARGE, 1006)  # the server does not read to the end of what it closes for
SOCKETS = 50  # as many as one person may have
TEXT, LAST, MASKED = 0x01, 0x80, 0x80
SOCKETIO = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("intake")
    with production(folder, **unlimited()) as server:
        yield server
    assert "Traceback" not in server.log


@pytest.fixture
def ada(site: Server) -> Person:
    return sign_up(site.url, "Ada Lovelace")


@pytest.fixture
def bob(site: Server) -> Person:
    return sign_up(site.url, "Bob Kahn")


@asynccontextmanager
async def native(site: Server, person: Person) -> AsyncIterator[ClientConnection]:
    address = f"{site.url.replace('http', 'ws')}/ws/chat/"
    async with connect(address, additional_headers=_cookie(person)) as socket:
        await socket.recv()
        yield socket


@asynccontextmanager
async def socketio(site: Server, person: Person) -> AsyncIterator[ClientConnection]:
    address = f"{site.url.replace('http', 'ws')}{SOCKETIO}"
    async with connect(address, additional_headers=_cookie(person), close_timeout=1) as socket:
        await socket.recv()
        await socket.send("40")
        assert str(await socket.recv()).startswith('40{"sid":')
        yield socket


def _cookie(person: Person) -> dict[str, str]:
    return {"Cookie": f"jwt={person.token}"}


async def begin(socket: ClientConnection, *, fragments: int) -> None:
    """Sends `EACH` bytes of a message that stays unfinished, written by hand: in whole fragments,
    or of one frame that is longer. Ends when the server closes meanwhile.
    """
    for number in range(fragments or 1):
        opcode = (0 if number else TEXT) | (0 if fragments else LAST)
        size = EACH // (fragments or 1)
        length = (size if fragments else size + PIECE).to_bytes(8, "big")
        socket.transport.write(bytes((opcode, MASKED | 127)) + length + bytes(4))
        for _ in range(size // PIECE):
            if socket.transport.is_closing():
                return
            socket.transport.write(b"x" * PIECE)
            with suppress(OSError):
                await socket.drain()
            await asyncio.sleep(0)


async def close_code(socket: ClientConnection) -> int:
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()
    return socket.close_code or 0


async def is_served(socket: ClientConnection) -> bool:
    await socket.send('42["ping",{}]')
    async with asyncio.timeout(PATIENCE):
        while await socket.recv() != '42["pong",{}]':
            pass
    return True


@pytest.mark.parametrize("fragments", [0, 8])
async def test_unfinished_messages_of_a_person_have_a_budget(
    site: Server, ada: Person, bob: Person, fragments: int
) -> None:
    async with AsyncExitStack() as stack:
        theirs = await stack.enter_async_context(socketio(site, bob))
        sockets = [await stack.enter_async_context(socketio(site, ada)) for _ in range(SOCKETS)]
        for socket in sockets:
            await begin(socket, fragments=fragments)
        codes = [asyncio.create_task(close_code(socket)) for socket in sockets]
        for ended in islice(asyncio.as_completed(codes), SOCKETS - PERSON // EACH):
            assert await ended in CUT_OFF
        assert sum(not code.done() for code in codes) == PERSON // EACH
        assert await is_served(theirs), "what others send is their own affair"
        for code in codes:
            code.cancel()
    async with socketio(site, ada) as again:  # what ended is given back
        await begin(again, fragments=fragments)
        await again.ping()


async def test_bodies_of_polls_share_the_budget(site: Server, ada: Person, bob: Person) -> None:
    is_sent, is_over = asyncio.Semaphore(0), asyncio.Event()

    async def unfinished() -> AsyncIterator[bytes]:
        for _ in range(EACH // PIECE):
            yield b"x" * PIECE
        is_sent.release()
        await is_over.wait()

    length = {"Content-Length": str(EACH + 1)}
    large = "42" + "x" * EACH
    async with AsyncExitStack() as stack:
        posts = []
        for _ in range(PERSON // EACH):
            session = await stack.enter_async_context(joined(site.url, ada.token))
            posts.append(asyncio.ensure_future(session.post(unfinished(), **length)))
            await is_sent.acquire()
        socket = await stack.enter_async_context(socketio(site, ada))
        await begin(socket, fragments=0)
        assert await close_code(socket) in CUT_OFF
        async with joined(site.url, ada.token) as session:
            answer = await session.post(large)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert await session.is_over()
        async with joined(site.url, bob.token) as session:
            assert (await session.post(large)).status_code == 200
        is_over.set()
        await asyncio.gather(*posts, return_exceptions=True)


async def test_a_native_frame_carries_the_longest_text(
    site: Server, ada: Person, bob: Person
) -> None:
    async with native(site, ada) as socket:
        data = {"receiverId": bob.key, "text": "😀" * 10_000, "clientMessageId": "c" * 64}
        await socket.send(json.dumps({"event": "sendMessage", "data": data}))
        while json.loads(await socket.recv())["event"] != "messageSent":
            pass


async def test_a_larger_native_frame_closes_its_socket(site: Server, ada: Person) -> None:
    async with native(site, ada) as socket:
        await socket.send("x" * (LARGEST + 1))
        assert await close_code(socket) == TOO_LARGE


def test_no_more_is_held_than_a_process_may() -> None:
    people = [Share(str(number)) for number in range(PROCESS // PERSON)]
    late = Share("late")
    try:
        assert all(share.resize(PERSON) for share in people)
        assert late.resize(SMALL), "whoever sends little is always listened to"
        assert not late.resize(SMALL + 1)
        people[0].release()
        assert late.resize(SMALL + 2)
    finally:
        for share in (*people, late):
            share.release()
