"""Who is silenced writes nothing over a socket that was open before, by whatever command."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from accounts.services import moderation
from accounts.services.restraints import silences
from chatsite.db import now
from messaging.models import Message
from tests.factories import make_message
from tests.messaging.realtime.sockets import Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]


async def test_nothing_is_written_and_it_says_for_how_long(
    ada: User, bob: User, connect: Connect
) -> None:
    mine, theirs = [await sync_to_async(make_message)(*pair) for pair in ((bob, ada), (ada, bob))]
    socket, other = await connect(bob), await connect(ada)
    await sync_to_async(moderation.silence)(user=bob, until=now() + timedelta(days=1))
    await sync_to_async(silences.tell_changed)()
    for command, data in (
        ("sendMessage", {"receiverId": ada.pk, "text": "x", "clientMessageId": "lean"}),
        (
            "sendMessage",
            {"receiverId": ada.pk, "text": "x", "clientMessageId": "r", "replyTo": mine.pk},
        ),
        ("editMessage", {"messageId": mine.pk, "text": "x"}),
        ("react", {"messageId": theirs.pk, "emoji": "👍"}),
    ):
        await socket.send(command, **data)
        error = await socket.data("error")
        assert (error["status"], error["message"][:28]) == (403, "Moderators have silenced you")
        assert 0 < error["retryAfter"] <= 86_401
    await other.got_nothing()
    assert await Message.objects.acount() == 2
    await sync_to_async(moderation.silence)(user=bob, until=None)
    await sync_to_async(silences.tell_changed)()
    await socket.send("sendMessage", receiverId=ada.pk, text="Again", clientMessageId="lean")
    await other.data("messagesRead")  # who writes has read
    assert (await other.data("newMessage"))["text"] == "Again"
