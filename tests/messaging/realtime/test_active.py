"""Who has a page before their eyes, as pages say."""

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.presence import active_among
from tests.messaging.realtime.sockets import Connect, PersonalSocket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]


async def active(*people: User) -> set[str]:
    return set(await sync_to_async(active_among)([person.pk for person in people]))


async def say(socket: PersonalSocket, command: str) -> None:
    """Returns once the frame was handled."""
    await socket.send(command)
    await socket.send("ping")
    await socket.until("pong")


async def test_it_is_whoever_has_one_visible_page(ada: User, bob: User, connect: Connect) -> None:
    first, second, theirs = await connect(ada), await connect(ada), await connect(bob)
    assert await active(ada, bob) == set()
    await say(first, "active")
    await say(second, "active")
    await say(second, "active")
    assert await active(ada, bob) == {ada.pk}
    assert await active(bob) == set()

    await say(second, "inactive")
    assert await active(ada) == {ada.pk}
    await first.close()
    assert await active(ada) == set()
    await say(theirs, "inactive")
    assert await active(bob) == set()
