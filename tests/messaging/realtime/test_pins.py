"""Pinning by a socket: who is told, and what is refused."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.models import Message, Posting
from messaging.services.groups import change_group, remove_member
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message
from tests.limits import REFUSAL, SetLimits
from tests.messaging.realtime.sockets import Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]


async def test_a_pin_reaches_every_socket_of_both(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    mine, my_other, theirs = await connect(bob), await connect(bob), await connect(ada)
    bystander = await connect(eve)
    for command, event in (("pinMessage", "messagePinned"), ("unpinMessage", "messageUnpinned")):
        for _again in range(2):  # the second changes nothing
            await mine.send(command, messageId=message.pk)
        for socket in (mine, my_other, theirs):
            told = await socket.data(event)
            assert (told["messageId"], told["personId"]) == (message.pk, bob.pk)
            assert bool(told["pinnedAt"]) == (event == "messagePinned")
    for socket in (mine, my_other, theirs):
        await socket.got_nothing()
    await bystander.got_nothing()


async def test_what_is_wrong_is_answered_and_changes_nothing(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    gone = await sync_to_async(make_message)(ada, bob)
    await sync_to_async(delete_message)(user=ada, message_id=gone.pk)
    group = await sync_to_async(make_group)(ada, bob, eve)
    ruled = (await sync_to_async(send_message)(sender=ada, peer=group, text="Hi")).record.id
    await sync_to_async(remove_member)(user=ada, group=group, person=eve.pk)
    later = (await sync_to_async(send_message)(sender=ada, peer=group, text="Hm")).record.id
    await sync_to_async(change_group)(user=ada, group=group, posting=Posting.ADMINS)
    mine, gone_away = await connect(bob), await connect(eve)
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"messageId": ruled}, 403),
        ({"messageId": gone.pk}, 409),
        ({"messageId": {"$ne": None}}, 404),
        ({"messageId": "0" * 24}, 404),
        ({}, 404),
    ]
    for command in ("pinMessage", "unpinMessage"):
        for data, status in wrong:
            await mine.send(command, **data)
            assert (await mine.data("error"))["status"] == status
        for key, status in ((message.pk, 404), (ruled, 403), (later, 404)):
            await gone_away.send(command, messageId=key)
            assert (await gone_away.data("error"))["status"] == status
    assert not await Message.objects.filter(pinned_at__isnull=False).aexists()


async def test_is_limited_as_other_changes_are(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    set_limits(writes=1)
    message = await sync_to_async(make_message)(ada, bob)
    mine = await connect(bob)
    await mine.send("pinMessage", messageId=message.pk)
    await mine.data("messagePinned")
    await mine.send("unpinMessage", messageId=message.pk)
    error = await mine.data("error")
    assert 1 <= error.pop("retryAfter") <= 60
    assert error == {**REFUSAL, "status": 429}
