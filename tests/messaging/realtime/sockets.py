"""A client's end of a socket, over real ASGI."""

import asyncio
import json
from typing import Any, Protocol

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator

from accounts.models import User
from accounts.tokens import issue_token
from chatsite.asgi import application
from chatsite.live.broadcast import broadcast
from messaging import events, recipients
from tests.factories import make_session
from tests.messaging.realtime.frames import check_from_server

PATIENCE = 20  # seconds; only a failing test waits for so long
PRESENCE = {events.GET_ONLINE_USERS, events.PRESENCE_CHANGED}
CHAT = "/ws/chat/"

Headers = dict[str, str]


class Communicator(WebsocketCommunicator):
    """Channels' own patches `close_old_connections` out of the application while a test sends or
    waits for a frame, so that what threads connected meanwhile never goes back to the pool.
    """

    send_input: Any = ApplicationCommunicator.send_input
    receive_output: Any = ApplicationCommunicator.receive_output


class Socket:
    def __init__(self, path: str = CHAT, headers: Headers | None = None, unread: int = 0) -> None:
        """As on a wire, the server waits when so many frames are not read yet; 0 is no limit."""
        lines = {"host": "testserver", **(headers or {})}
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in lines.items()]
        self._communicator = Communicator(application, path, headers=pairs)
        self._communicator._output_queue = asyncio.Queue(unread)

    async def open(self) -> bool:
        """False when the handshake is refused."""
        accepted, _code = await self._communicator.connect(PATIENCE)
        return bool(accepted)

    async def is_counted(self) -> None:
        """Let in comes first; that it is told who is online shows that the others see it, too."""
        while self._communicator.output_queue.empty() and not self._communicator.future.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        if (
            not self._communicator.future.cancelled()
        ):  # as it is when a test waited for a frame in vain
            await self._communicator.disconnect(timeout=PATIENCE)

    async def hang_up(self) -> None:
        """Closes without waiting for the server to be done with it."""
        await self._communicator.send_input({"type": "websocket.disconnect", "code": 1001})

    def is_quiet(self) -> bool:
        """Nothing has come that was not looked at."""
        return bool(self._communicator.output_queue.empty())

    async def send(self, event: str, **data: Any) -> None:
        await self.send_text(json.dumps({"event": event, "data": data}))

    async def send_text(self, text: str) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "bytes": data})

    async def frame(self) -> tuple[str, Any]:
        """The next event and its data, of whatever kind."""
        message = await self._communicator.receive_output(PATIENCE)
        assert message["type"] == "websocket.send", message
        frame = json.loads(message["text"])
        check_from_server(frame)
        return frame["event"], frame["data"]

    async def event(self) -> tuple[str, Any]:
        """The next event that is not about presence."""
        event, data = await self.frame()
        while event in PRESENCE:
            event, data = await self.frame()
        return event, data

    async def data(self, event: str) -> Any:
        """The data of the next event, which must be this one."""
        name, data = await self.event()
        assert name == event, (name, data)
        return data

    async def until(self, event: str) -> Any:
        """The data of the next such event; others before it are skipped."""
        name, data = await self.frame()
        while name != event:
            name, data = await self.frame()
        return data

    async def presence(self) -> tuple[str, Any]:
        """The next event about presence."""
        event, data = await self.frame()
        while event not in PRESENCE:
            event, data = await self.frame()
        return event, data

    async def sees_online(self, *users: User) -> None:
        """Waits until this is what the list of people online says."""
        wanted = sorted(user.pk for user in users)
        event, data = await self.presence()
        while (event, data) != (events.GET_ONLINE_USERS, wanted):
            event, data = await self.presence()

    async def lives(self) -> None:
        await self.send("ping")
        assert await self.data(events.PONG) == {}

    async def close_code(self) -> int:
        """Waits for the server to close; what it sent before is skipped."""
        message = await self._communicator.receive_output(PATIENCE)
        while message["type"] == "websocket.send":
            message = await self._communicator.receive_output(PATIENCE)
        assert message["type"] == "websocket.close", message
        return int(message["code"])


class PersonalSocket(Socket):
    """A signed-in person's."""

    def __init__(
        self, user: User, token: str, path: str = CHAT, unread: int = 0, **headers: str
    ) -> None:
        super().__init__(path, {"cookie": f"jwt={token}", **headers}, unread)
        self.user = user

    async def got_nothing(self) -> None:
        """What was pushed to the person before now did not concern them."""
        marker = events.relay("marker", {})
        broadcast([recipients.user_group(self.user.pk)], marker)
        assert await self.event() == ("marker", {})


class Connect(Protocol):
    async def __call__(
        self, user: User, *, token: str = "", path: str = CHAT, unread: int = 0, **headers: str
    ) -> PersonalSocket: ...


def token_for(user: User) -> str:
    return issue_token(make_session(user))
