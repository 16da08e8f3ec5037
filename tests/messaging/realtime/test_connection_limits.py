"""How many sockets a person may have, and how often they may signal by all of them together."""

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.realtime import connection_limits
from tests.limits import SetLimits
from tests.messaging.realtime.sockets import Connect, PersonalSocket, token_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _two(set_limits: SetLimits) -> None:
    set_limits(sockets_per_person=2)


async def is_refused(user: User) -> bool:
    socket = PersonalSocket(user, await sync_to_async(token_for)(user))
    accepted = await socket.open()
    await socket.close()
    return not accepted


async def test_one_too_many_is_refused_and_the_others_live(
    ada: User, bob: User, connect: Connect
) -> None:
    sockets = [await connect(ada), await connect(ada)]
    assert await is_refused(ada)
    assert await is_refused(ada)
    for socket in sockets:
        await socket.lives()
    theirs = await connect(bob)
    await theirs.lives()


async def test_who_leaves_makes_room(ada: User, connect: Connect) -> None:
    first, _second = await connect(ada), await connect(ada)
    await first.close()
    third = await connect(ada)
    await third.lives()


async def test_what_came_to_nothing_takes_no_place(ada: User, connect: Connect) -> None:
    for _ in range(3):
        token = await sync_to_async(token_for)(ada)
        socket = PersonalSocket(ada, token, origin="https://evil.example")
        assert not await socket.open()
        await socket.close()
    for socket in [await connect(ada), await connect(ada)]:
        await socket.close()
    assert not connection_limits._people


async def test_signals_of_all_sockets_of_a_person_count_together(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    first, second = await connect(ada), await connect(ada)
    hers, theirs = await connect(eve), await connect(bob)
    signals = connection_limits._people[ada.pk].signals
    # One now, and the next long after this test.
    signals._rate, signals._tokens = 0.001, 1.0
    await first.send("typing", receiverId=bob.pk)
    await theirs.data("typing")

    await second.send("typing", receiverId=bob.pk)
    assert (await second.data("error"))["status"] == 429
    await first.send("markRead", peerId=bob.pk, seq=1)
    assert (await first.data("error"))["retryAfter"] > 0
    await theirs.got_nothing()
    for socket in (first, second, hers):
        await socket.lives()
