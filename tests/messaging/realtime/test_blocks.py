"""Who is blocked sees the blocker go, as anybody who leaves, and reaches no socket of theirs."""

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.services import blocks
from tests.factories import make_message
from tests.messaging.realtime.sockets import Connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]
block, unblock = sync_to_async(blocks.block), sync_to_async(blocks.unblock)


async def test_presence_and_what_is_typed(ada: User, bob: User, connect: Connect) -> None:
    await sync_to_async(make_message)(ada, bob)
    hers, his = [await connect(each, path="/ws/chat/?presence=delta") for each in (ada, bob)]
    for socket, other in ((hers, bob), (his, ada)):
        while other.pk not in str(await socket.presence()):
            """Until both know of each other."""
    await block(user=ada, person=bob.pk)
    # Exactly what he is told of somebody who goes.
    assert await his.presence() == ("presenceChanged", {"online": [], "offline": [ada.pk]})
    assert await hers.data("chatChanged") == {"blocked": True, "peerId": bob.pk}
    assert await hers.presence() == ("presenceChanged", {"online": [], "offline": [bob.pk]})
    for mine, theirs, peer in ((hers, his, bob), (his, hers, ada)):
        await mine.send("typing", receiverId=peer.pk)
        await mine.lives()
        await theirs.lives()
        await theirs.got_nothing()
    await his.send("sendMessage", receiverId=ada.pk, text="Hello", clientMessageId="one")
    sent = await his.until("messageSent")
    assert sent["message"]["text"] == "Hello"
    await hers.send("markRead", peerId=bob.pk, seq=9)
    await hers.send("sendMessage", receiverId=bob.pk, text="No", clientMessageId="two")
    refused = await hers.data("error")
    assert refused["status"] == 403
    assert refused["message"].startswith("You have blocked")
    for socket in (hers, his):
        await socket.lives()
        await socket.got_nothing()
    await unblock(user=ada, person=bob.pk)
    assert await his.presence() == ("presenceChanged", {"online": [ada.pk], "offline": []})
