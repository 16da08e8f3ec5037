"""What is being sent has a budget, of a frame, of a person, of a process; and it has an end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from itertools import islice

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from accounts.models import User
from messaging.realtime import receive_budget
from messaging.realtime.close_codes import MESSAGE_TOO_BIG
from messaging.realtime.receive_budget import (
    LEAST,
    MAX_FRAME_BYTES,
    PERSON_BUDGET,
    PROCESS_BUDGET,
    SMALL,
    Allocation,
)
from tests.environment import unlimited
from tests.factories import make_user
from tests.messaging.realtime.serving import serving
from tests.messaging.realtime.sockets import token_for
from tests.messaging.socketio.people import Person, sign_up
from tests.messaging.socketio.session import joined
from tests.production import Server, production
from tests.services import PATIENCE

EACH = 8 * 2**20  # bytes, which one message may have
LONGEST = 159 * 2**16  # of an unfinished message: two fill a person's budget, all but a rest
PIECE = 2**16
CUT_OFF = (MESSAGE_TOO_BIG, 1006)  # the server does not read to the end of what it closes for
SOCKETS = 50  # as many as one person may have
TEXT, LAST, MASKED = 0x01, 0x80, 0x80
SOCKETIO = "/socket.io/?EIO=4&transport=websocket"

Ended = Callable[[], Awaitable[bool]]  # whether the server ends it; waits for that
Stalling = Callable[[Person, int], AbstractAsyncContextManager[Ended]]


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


@pytest_asyncio.fixture
async def eve(transactional_db: None) -> AsyncIterator[Person]:
    """At a server in this process."""
    user: User = await sync_to_async(make_user)("Eve Moneypenny")
    async with serving() as port:
        token = await sync_to_async(token_for)(user)
        yield Person(f"http://127.0.0.1:{port}", user.pk, token)
    assert not receive_budget._begun
    assert not +receive_budget._held, "all is given back"


@asynccontextmanager
async def native(person: Person) -> AsyncIterator[ClientConnection]:
    async with _open("/ws/chat/", person) as socket:
        await socket.recv()
        yield socket


@asynccontextmanager
async def socketio(person: Person) -> AsyncIterator[ClientConnection]:
    async with _open(SOCKETIO, person) as socket:
        await socket.recv()
        await socket.send("40")
        assert str(await socket.recv()).startswith('40{"sid":')
        yield socket


@asynccontextmanager
async def upgraded(person: Person) -> AsyncIterator[ClientConnection]:
    async with (
        joined(person.url, person.token) as session,
        _open(f"{SOCKETIO}&sid={session.key}", person) as socket,
    ):
        await socket.send("2probe")
        assert await socket.recv() == "3probe"
        await socket.send("5")
        yield socket


def _open(path: str, person: Person) -> connect:
    headers = {"Cookie": f"jwt={person.token}"}
    address = f"{person.url.replace('http', 'ws')}{path}"
    return connect(address, additional_headers=headers, close_timeout=1)


async def begin(socket: ClientConnection, *, fragments: int, size: int = EACH) -> None:
    """Sends so much of a message that stays unfinished, written by hand: in whole fragments, or of
    one frame that is longer. Ends when the server closes meanwhile.
    """
    for number in range(fragments or 1):
        opcode = (0 if number else TEXT) | (0 if fragments else LAST)
        part = size // (fragments or 1)
        socket.transport.write(head(opcode, part if fragments else part + PIECE))
        for _ in range(part // PIECE):
            if socket.transport.is_closing():
                return
            socket.transport.write(b"x" * PIECE)
            with suppress(OSError):
                await socket.drain()
            await asyncio.sleep(0)


def head(opcode: int, size: int) -> bytes:
    return bytes((opcode, MASKED | 127)) + size.to_bytes(8, "big") + bytes(4)


async def close_code(socket: ClientConnection) -> int:
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()
    return socket.close_code or 0


async def is_served(socket: ClientConnection, padding: str = "") -> bool:
    await socket.send(f'42["ping",{{"padding":"{padding}"}}]')
    return await is_answered(socket)


async def is_answered(socket: ClientConnection) -> bool:
    async with asyncio.timeout(PATIENCE):
        while await socket.recv() != '42["pong",{}]':
            pass
    return True


@asynccontextmanager
async def _stalled(socket: ClientConnection, fragments: int, size: int) -> AsyncIterator[Ended]:
    await begin(socket, fragments=fragments, size=size)

    async def ended() -> bool:
        return await close_code(socket) in CUT_OFF

    yield ended


@asynccontextmanager
async def frame(person: Person, size: int) -> AsyncIterator[Ended]:
    async with socketio(person) as socket, _stalled(socket, 0, size) as ended:
        yield ended


@asynccontextmanager
async def fragments(person: Person, size: int) -> AsyncIterator[Ended]:
    async with socketio(person) as socket, _stalled(socket, size // PIECE, size) as ended:
        socket.transport.write(bytes((0x89, MASKED)) + bytes(4))  # a ping, which is answered
        yield ended


@asynccontextmanager
async def after_polls(person: Person, size: int) -> AsyncIterator[Ended]:
    async with upgraded(person) as socket, _stalled(socket, 0, size) as ended:
        yield ended


@asynccontextmanager
async def at_the_native_door(person: Person, size: int) -> AsyncIterator[Ended]:
    async with native(person) as socket, _stalled(socket, 0, PIECE) as ended:
        yield ended


@asynccontextmanager
async def poll(person: Person, size: int) -> AsyncIterator[Ended]:
    is_sent, goes_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        for _ in range(size // PIECE):
            yield b"x" * PIECE
        is_sent.set()
        await goes_on.wait()
        yield b"x"

    async with joined(person.url, person.token) as session:
        length = {"Content-Length": str(size + 1)}
        post = asyncio.ensure_future(session.post(body(), **length))

        async def ended() -> bool:
            goes_on.set()
            answer = await post
            return answer.status_code == 503 and "Retry-After" in answer.headers

        await is_sent.wait()
        yield ended
        goes_on.set()
        await asyncio.gather(post, return_exceptions=True)


@pytest.mark.parametrize("fragments", [0, 8])
async def test_unfinished_messages_of_a_person_have_a_budget(
    ada: Person, bob: Person, fragments: int
) -> None:
    async with AsyncExitStack() as stack:
        theirs = await stack.enter_async_context(socketio(bob))
        sockets = [await stack.enter_async_context(socketio(ada)) for _ in range(SOCKETS)]
        for socket in sockets:
            await begin(socket, fragments=fragments)
        codes = [asyncio.create_task(close_code(socket)) for socket in sockets]
        for ended in islice(asyncio.as_completed(codes), SOCKETS - PERSON_BUDGET // EACH):
            assert await ended in CUT_OFF
        assert sum(not code.done() for code in codes) == PERSON_BUDGET // EACH
        assert await is_served(theirs), "what others send is their own affair"
        for code in codes:
            code.cancel()
    async with socketio(ada) as again:  # what ended is given back
        await begin(again, fragments=fragments)
        await again.ping()


async def test_bodies_of_polls_share_the_budget(ada: Person, bob: Person) -> None:
    large = "42" + "x" * EACH
    async with AsyncExitStack() as stack:
        for _ in range(PERSON_BUDGET // EACH):
            await stack.enter_async_context(poll(ada, EACH))
        socket = await stack.enter_async_context(socketio(ada))
        await begin(socket, fragments=0)
        assert await close_code(socket) in CUT_OFF
        async with joined(ada.url, ada.token) as session:
            answer = await session.post(large)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert await session.is_over()
        async with joined(bob.url, bob.token) as session:
            assert (await session.post(large)).status_code == 200


async def test_people_who_fill_the_budget_of_all_give_way_to_somebody_else(
    site: Server, bob: Person
) -> None:
    kinds: list[Stalling] = [frame, fragments, after_polls, poll, frame, fragments]
    async with AsyncExitStack() as stack:
        stalled: list[Ended] = []
        for number, kind in enumerate(kinds):
            person = sign_up(site.url, f"Mallory{number} X")
            stalled += [await stack.enter_async_context(kind(person, LONGEST)) for _ in range(2)]
        theirs = await stack.enter_async_context(socketio(bob))
        for _ in range(3):
            assert await is_served(theirs, "x" * EACH)
        assert await stalled[0](), "of those who hold most, what was begun first"
        async with joined(bob.url, bob.token) as session:
            assert (await session.post("42" + "x" * EACH)).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [frame, fragments, after_polls, poll, at_the_native_door])
async def test_what_stalls_is_ended_and_given_back(eve: Person, kind: Stalling) -> None:
    async with kind(eve, EACH) as ended, native(eve) as other:
        await held(PIECE if kind is at_the_native_door else EACH)
        receive_budget.end_stalled()
        assert receive_budget._begun, "it has the time between two looks"
        receive_budget.end_stalled()
        assert not receive_budget._begun
        assert not +receive_budget._held
        assert await ended()
        await other.ping()


@pytest.mark.django_db(transaction=True)
async def test_a_slow_client_is_let_finish(eve: Person) -> None:
    """A picture of 5 MB by 256 kbit/s, as the seconds between two looks bring it."""
    text = b'42["ping",{"padding":"' + b"x" * 5_000_000 + b'"}]'
    step = 900_000
    async with socketio(eve) as socket:
        socket.transport.write(head(TEXT | LAST, len(text)))
        for start in range(0, len(text), step):
            socket.transport.write(text[start : start + step])
            if start + step < len(text):
                await held(start + step)
                receive_budget.end_stalled()
        assert await is_answered(socket)


@pytest.mark.django_db(transaction=True)
async def test_messages_one_after_the_other_are_no_stalled_one(eve: Person) -> None:
    """Each ends in the piece in which the next begins, and none brings much between two looks."""
    text = b'42["ping",{"padding":"' + b"x" * PIECE + b'"}]'
    half = len(text) // 2
    async with socketio(eve) as socket:
        socket.transport.write(head(TEXT | LAST, len(text)) + text[:half])
        for _ in range(4):
            await held(half)
            receive_budget.end_stalled()
            socket.transport.write(text[half:] + head(TEXT | LAST, len(text)) + text[:half])
            assert await is_answered(socket)


@pytest.mark.django_db(transaction=True)
async def test_the_hub_looks_for_what_stalls(eve: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.realtime.presence.broadcaster.RENEW_SECONDS", 0.1)
    monkeypatch.setattr("messaging.realtime.presence.broadcaster.SWEEP_SECONDS", 0)
    async with socketio(eve) as socket:
        await begin(socket, fragments=0)
        assert await close_code(socket) in CUT_OFF


@pytest.mark.django_db(transaction=True)
async def test_a_small_frame_is_counted_and_no_more(
    eve: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[int] = []
    monkeypatch.setattr(Allocation, "_note", lambda _share, unfinished: noted.append(unfinished))
    async with socketio(eve) as socket, native(eve) as other:
        for _ in range(10):
            assert await is_served(socket)
            await other.send('{"event": "ping"}')
        assert not noted


async def held(size: int) -> None:
    """Until the server has so much."""
    async with asyncio.timeout(PATIENCE):
        while receive_budget._held["process"] < size:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_native_frame_carries_the_longest_text(ada: Person, bob: Person) -> None:
    async with native(ada) as socket:
        data = {"receiverId": bob.key, "text": "😀" * 10_000, "clientMessageId": "c" * 64}
        await socket.send(json.dumps({"event": "sendMessage", "data": data}))
        while json.loads(await socket.recv())["event"] != "messageSent":
            pass


async def test_a_larger_native_frame_closes_its_socket(ada: Person) -> None:
    async with native(ada) as socket:
        await socket.send("x" * (MAX_FRAME_BYTES + 1))
        assert await close_code(socket) == MESSAGE_TOO_BIG


class Sender:
    """Of one message, which the server may end."""

    def __init__(self, who: str) -> None:
        self.is_ended = False
        self.allocation = Allocation(self.end, who)

    def end(self) -> None:
        self.is_ended = True

    def sends(self, size: int) -> bool:
        return self.allocation.resize(size, size)

    def is_done(self, size: int) -> bool:
        return self.allocation.resize(size)


@pytest.fixture
def sender() -> Iterator[Callable[[str], Sender]]:
    senders: list[Sender] = []

    def made(who: str) -> Sender:
        senders.append(Sender(who))
        return senders[-1]

    yield made
    for each in senders:
        each.allocation.release()
    assert not receive_budget._begun
    assert not +receive_budget._held


MakeSender = Callable[[str], Sender]


def test_no_more_is_held_than_a_process_may(sender: MakeSender) -> None:
    """What is whole is nobody's to end: it is being handled."""
    people = [sender(str(number)) for number in range(PROCESS_BUDGET // PERSON_BUDGET)]
    late = sender("late")
    assert all(each.is_done(PERSON_BUDGET) for each in people)
    assert late.sends(SMALL), "whoever sends little is always listened to"
    assert not late.sends(SMALL + 1)
    assert not any(each.is_ended for each in people)
    people[0].allocation.release()
    assert late.sends(SMALL + 2)


def test_of_whoever_holds_most_the_oldest_gives_way(sender: MakeSender) -> None:
    slow = sender("slow")
    assert slow.sends(EACH)
    rest = PROCESS_BUDGET - EACH
    crowd = [sender(str(number)) for number in range(5)]
    assert all(each.sends(PERSON_BUDGET) for each in crowd)
    old, new = sender("two"), sender("two")
    assert old.sends(rest - 5 * PERSON_BUDGET - 1)
    assert new.sends(1)
    late = sender("late")
    assert late.sends(EACH)
    assert [each.is_ended for each in (*crowd, old, new, slow)] == [True, *[False] * 7]
    assert receive_budget._held["process"] == PROCESS_BUDGET - PERSON_BUDGET + EACH


def test_nobody_gives_way_to_whoever_holds_as_much(sender: MakeSender) -> None:
    people = [sender(str(number)) for number in range(PROCESS_BUDGET // PERSON_BUDGET)]
    assert all(each.sends(PERSON_BUDGET) for each in people)
    assert not sender("late").sends(PERSON_BUDGET)
    assert not sender("0").sends(SMALL + 1), "nor to themselves"
    assert not any(each.is_ended for each in people)


def test_a_message_may_grow_slowly_but_not_stand_still(sender: MakeSender) -> None:
    slow, stalled = sender("slow"), sender("stalled")
    for number in range(1, 4):
        slow.sends(number * LEAST)
        stalled.sends(LEAST + number)
        receive_budget.end_stalled()
    assert stalled.is_ended
    assert not slow.is_ended
    slow.is_done(4 * LEAST)
    receive_budget.end_stalled()
    receive_budget.end_stalled()
    assert not slow.is_ended
