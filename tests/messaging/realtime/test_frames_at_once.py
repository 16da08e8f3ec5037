"""What several sockets send at the same instant reaches all it concerns, once."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.models import Message
from tests.factories import make_message
from tests.limits import SetLimits
from tests.messaging.realtime.sockets import Connect, PersonalSocket

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's messages are stored each by itself"),
    pytest.mark.usefixtures("layer"),
]


async def send(socket: PersonalSocket, peer: User, text: str, client_id: str = "") -> None:
    await socket.send(
        "sendMessage", receiverId=peer.pk, text=text, clientMessageId=client_id or text
    )


async def test_who_sends_gets_an_answer_and_all_others_of_both_the_event(
    ada: User, bob: User, eve: User, connect: Connect, stored: list[int]
) -> None:
    mine, my_other, theirs = await connect(ada), await connect(ada), await connect(bob)
    bystander = await connect(eve)
    await send(mine, bob, "one")
    answer = await mine.data("messageSent")
    assert stored == [1]
    assert answer["clientMessageId"] == answer["message"]["clientMessageId"] == "one"
    assert await my_other.data("newMessage") == answer["message"]
    assert await theirs.data("newMessage") == answer["message"]
    for socket in (mine, my_other, theirs, bystander):
        await socket.got_nothing()


async def test_both_at_once_get_their_own_answers(
    ada: User, bob: User, connect: Connect, stored: list[int]
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    await asyncio.gather(send(mine, bob, "a"), send(theirs, ada, "b"))
    for socket, text in ((mine, "a"), (theirs, "b")):
        got: list[tuple[str, str]] = []
        while len(got) < 2:
            event, data = await socket.event()
            if event != "messagesRead":
                got.append((event, (data.get("message") or data)["text"]))
        other = "b" if text == "a" else "a"
        assert sorted(got) == [("messageSent", text), ("newMessage", other)]
    assert sum(stored) == 2


async def test_what_was_sent_before_is_answered_once_more_and_told_nobody(
    ada: User, bob: User, connect: Connect
) -> None:
    await sync_to_async(make_message)(ada, bob)
    mine, theirs = await connect(ada), await connect(bob)
    for _again in range(2):
        await send(mine, bob, "one")
    first, again = await mine.data("messageSent"), await mine.data("messageSent")
    assert first == again
    assert await theirs.data("newMessage") == first["message"]
    await theirs.got_nothing()


async def test_a_refusal_names_the_message(
    ada: User, bob: User, eve: User, connect: Connect, set_limits: SetLimits
) -> None:
    await sync_to_async(make_message)(ada, bob)
    await sync_to_async(make_message)(ada, eve)
    mine, theirs, hers = await connect(ada), await connect(bob), await connect(eve)
    await send(mine, bob, "one")
    assert (await mine.data("messageSent"))["message"]["seq"] == 2
    await send(mine, eve, "one")
    error = await mine.data("error")
    assert (error["status"], error["clientMessageId"]) == (409, "one")
    set_limits(sends=2)
    await send(mine, bob, "three")
    error = await mine.data("error")
    assert (error["status"], error["clientMessageId"]) == (429, "three")
    assert 1 <= error["retryAfter"] <= 60
    assert (await theirs.data("newMessage"))["text"] == "one"
    await theirs.got_nothing()
    await hers.got_nothing()


@pytest.mark.parametrize("text", ["👋🏽 שלום", "x" * 10_000, "a\x01", '"\\'])
async def test_texts_come_as_they_were_sent(
    ada: User, bob: User, connect: Connect, stored: list[int], text: str
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    await send(mine, bob, text, "one")
    assert (await mine.data("messageSent"))["message"]["text"] == text
    assert (await theirs.data("newMessage"))["text"] == text
    assert stored == [1]


@pytest.mark.parametrize("text", ["\ud800", "Hi\udfff", "a\x00b"])
async def test_what_cannot_be_kept_is_refused(
    ada: User, bob: User, connect: Connect, stored: list[int], text: str
) -> None:
    mine = await connect(ada)
    await send(mine, bob, text, "one")
    error = await mine.data("error")
    assert (error["status"], error["clientMessageId"]) == (400, "one")
    assert stored == []
    assert not await Message.objects.aexists()
