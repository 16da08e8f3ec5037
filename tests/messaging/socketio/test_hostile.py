"""What no client of Socket.IO sends, and pages that may not call."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.messaging.socketio.conftest import FRONT_END
from tests.messaging.socketio.people import Person
from tests.messaging.socketio.session import OPENING, PATH, Session, joined, opened
from tests.production import Server
from tests.services import PATIENCE

MIB = 2**20
DEEP = "[" * 100_000
EVIL = "http://evil.example"

NO_PACKETS: list[str | bytes] = [
    "",
    "x",
    "0",
    "2",
    "6",
    "47",
    "4",
    "4²",
    "4[]",
    f"4{DEEP}",
    "bAQID",
    b"\xff\xfe",
    "d=42",
    "3\x1e\x1e3",
    "2probe" * 50,
    "2probe",
    "5",
    "\x1e".join(["3"] * 1001),
]
NO_COMMANDS = [
    "42",
    "42{}",
    "42[]",
    "42[1]",
    '42["',
    f"42{DEEP}",
    f'42["typing",{DEEP}]',
    '42["disconnect"]',
    '42["connect",{"asgi.scope":{}}]',
    '42["ping",{},{}]',
    '42["ping",[]]',
    '42["getOnlineUsers",{}]',
    '42["' + "x" * 10_000 + '",{}]',
]
ENDING = ["44", "451-[]", "461-[]", "41/admin,", '45["x",{"_placeholder":true,"num":0}]']


def header_names(answer: httpx.Response) -> set[str]:
    return {name.lower() for name in answer.headers}


async def test_answers_have_the_headers_of_the_api(site: Server, ada: Person) -> None:
    front_end = {"Origin": FRONT_END}
    async with joined(site.url, ada.token, headers=front_end) as session:
        answers = [await session.post("3"), await session.post("x")]
        api = await session.client.get("/api/auth/check")
    for answer in answers:
        assert header_names(answer) - {"retry-after"} >= header_names(api) - {"allow"}
        assert answer.headers["Access-Control-Allow-Origin"] == FRONT_END
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].headers["Content-Type"] == "application/json"
    assert list(answers[1].json()) == ["message"]


def test_a_listed_front_end_may_ask_beforehand(site: Server) -> None:
    def asked(origin: str) -> httpx.Response:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return httpx.options(f"{site.url}{PATH}", headers=headers, timeout=PATIENCE)

    allowed = asked(FRONT_END)
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == FRONT_END
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in asked(EVIL).headers


@pytest.mark.parametrize(
    "headers", [{"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_pages_from_elsewhere_are_refused(
    headers: dict[str, str], site: Server, ada: Person
) -> None:
    async with joined(site.url, ada.token) as session:
        session.client.headers.update(headers)
        opening = await session.client.get(PATH, params=OPENING)
        for answer in (opening, await session.post("3"), await session.poll()):
            assert answer.status_code == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        for name in headers:
            del session.client.headers[name]
        assert (await session.post("3")).text == "ok"


@pytest.mark.parametrize("origin", [EVIL, "null"])
async def test_sockets_of_pages_from_elsewhere_are_refused(
    origin: str, site: Server, ada: Person
) -> None:
    headers = {"Cookie": f"jwt={ada.token}"}
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(_address(site), additional_headers=headers, origin=origin):  # type: ignore[arg-type]
            pass
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", {"EIO": "3", "transport": "polling"}, 400),
        ("GET", {"transport": "polling"}, 400),
        ("GET", {"EIO": "4"}, 400),
        ("GET", {**OPENING, "j": "0"}, 400),
        ("GET", {**OPENING, "transport": "websocket"}, 400),
        ("GET", {**OPENING, "sid": "nonsense"}, 400),
        ("POST", {**OPENING, "sid": "nonsense"}, 400),
        ("POST", OPENING, 400),
        ("PUT", OPENING, 404),
        ("DELETE", OPENING, 404),
    ],
)
def test_what_is_not_spoken_here(
    method: str, query: dict[str, str], status: int, site: Server
) -> None:
    answer = httpx.request(method, f"{site.url}{PATH}", params=query, timeout=PATIENCE)
    assert answer.status_code == status
    if status == 400:
        assert list(answer.json()) == ["message"]


def test_a_foreign_host_is_refused(site: Server) -> None:
    headers = {"Host": "evil.example"}
    answer = httpx.get(f"{site.url}{PATH}", params=OPENING, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 400


@pytest.mark.parametrize("body", NO_PACKETS)
async def test_what_is_no_packet_ends_the_session(
    body: str | bytes, site: Server, ada: Person
) -> None:
    async with opened(site.url, ada.token) as session:
        assert (await session.connect()).startswith('40{"sid":')
        assert (await session.post(body)).status_code == 400
        assert await session.is_over()


@pytest.mark.parametrize("packet", NO_COMMANDS)
async def test_a_wrong_command_is_answered(packet: str, site: Server, ada: Person) -> None:
    async with joined(site.url, ada.token) as session:
        assert (await session.post(packet)).text == "ok"
        assert '"status":400' in await session.packets_until('42["error",')


@pytest.mark.parametrize("packet", ENDING)
async def test_packets_that_nobody_sends_end_the_session(
    packet: str, site: Server, ada: Person
) -> None:
    async with opened(site.url, ada.token) as session:
        await session.connect()
        await session.post(packet)
        assert await session.is_over()


@pytest.mark.parametrize("packet", ["42[]", "43[]", '42["ping",{}]', "41", "45", "40" + "x" * MIB])
async def test_a_stranger_is_not_listened_to(packet: str, site: Server) -> None:
    async with opened(site.url) as session:
        await session.post(packet)
        assert await session.is_over()


async def test_whoever_was_refused_is_not_asked_again(site: Server, ada: Person) -> None:
    async with opened(site.url) as session:
        assert await session.connect() == '44{"message":"Unauthorized - No token provided"}'
        await session.post(f'40{{"token":"{ada.token}"}}')
        assert await session.is_over()


@pytest.mark.parametrize("token", ["[]", "{}", "1", "null", '{"token":1}', '{"token":null}', DEEP])
async def test_auth_of_any_shape_is_read(token: str, site: Server) -> None:
    async with opened(site.url) as session:
        assert (await session.post(f"40{token}")).status_code in (200, 413)
        answer = await session.poll()
        assert answer.status_code == 400 or answer.text.startswith('44{"message":')


async def test_a_key_opens_nothing_with_the_token_of_somebody_else(
    site: Server, ada: Person, bob: Person
) -> None:
    async with joined(site.url, ada.token) as session:
        cookies, params = {"jwt": bob.token}, {**OPENING, "sid": session.key}
        async with httpx.AsyncClient(base_url=site.url, cookies=cookies) as other:
            assert (await other.get(PATH, params=params)).status_code == 400
            assert (await other.post(PATH, params=params, content="41")).status_code == 400
        query = f"&sid={session.key}"
        with pytest.raises(InvalidStatus):
            async with connect(_address(site, query), additional_headers=_cookie(cookies)):
                pass
        assert (await session.post("3")).text == "ok"


async def test_a_key_alone_opens_nothing(site: Server, ada: Person) -> None:
    """It stands in the log of whatever is in between."""
    async with joined(site.url, ada.token) as session:
        params = {**OPENING, "sid": session.key}
        async with httpx.AsyncClient(base_url=site.url) as other:
            assert (await other.get(PATH, params=params)).status_code == 400
            assert (await other.post(PATH, params=params, content="41")).status_code == 400
        with pytest.raises(InvalidStatus):
            async with connect(_address(site, f"&sid={session.key}")):
                pass
        assert (await session.post("3")).text == "ok"


async def test_a_key_of_a_session_by_bearer_header_opens_nothing(site: Server, ada: Person) -> None:
    bearer = {"Authorization": f"Bearer {ada.token}"}
    async with opened(site.url, headers=bearer) as session:
        assert (await session.connect()).startswith('40{"sid":')
        params = {**OPENING, "sid": session.key}
        async with httpx.AsyncClient(base_url=site.url) as other:
            assert (await other.post(PATH, params=params, content="41")).status_code == 400
        assert (await session.post("3")).text == "ok"


async def test_a_session_by_auth_stays_at_its_address(site: Server, ada: Person) -> None:
    """Its requests carry no token: a key that was read elsewhere opens nothing there."""
    async with opened(site.url) as session:
        assert (await session.post(f'40{{"token":"{ada.token}"}}')).text == "ok"
        elsewhere = {"X-Forwarded-For": "203.0.113.7"}  # the proxy here is believed
        params = {**OPENING, "sid": session.key}
        async with httpx.AsyncClient(base_url=site.url, headers=elsewhere) as other:
            assert (await other.post(PATH, params=params, content="41")).status_code == 400
        assert (await session.post("3")).text == "ok"


async def test_two_polls_at_once_end_the_session(site: Server, ada: Person) -> None:
    async with opened(site.url, ada.token) as session:
        await session.connect()
        await session.packets_until('42["getOnlineUsers"')
        waiting, late = await _while_it_polls(session, session.poll)
        assert (waiting.text, waiting.status_code, late.status_code) == ("1", 200, 400)
        assert await session.is_over()


async def test_a_poll_comes_back_when_its_session_is_closed(site: Server, ada: Person) -> None:
    async with opened(site.url, ada.token) as session:
        await session.connect()
        await session.packets_until('42["getOnlineUsers"')
        waiting, closed = await _while_it_polls(session, lambda: session.post("1"))
        assert (waiting.text, waiting.status_code, closed.text) == ("6", 200, "ok")
        assert await session.is_over()


async def test_nothing_of_the_polls_is_left_over_after_an_upgrade(
    site: Server, ada: Person
) -> None:
    """Whether a poll was waiting or not."""
    async with joined(site.url, ada.token) as session:
        await session.packets_until('42["getOnlineUsers"')
        url, cookie = _address(site, f"&sid={session.key}"), _cookie({"jwt": ada.token})
        async with connect(url, additional_headers=cookie) as socket:
            await socket.send("2probe")
            assert await socket.recv() == "3probe"
            await socket.send("5")
            await socket.send('42["ping",{}]')
            while "getOnlineUsers" in str(frame := await socket.recv()):
                pass  # those of earlier tests go
            assert frame == '42["pong",{}]'


async def test_whoever_left_may_come_in_again(site: Server, ada: Person, bob: Person) -> None:
    url, cookie = _address(site), _cookie({"jwt": ada.token})
    async with (
        joined(site.url, bob.token) as theirs,
        connect(url, additional_headers=cookie) as socket,
    ):
        await _is_in(socket)
        await _until_online(theirs, ada)
        await socket.send("41")
        await _until_offline(theirs, ada)
        await bob.send(ada, text="Nobody hears this")
        await socket.send("40")
        while not str(packet := await socket.recv()).startswith('40{"sid":'):
            assert "newMessage" not in str(packet)
        sent = await bob.send(ada, text="Welcome back")
        while "newMessage" not in str(packet := await socket.recv()):
            pass
        assert sent["_id"] in str(packet)
        await socket.send("41")
        await socket.send('42["ping",{}]')  # which nobody may who has left
        await _is_ended(socket)


async def _while_it_polls(
    session: Session, ask: Callable[[], Awaitable[httpx.Response]]
) -> tuple[httpx.Response, httpx.Response]:
    """Their answers."""
    while True:
        waiting = asyncio.ensure_future(session.poll())
        await asyncio.sleep(0.3)  # a poll that has come cannot be told from one on its way
        if not waiting.done():
            break
        assert "getOnlineUsers" in (await waiting).text  # somebody of an earlier test went
    answer = await ask()
    return await waiting, answer


async def test_a_body_that_is_too_large_is_refused(site: Server, ada: Person) -> None:
    async with opened(site.url, ada.token) as session:
        await session.connect()
        answer = await session.post("42" + "x" * 10 * MIB)
        assert answer.status_code == 413
        assert answer.json() == {"message": "The request is too large."}
        assert await session.is_over()


async def test_a_stranger_may_send_little(site: Server) -> None:
    async with opened(site.url) as session:
        assert (await session.post("40" + "x" * 10_000)).status_code == 413
        assert await session.is_over()


async def test_frames_of_a_stranger_are_short(site: Server, ada: Person) -> None:
    """Until they are in: a picture is of many more characters."""
    async with connect(_address(site)) as socket:
        await socket.recv()
        await socket.send("40" + "x" * 10_000)
        await _is_ended(socket)
        assert socket.close_code == 1009
    async with connect(_address(site)) as socket:
        await socket.recv()
        await socket.send(f'40{{"token":"{ada.token}"}}')
        assert str(await socket.recv()).startswith("40")
        await socket.send('42["ping",{"padding":"' + "x" * MIB + '"}]')
        while await socket.recv() != '42["pong",{}]':
            pass


async def test_whoever_stops_polling_is_offline(site: Server, ada: Person, bob: Person) -> None:
    async with joined(site.url, ada.token) as mine:
        async with opened(site.url, bob.token) as theirs:
            await theirs.connect()
            await _until_online(mine, bob)
            waiting = asyncio.ensure_future(theirs.packets_until("42[never"))
            await asyncio.sleep(0.2)
            waiting.cancel()
        await _until_offline(mine, bob)


@pytest.mark.parametrize("frame", ["", "x", "4[]", f"4{DEEP}", b"\x04", "2probe", "5", "0", "44"])
async def test_a_wrong_frame_ends_the_socket(frame: str | bytes, site: Server, ada: Person) -> None:
    async with connect(_address(site), additional_headers=_cookie({"jwt": ada.token})) as socket:
        await _is_in(socket)
        await socket.send(frame)
        await _is_ended(socket)


@pytest.mark.parametrize("bad", [b"h\xe9", b"\xe2\x82", b"\xc0\xaf", b"\xed\xa0\x80"], ids=repr)
@pytest.mark.parametrize("path", [f"{PATH}?EIO=4&transport=websocket", "/ws/chat/"])
async def test_a_text_that_is_no_utf_8_ends_the_socket(
    path: str, bad: bytes, site: Server, ada: Person
) -> None:
    """And is no error of the site: its log has none at the end."""
    url = site.url.replace("http", "ws") + path
    async with connect(url, additional_headers=_cookie({"jwt": ada.token})) as socket:
        await socket.send(bad, text=True)
        await _is_ended(socket)
        assert socket.close_code == 1007


@pytest.mark.parametrize(
    "frames", [["x"], ["3"], ["2probe", "x"], ["2probe", "3"], ["5"], [b"5"], []]
)
async def test_an_upgrade_that_fails_leaves_the_polls(
    frames: list[Any], site: Server, ada: Person
) -> None:
    async with joined(site.url, ada.token) as session:
        query = f"&sid={session.key}"
        cookie = _cookie({"jwt": ada.token})
        async with connect(_address(site, query), additional_headers=cookie) as socket:
            for frame in frames:
                await socket.send(frame)
            if not frames:
                await socket.close()
            await _is_ended(socket)
        await session.post('42["ping",{}]')
        assert await session.packets_until('42["pong"') == '42["pong",{}]'


@pytest.mark.parametrize("packet", ["40/admin,", "43[]"])
async def test_a_flood_of_other_packets_ends_the_session(
    packet: str, site: Server, ada: Person
) -> None:
    async with opened(site.url, ada.token) as session:
        await session.connect()
        await session.post("\x1e".join([packet] * 1000))
        assert await session.is_over()


async def test_a_stranger_may_not_flood(site: Server) -> None:
    async with opened(site.url) as session:
        await session.post("\x1e".join(["40/a,"] * 1000))
        assert await session.is_over()


async def test_a_front_end_may_add_to_the_address(site: Server, ada: Person) -> None:
    cookie = _cookie({"jwt": ada.token})
    async with connect(_address(site, "&fromsid=1"), additional_headers=cookie) as socket:
        await _is_in(socket)


async def test_a_flood_is_refused_and_then_cut_off(site: Server, ada: Person) -> None:
    async with connect(_address(site), additional_headers=_cookie({"jwt": ada.token})) as socket:
        await _is_in(socket)
        with suppress(ConnectionClosed):
            for _ in range(5000):
                await socket.send('42["ping",{}]')
        await _is_ended(socket)


def _address(site: Server, query: str = "") -> str:
    return f"{site.url.replace('http', 'ws')}{PATH}?EIO=4&transport=websocket{query}"


def _cookie(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": f"jwt={cookies['jwt']}"} if cookies else {}


async def _is_ended(socket: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()


async def _is_in(socket: ClientConnection) -> None:
    await socket.recv()
    await socket.send("40")
    assert str(await socket.recv()).startswith('40{"sid":')


async def _until_online(session: Any, person: Person) -> None:
    while person.key not in await session.packets_until('42["getOnlineUsers"'):
        pass


async def _until_offline(session: Any, person: Person) -> None:
    while person.key in await session.packets_until('42["getOnlineUsers"'):
        pass
