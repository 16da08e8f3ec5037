"""Scheduled messages on several devices, and such as wait until somebody comes online."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.db import now
from chatsite.wire import timestamp
from messaging.models import Message
from messaging.services.privacy import change_privacy
from messaging.services.scheduled import cancel_scheduled, change_scheduled, schedule_message
from tests.jobs import run_due
from tests.messaging.later import pass_time
from tests.messaging.realtime.sockets import Connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]


@sync_to_async
def plan(sender: User, receiver: User, **fields: Any) -> str:
    fields = fields or {"send_at": now() + timedelta(minutes=10)}
    return schedule_message(user=sender, peer=receiver.pk, text="Later", **fields)[0].pk


async def test_all_devices_of_its_sender_see_it_change_and_nobody_else(
    ada: User, bob: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    phone, laptop, theirs = await connect(ada), await connect(ada), await connect(bob)
    key = await plan(ada, bob)
    at = now() + timedelta(minutes=30)
    await sync_to_async(change_scheduled)(user=ada, key=key, send_at=at)
    await sync_to_async(cancel_scheduled)(user=ada, key=key)
    for socket in (phone, laptop):
        assert (await socket.data("scheduledChanged"))["_id"] == key
        assert (await socket.data("scheduledChanged"))["sendAt"] == timestamp(at)
        assert (await socket.data("scheduledRemoved"))["scheduledId"] == key
    await theirs.got_nothing()
    key = await plan(ada, bob)
    await sync_to_async(pass_time)(minutes=10)
    for socket in (phone, laptop):
        assert (await socket.data("scheduledChanged"))["_id"] == key
        told = [await socket.event() for _ in range(2)]
        [message] = [data for event, data in told if event == "newMessage"]
        [gone] = [data for event, data in told if event == "scheduledRemoved"]
        assert (message["text"], gone["messageId"]) == ("Later", message["_id"])
    assert (await theirs.data("newMessage"))["text"] == "Later"


async def test_it_is_sent_when_they_come_and_not_when_another_does(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    await plan(ada, bob, when_online=True)
    mine = await connect(ada)
    await connect(eve)
    await mine.until("getOnlineUsers")
    await sync_to_async(run_due)()
    assert not await Message.objects.aexists()
    theirs = await connect(bob)
    # It gets its time now, and a job.
    changed = await mine.until("scheduledChanged")
    assert changed["sendAt"]
    await sync_to_async(run_due)()
    assert (await theirs.until("newMessage"))["text"] == "Later"


async def test_who_is_there_gets_it_at_once_unless_they_hide_that(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    mine = await connect(ada)
    await connect(bob)
    await connect(eve)
    hidden = await plan(ada, eve, when_online=True)
    assert (await mine.until("scheduledChanged"))["_id"] == hidden
    shown = await mine.until("scheduledChanged")
    assert (shown["_id"], bool(shown["sendAt"])) == (hidden, True)
    await sync_to_async(change_privacy)(user=bob, online="nobody")
    with pytest.raises(Exception, match="do not see"):
        await plan(ada, bob, when_online=True)
