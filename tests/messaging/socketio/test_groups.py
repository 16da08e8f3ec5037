"""Groups, for clients that sort what comes in by its sender alone."""

import json
from functools import partial
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from chatsite.asgi import application
from chatsite.live.broadcast import broadcast
from messaging import events
from messaging.recipients import user_group
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from tests.factories import make_group, make_user
from tests.messaging.realtime.sockets import token_for
from tests.messaging.socketio.session import Session, joined

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]


async def as_client(user: User, **options: Any) -> Any:
    token = await sync_to_async(token_for)(user)
    transport = httpx.ASGITransport(application)
    return joined("http://testserver", token, transport=transport, **options)


async def data(session: Session, event: str) -> Any:
    packet = await session.packets_until(f'42["{event}",')
    return json.loads(packet[2:])[1]


async def test_what_somebody_writes_in_a_group_comes_from_the_group() -> None:
    ada, bo, cleo = [await sync_to_async(make_user)(name) for name in ("Ada", "Bo", "Cleo")]
    group = await sync_to_async(make_group)(ada, bo, cleo)
    await sync_to_async(remove_member)(user=ada, group=group, person=cleo.pk)
    async with (
        await as_client(bo) as theirs,
        await as_client(cleo) as gone,
        await as_client(ada) as mine,
    ):
        tricky = f'"senderId":"{bo.pk}"'
        say = partial(send_message, sender=ada, peer=group, text=tricky)
        record = (await sync_to_async(say)()).record
        message = await data(theirs, "newMessage")
        assert (message["senderId"], message["authorId"]) == (group, ada.pk)
        assert (message["_id"], message["receiverId"]) == (record.id, group)
        assert message["text"] == tricky
        await mine.post(f'42["typing",{{"receiverId":"{group}"}}]')
        typing = {"senderId": group, "authorId": ada.pk, "receiverId": group}
        assert await data(theirs, "typing") == typing
        assert await data(theirs, "userTyping") == typing
        broadcast([user_group(cleo.pk), user_group(ada.pk)], events.relay(events.PONG, {}))
        for session in (gone, mine):  # who wrote shows it by themselves
            seen = [await session.packets_until("42[") for _ in range(2)]
            assert not [each for each in seen if "newMessage" in each or "typing" in each]


async def test_what_its_person_sent_elsewhere_keeps_its_sender() -> None:
    ada, bo = [await sync_to_async(make_user)(name) for name in ("Ada", "Bo")]
    group = await sync_to_async(make_group)(ada, bo)
    async with await as_client(ada, params={"ownMessages": "true"}) as mine:
        await sync_to_async(send_message)(sender=ada, peer=group, text="Hello")
        message = await data(mine, "newMessage")
        assert message["senderId"] == ada.pk
        assert "authorId" not in message


async def test_a_direct_message_keeps_its_sender() -> None:
    ada, bo = [await sync_to_async(make_user)(name) for name in ("Ada", "Bo")]
    async with await as_client(bo) as theirs:
        await sync_to_async(send_message)(sender=ada, peer=bo.pk, text="Hello")
        message = await data(theirs, "newMessage")
        assert message["senderId"] == ada.pk
        assert "authorId" not in message


async def test_an_edit_is_a_command_and_an_event_here_too() -> None:
    ada, bo = [await sync_to_async(make_user)(name) for name in ("Ada", "Bo")]
    group = await sync_to_async(make_group)(ada, bo)
    key = (await sync_to_async(send_message)(sender=ada, peer=group, text="Helo")).record.id
    async with await as_client(bo) as theirs, await as_client(ada) as mine:
        await mine.post(f'42["editMessage",{{"messageId":"{key}","text":"Hello"}}]')
        for session in (mine, theirs):
            edited = await data(session, "messageEdited")
            assert (edited["_id"], edited["text"]) == (key, "Hello")
        await theirs.post(f'42["editMessage",{{"messageId":"{key}","text":"x"}}]')
        assert (await data(theirs, "error"))["status"] == 403


async def test_whom_a_message_mentions_is_told_and_can_be_said() -> None:
    ada, bo, eve = [await sync_to_async(make_user)(name) for name in ("Ada", "Bo", "Eve")]
    group = await sync_to_async(make_group)(ada, bo)
    async with await as_client(bo) as theirs, await as_client(ada) as mine:
        said = {"receiverId": group, "text": "@Bo", "mentions": [bo.pk, eve.pk]}
        await mine.post(f'42["sendMessage",{json.dumps(said | {"clientMessageId": "one"})}]')
        message = await data(theirs, "newMessage")
        assert (message["text"], message["mentions"]) == ("@Bo", [bo.pk])
