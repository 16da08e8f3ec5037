"""What is done as soon as the process is told to stop."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from chatsite import shutdown


class Brief:
    def __init__(self) -> None:
        self.is_told = asyncio.Event()

    def end(self) -> None:
        self.is_told.set()


@pytest.fixture
def server_told() -> Iterator[list[int]]:
    """The signals that a server's own handler saw."""
    told: list[int] = []
    handlers = {number: signal.getsignal(number) for number in shutdown.SIGNALS}
    for number in shutdown.SIGNALS:
        signal.signal(number, lambda number, frame: told.append(number))
    yield told
    for number, handler in handlers.items():
        signal.signal(number, handler)


async def test_a_signal_is_told_in_the_loop_and_to_the_server(server_told: list[int]) -> None:
    brief = Brief()
    shutdown.on_shutdown(brief.end)
    shutdown.install(asyncio.get_running_loop())
    signal.raise_signal(signal.SIGTERM)
    await asyncio.wait_for(brief.is_told.wait(), 20)
    assert server_told == [signal.SIGTERM]


async def test_whoever_is_gone_is_not_told(server_told: list[int]) -> None:
    told: list[str] = []

    class Gone:
        def end(self) -> None:
            told.append("gone")

    gone = Gone()
    shutdown.on_shutdown(gone.end)
    del gone
    brief = Brief()
    shutdown.on_shutdown(brief.end)
    shutdown.install(asyncio.get_running_loop())
    signal.raise_signal(signal.SIGINT)
    await asyncio.wait_for(brief.is_told.wait(), 20)
    assert told == []


async def test_a_signal_that_nobody_handles_is_left_alone(server_told: list[int]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    shutdown.install(asyncio.get_running_loop())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
