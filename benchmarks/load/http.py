"""An HTTP/1.1 client that costs the generator little: kept alive, one request at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

END_OF_HEAD = b"\r\n\r\n"
PATIENCE = 30  # seconds for a response
Address = tuple[str, int]


class Response:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.status = int(raw[9:12])
        self.size = len(raw)

    @property
    def body(self) -> bytes:
        return self._raw.partition(END_OF_HEAD)[2]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = bytearray()
        self._expected = 0  # bytes of the whole response, once its head is there
        self._response: asyncio.Future[Response] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._response and not self._response.done():
            self._response.set_exception(ConnectionError("closed before the response"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            self._expected = _length(self._received)
        if self._expected and len(self._received) >= self._expected:
            self._finish()

    def _finish(self) -> None:
        raw = bytes(self._received)
        self._received.clear()
        self._expected = 0
        if b"connection: close" in raw[:400].lower():
            self.close()
        if self._response and not self._response.done():
            self._response.set_result(Response(raw))

    def send(self, request: bytes) -> asyncio.Future[Response]:
        if self._transport is None:
            raise ConnectionError("closed")
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._response

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class Client:
    """A connection that is opened again when the server closed it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection = Connection()

    async def send(self, request: bytes) -> Response:
        """Raises OSError or TimeoutError when there is no response."""
        if not self._connection.is_open:
            loop = asyncio.get_running_loop()
            _, self._connection = await loop.create_connection(Connection, *self._address)
        return await asyncio.wait_for(self._connection.send(request), PATIENCE)

    def close(self) -> None:
        self._connection.close()


class Pool:
    """Clients for an open loop: the one used last is taken first, so that few are kept busy."""

    def __init__(self, addresses: list[Address], size: int) -> None:
        self._idle: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
        for number in range(size):
            self._idle.put_nowait(Client(addresses[number % len(addresses)]))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        client = await self._idle.get()
        try:
            yield client
        finally:
            self._idle.put_nowait(client)

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()


def _length(received: bytearray) -> int:
    """0 while it cannot be known yet."""
    end = received.find(END_OF_HEAD)
    if end < 0:
        return 0
    head = bytes(received[:end]).lower()
    _, found, after = head.partition(b"\r\ncontent-length:")
    if found:
        return end + len(END_OF_HEAD) + int(after.partition(b"\r\n")[0])
    if b"transfer-encoding: chunked" in head:
        return len(received) if received.endswith(b"0\r\n\r\n") else 0
    return end + len(END_OF_HEAD)
