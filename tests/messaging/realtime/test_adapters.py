"""What `intake.py` and `wire.py` lean on inside uvicorn and `websockets`, which promise none of it.

An upgrade that breaks it would be noticed by nothing else but memory that fills.
"""

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, Protocol, State

UVICORN = (
    "close_sent",
    "conn",
    "disconnected",
    "frames",
    "handle_parser_exception",
    "handshake_complete",
    "logger",
    "loop",
    "queue",
    "transport",
)
WEBSOCKETS = (
    "current_size",
    "events_received",
    "extensions",
    "fail",
    "logger",
    "max_message_size",
    "reader",
    "state",
)
PART = b"x" * 100


def changed(package: str, what: str) -> str:
    return (
        f"{package} {version(package)} changed {what}, on which messaging/realtime/intake.py and "
        "wire.py lean: read its new source and adapt them, or pin the version of before."
    )


@pytest.fixture
def connection() -> Protocol:
    """As a server has it after the handshake."""
    return Protocol(SERVER, state=State.OPEN)


def frame(*, fin: bool = True) -> bytes:
    return Frame(Opcode.TEXT, PART, fin).serialize(mask=True)


async def test_uvicorn_keeps_what_is_leant_on_where_it_was() -> None:
    config = Config(lambda _scope: None, log_config=None, factory=False)
    config.load()
    protocol = WebSocketsSansIOProtocol(config, ServerState(), {})
    for name in UVICORN:
        assert hasattr(protocol, name), changed("uvicorn", f"`{name}` of its WebSocket protocol")


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("handle_events", "self.conn.events_received()"),
        ("send_receive_event_to_app", "self.transport.pause_reading()"),
        ("handle_parser_exception", "self.transport.close()"),
        ("handle_cont", "self.frames.append("),
    ],
)
def test_uvicorn_does_with_it_what_it_did(method: str, call: str) -> None:
    source: Callable[..., Any] = getattr(WebSocketsSansIOProtocol, method, print)
    is_there = source is not print and call in inspect.getsource(source)
    assert is_there, changed("uvicorn", f"`{method}`, which called `{call}`")


def test_websockets_keeps_what_is_leant_on_where_it_was(connection: Protocol) -> None:
    for name in WEBSOCKETS:
        assert hasattr(connection, name), changed("websockets", f"`{name}` of its connection")


def test_bytes_of_an_unfinished_frame_wait_in_the_reader(connection: Protocol) -> None:
    connection.receive_data(frame()[:-1])
    waiting = len(connection.reader.buffer)
    assert waiting == len(PART) - 1, changed("websockets", "where an unfinished frame waits")
    connection.fail(1009)
    assert not connection.reader.buffer, changed("websockets", "`fail`, which let go of that frame")


def test_fragments_are_counted_until_the_last_is_there(connection: Protocol) -> None:
    connection.receive_data(frame(fin=False))
    size = connection.current_size
    assert size == len(PART), changed("websockets", "how it counts the fragments of a message")
    (event,) = connection.events_received()
    is_a_frame = isinstance(event, Frame) and event.opcode is Opcode.TEXT and not event.fin
    assert is_a_frame, changed("websockets", "what it makes of a fragment")
    connection.receive_data(Frame(Opcode.CONT, PART).serialize(mask=True))
    assert connection.current_size is None, changed("websockets", "how it ends a message")


def test_the_limit_of_a_message_can_be_changed_while_it_is_open(connection: Protocol) -> None:
    connection.max_message_size = len(PART) - 1
    connection.receive_data(frame())
    assert connection.parser_exc, changed("websockets", "`max_message_size`, which was obeyed")
