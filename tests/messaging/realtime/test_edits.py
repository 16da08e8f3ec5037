"""Edits, live: by socket and by call, to every window of everybody concerned."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.models import MessageEdit
from messaging.services.edits import edit_message
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message
from tests.limits import REFUSAL, SetLimits
from tests.messaging.realtime.sockets import Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]


async def test_an_edit_reaches_every_socket_of_both(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob, "Helo")
    mine, my_other, theirs = await connect(ada), await connect(ada), await connect(bob)
    bystander = await connect(eve)
    for _again in range(2):  # the second changes nothing
        await mine.send("editMessage", messageId=message.pk, text="Hello")
    for socket in (mine, my_other, theirs):
        told = await socket.data("messageEdited")
        assert (told["_id"], told["text"], bool(told["editedAt"])) == (message.pk, "Hello", True)
    await sync_to_async(edit_message)(user=ada, message_id=message.pk, text="Hello!")
    for socket in (mine, my_other, theirs):
        assert (await socket.data("messageEdited"))["text"] == "Hello!"
    await bystander.got_nothing()


async def test_in_a_group_it_reaches_whoever_sees_the_message(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    group = await sync_to_async(make_group)(ada, bob, eve)
    key = (await sync_to_async(send_message)(sender=ada, peer=group, text="Hi")).record.id
    theirs = (await sync_to_async(send_message)(sender=eve, peer=group, text="Hm")).record.id
    await sync_to_async(remove_member)(user=ada, group=group, person=eve.pk)
    later = (await sync_to_async(send_message)(sender=ada, peer=group, text="Ho")).record.id
    mine, others, gone = await connect(ada), await connect(bob), await connect(eve)
    await mine.send("editMessage", messageId=key, text="Hi!")
    for socket in (mine, others, gone):
        assert (await socket.data("messageEdited"))["text"] == "Hi!"
    await mine.send("editMessage", messageId=later, text="Ho!")
    for socket in (mine, others):
        assert (await socket.data("messageEdited"))["text"] == "Ho!"
    for message, status in ((theirs, 403), (key, 403), (later, 404)):
        await gone.send("editMessage", messageId=message, text="x")
        assert (await gone.data("error"))["status"] == status
    await gone.got_nothing()


async def test_what_is_wrong_is_answered_and_changes_nothing(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    gone = await sync_to_async(make_message)(ada, bob)
    await sync_to_async(delete_message)(user=ada, message_id=gone.pk)
    mine, theirs, others = await connect(ada), await connect(bob), await connect(eve)
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"messageId": message.pk}, 400),
        ({"messageId": message.pk, "text": " "}, 400),
        ({"messageId": message.pk, "text": 7}, 400),
        ({"messageId": message.pk, "text": "x" * 10_001}, 400),
        ({"messageId": gone.pk, "text": "x"}, 409),
        ({"messageId": {"$ne": None}, "text": "x"}, 404),
        ({"messageId": "0" * 24, "text": "x"}, 404),
        ({"text": "x"}, 404),
    ]
    for data, status in wrong:
        await mine.send("editMessage", **data)
        assert (await mine.data("error"))["status"] == status
    for socket, status in ((theirs, 403), (others, 404)):
        await socket.send("editMessage", messageId=message.pk, text="x")
        assert (await socket.data("error"))["status"] == status
    assert not await MessageEdit.objects.aexists()


async def test_counts_as_a_message_sent(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    set_limits(sends=1)
    mine = await connect(ada)
    await mine.send("editMessage", messageId=message.pk, text="One")
    await mine.data("messageEdited")
    await mine.send("editMessage", messageId=message.pk, text="Two")
    error = await mine.data("error")
    assert 1 <= error.pop("retryAfter") <= 60
    assert error == {**REFUSAL, "status": 429}
