"""Who is silenced writes nothing over a socket that was open before, by whatever command."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site_settings
from pytest_django import Settings

from accounts.models import User
from accounts.services import moderation
from accounts.services.restraints import silences
from chatsite.asgi import trusted
from chatsite.db import now
from messaging.models import Message
from tests.factories import make_message
from tests.messaging.realtime.sockets import Connect, token_for
from tests.messaging.socketio.session import joined

SITE = "http://testserver"
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
    await sync_to_async(silences.publish_change)()
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
    await sync_to_async(silences.publish_change)()
    await socket.send("sendMessage", receiverId=ada.pk, text="Again", clientMessageId="lean")
    await other.data("messagesRead")  # who writes has read
    assert (await other.data("newMessage"))["text"] == "Again"


async def test_lean_calls_and_socket_io_say_the_same(
    ada: User, bob: User, connect: Connect, settings: Settings
) -> None:
    mine, theirs = [await sync_to_async(make_message)(*pair) for pair in ((bob, ada), (ada, bob))]
    token, other = await sync_to_async(token_for)(bob), await connect(ada)
    await sync_to_async(moderation.silence)(user=bob, until=now() + timedelta(days=1))
    await sync_to_async(silences.publish_change)()
    app: Any = trusted  # each library types ASGI its own way
    transport = httpx.ASGITransport(app=app)
    cookie = {"Cookie": f"jwt={token}"}
    calls = (
        ("POST", f"/api/messages/send/{ada.pk}", {"text": "x"}),
        ("PUT", f"/api/messages/{mine.pk}", {"text": "x"}),
        ("PUT", f"/api/messages/{theirs.pk}/reactions/👍", None),
    )
    for is_lean in (True, False):
        settings.FAST = replace(site_settings.FAST, http=is_lean)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            for method, path, body in calls:
                answer = await client.request(method, path, json=body, headers=cookie)
                assert answer.status_code == 403
                assert answer.json()["message"].startswith("Moderators have silenced you")
                assert 0 < int(answer.headers["retry-after"]) <= 86_401
    async with joined(SITE, token, transport=transport) as session:
        for command, data in (
            ("sendMessage", {"receiverId": ada.pk, "text": "x", "clientMessageId": "s"}),
            ("editMessage", {"messageId": mine.pk, "text": "x"}),
            ("react", {"messageId": theirs.pk, "emoji": "👍"}),
        ):
            assert (await session.post("42" + json.dumps([command, data]))).text == "ok"
            error = json.loads((await session.packets_until('42["error"'))[2:])[1]
            assert (error["status"], error["message"][:28]) == (403, "Moderators have silenced you")
    await other.got_nothing()
    assert await Message.objects.acount() == 2
