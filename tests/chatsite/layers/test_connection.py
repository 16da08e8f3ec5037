"""What is asked of Redis without redis-py."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from chatsite.layers.connection import Dialogue
from chatsite.layers.link import Listener
from tests.services import Server

PATIENCE = 20


@pytest_asyncio.fixture
async def dialogue(redis: Server) -> AsyncIterator[Dialogue]:
    dialogue = Dialogue(redis.url)
    yield dialogue
    await dialogue.close()


async def echoed(dialogue: Dialogue, text: str, patience: float = PATIENCE) -> bool:
    return bool(await dialogue.ask("ECHO", text, patience=patience) == text.encode())


async def test_each_gets_the_answer_to_what_it_asked(dialogue: Dialogue) -> None:
    large = "x" * 1_000_000
    assert [await echoed(dialogue, text) for text in ("a", "", large, "ä\r\n")] == [True] * 4


async def test_who_is_refused_is_told_and_asks_on(dialogue: Dialogue) -> None:
    with pytest.raises(ResponseError, match="unknown command"):
        await dialogue.ask("NONSENSE", patience=PATIENCE)
    assert await echoed(dialogue, "a")


async def test_a_connection_that_broke_is_replaced(dialogue: Dialogue, redis: Server) -> None:
    assert await echoed(dialogue, "a")
    redis.stop()
    with pytest.raises(RedisError):
        await echoed(dialogue, "b")
    redis.start()
    assert await echoed(dialogue, "c")
    with Redis.from_url(redis.url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert await echoed(dialogue, "d")


async def test_an_answer_that_comes_late_is_for_nobody_else(
    dialogue: Dialogue, redis: Server
) -> None:
    assert await echoed(dialogue, "a")
    redis.freeze()
    with pytest.raises(TimeoutError):
        await echoed(dialogue, "b", patience=0.1)
    redis.thaw()
    assert await echoed(dialogue, "c")


async def test_a_password_is_said(redis: Server) -> None:
    with Redis.from_url(redis.url) as client:
        client.config_set("requirepass", "s3cret")
    host = redis.url.removeprefix("redis://")
    dialogue, stranger = Dialogue(f"redis://:s3cret@{host}"), Dialogue(f"redis://:no@{host}")
    assert await echoed(dialogue, "a")
    with pytest.raises(AuthenticationError):
        await echoed(stranger, "a")
    await dialogue.close()


async def test_who_may_not_listen_is_told(redis: Server, caplog: pytest.LogCaptureFixture) -> None:
    with Redis.from_url(redis.url) as client:
        client.acl_setuser("default", enabled=True, nopass=True, reset_channels=True)
    listener = Listener(redis.url, "live", heard=lambda _data: None, lost=lambda: None)
    with pytest.raises(RedisError):
        await listener.start()
    listener.stop()
    assert "not listening" in caplog.text
