"""Forwarding by a socket: its answer, who is told, and what is refused."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.models import Message
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message
from tests.limits import REFUSAL, SetLimits
from tests.messaging.realtime.sockets import Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]


async def test_copies_reach_their_chats_and_the_answer_has_them(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(bob, ada, "Hello")
    left = await sync_to_async(make_group)(bob, ada)
    await sync_to_async(remove_member)(user=bob, group=left, person=ada.pk)
    mine, theirs, bystander = await connect(ada), await connect(eve), await connect(bob)
    asked = {"messageIds": [message.pk], "to": [eve.pk, left], "clientMessageId": "f-1"}
    await mine.send("forwardMessages", **asked, text="Look:")
    answer = await mine.until("messagesForwarded")
    assert answer["clientMessageId"] == "f-1"
    assert [each["text"] for each in answer["sent"]] == ["Look:", "Hello"]
    assert [(each["peerId"], each["status"]) for each in answer["refused"]] == [(left, 403)]
    for copy in answer["sent"]:
        assert (await theirs.data("newMessage"))["_id"] == copy["_id"]
    await mine.send("forwardMessages", **asked, text="Look:")  # sends nothing twice
    assert await mine.until("messagesForwarded") == answer
    for socket in (mine, theirs, bystander):
        await socket.got_nothing()


async def test_what_is_wrong_is_answered_and_sends_nothing(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    gone = await sync_to_async(make_message)(ada, bob)
    await sync_to_async(delete_message)(user=ada, message_id=gone.pk)
    group = await sync_to_async(make_group)(ada, bob, eve)
    await sync_to_async(remove_member)(user=ada, group=group, person=eve.pk)
    later = (await sync_to_async(send_message)(sender=ada, peer=group, text="Hm")).record.id
    before = await Message.objects.acount()
    mine, stranger = await connect(ada), await connect(eve)
    right = {"messageIds": [message.pk], "to": [eve.pk], "clientMessageId": "f-1"}
    wrong: list[tuple[dict[str, Any], int]] = [
        ({**right, "messageIds": []}, 400),
        ({**right, "messageIds": {"$ne": None}}, 400),
        ({**right, "to": ["same", "same"]}, 400),
        ({**right, "text": 7}, 400),
        ({**right, "messageIds": [message.pk, gone.pk]}, 409),
        ({**right, "messageIds": ["0" * 24]}, 404),
        ({**right, "to": ["0" * 24]}, 404),
    ]
    for data, status in wrong:
        await mine.send("forwardMessages", **data)
        error = await mine.data("error")
        assert (error["status"], error["clientMessageId"]) == (status, "f-1")
    await mine.send("forwardMessages", **{**right, "clientMessageId": "a b"})
    error = await mine.data("error")
    assert error["status"] == 400
    assert "clientMessageId" not in error
    for key in (message.pk, later):
        await stranger.send("forwardMessages", **{**right, "messageIds": [key], "to": [bob.pk]})
        assert (await stranger.data("error"))["status"] == 404
    assert await Message.objects.acount() == before


@pytest.mark.parametrize("limit", ["writes", "sends"])
async def test_counts_as_the_call_does(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits, limit: str
) -> None:
    """Once as a change, and each copy as a message."""
    message = await sync_to_async(make_message)(bob, ada)
    set_limits(**{limit: 1})
    mine = await connect(ada)
    data = {"messageIds": [message.pk], "to": [bob.pk]}
    await mine.send("forwardMessages", **data, clientMessageId="f-1")
    await mine.until("messagesForwarded")
    await mine.send("forwardMessages", **data, clientMessageId="f-2")
    error = await mine.data("error")
    assert 1 <= error.pop("retryAfter") <= 60
    assert error == {**REFUSAL, "status": 429, "clientMessageId": "f-2"}
