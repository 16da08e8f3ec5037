"""Sending over the socket is limited as it is over the API."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from accounts.models import User
from chatsite.pictures import decoder_pool, decoding
from chatsite.pictures.decoder_pool import pooled_decoder
from messaging.models import Message
from tests.hostile_pictures import many_scans
from tests.limits import REFUSAL, SetLimits
from tests.messaging.realtime.sockets import Connect, PersonalSocket
from tests.pictures import data_uri, decoders_free, picture

pytestmark = pytest.mark.django_db(transaction=True)
Post = Callable[..., Awaitable[Any]]


async def send(socket: PersonalSocket, receiver: User, key: str, **fields: str) -> None:
    message = {"receiverId": receiver.pk, "clientMessageId": key, **fields}
    await socket.send("sendMessage", **message)


async def assert_refused(socket: PersonalSocket, key: str) -> None:
    error = await socket.data("error")
    assert 1 <= error.pop("retryAfter") <= 60
    assert error == {**REFUSAL, "status": 429, "clientMessageId": key}


async def test_one_too_many_is_refused_and_the_socket_stays(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    set_limits(sends=1)
    socket, theirs = await connect(ada), await connect(bob)
    await send(socket, bob, "a", text="one")
    assert (await socket.data("messageSent"))["clientMessageId"] == "a"
    await send(socket, bob, "b", text="two")
    await assert_refused(socket, "b")
    await socket.lives()
    await send(theirs, ada, "a", text="hello")
    assert (await theirs.until("messageSent"))["message"]["text"] == "hello"
    assert await Message.objects.acount() == 2


async def test_socket_and_api_share_one_count(
    ada: User, bob: User, connect: Connect, post: Post, set_limits: SetLimits
) -> None:
    set_limits(sends=2)
    socket, other = await connect(ada), await connect(ada)
    assert (await post(ada, bob, text="one")).status_code == 201
    await send(other, bob, "b", text="two")
    await other.until("messageSent")
    await send(socket, bob, "c", text="three")
    assert (await socket.until("error"))["status"] == 429
    assert (await post(ada, bob, text="four")).status_code == 429


@pytest.mark.parametrize("text", ["Hello", 7])  # read the lean way, or by the serializer
async def test_it_counts_as_a_change_too(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits, text: Any
) -> None:
    set_limits(writes=1)
    socket = await connect(ada)
    await send(socket, bob, "a", text=text)
    assert (await socket.event())[0] in ("messageSent", "error")
    await send(socket, bob, "b", text=text)
    await assert_refused(socket, "b")


async def test_pictures_have_a_limit_of_their_own(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    set_limits(uploads=1)
    socket, image = await connect(ada), data_uri(picture())
    await send(socket, bob, "a", image=image)
    await socket.data("messageSent")
    await send(socket, bob, "b", image=image)
    await assert_refused(socket, "b")
    await send(socket, bob, "c", text="words")
    await socket.data("messageSent")


async def test_what_was_refused_may_be_sent_again(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    set_limits(sends=1)
    socket = await connect(ada)
    await send(socket, bob, "a", text="one")
    await socket.data("messageSent")
    await send(socket, bob, "b", text="two")
    await assert_refused(socket, "b")
    set_limits(sends=10)
    await send(socket, bob, "b", text="two")
    assert (await socket.data("messageSent"))["message"]["seq"] == 2


async def test_pictures_wait_for_each_other_but_not_for_long(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_pool, "PATIENCE", 0)
    socket, image = await connect(ada), data_uri(picture())
    with pooled_decoder(), pooled_decoder():
        await send(socket, bob, "a", image=image)
        error = await socket.data("error")
    assert (error["status"], error["retryAfter"], error["clientMessageId"]) == (503, 5, "a")
    await send(socket, bob, "a", image=image)
    assert (await socket.data("messageSent"))["clientMessageId"] == "a"


async def test_who_goes_away_during_a_picture_makes_room(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would take minutes."""
    monkeypatch.setattr(decoding, "MAX_SCANS", 1_000_000)
    image = data_uri(many_scans(3_000, side=3_000), "jpeg")  # as large as a frame may be
    sockets = [await connect(ada) for _socket in range(decoder_pool.MAX_CONCURRENT)]
    for socket in sockets:
        await send(socket, bob, "a", image=image)
    await decoders_free(0)
    for socket in sockets:
        await socket.hang_up()
    await decoders_free(decoder_pool.MAX_CONCURRENT)
    assert not await Message.objects.aexists()


async def test_what_comes_during_a_picture_is_answered_after_it(
    ada: User, bob: User, connect: Connect
) -> None:
    socket, image = await connect(ada), data_uri(picture())
    for key in ("a", "b"):
        await send(socket, bob, key, image=image)
    for key in ("a", "b"):
        assert (await socket.data("messageSent"))["clientMessageId"] == key
    await socket.lives()
