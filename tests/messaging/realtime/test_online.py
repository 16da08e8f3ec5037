"""Who is told who is online, and when."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.last_seen import last_online_queue
from chatsite.db import now
from chatsite.wire import timestamp
from messaging import events, presence
from messaging.presence import RedisLeases, online_users
from messaging.realtime.presence.broadcaster import Broadcaster, broadcaster
from tests.factories import make_message, make_user
from tests.messaging.realtime.sockets import PATIENCE, Connect, PersonalSocket, token_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]

DELTA = "/ws/chat/?presence=delta"


def ids(*users: User) -> list[str]:
    return sorted(user.pk for user in users)


async def test_the_first_frame_says_who_is_online_oneself_included(
    ada: User, bob: User, connect: Connect
) -> None:
    mine = await connect(ada)
    assert await mine.frame() == ("getOnlineUsers", ids(ada))
    theirs = await connect(bob)
    assert await theirs.frame() == ("getOnlineUsers", ids(ada, bob))


async def test_everyone_is_told_when_somebody_comes_and_goes(
    ada: User, bob: User, connect: Connect
) -> None:
    mine = await connect(ada)
    assert await mine.presence() == ("getOnlineUsers", ids(ada))
    theirs = await connect(bob)
    assert await mine.presence() == ("getOnlineUsers", ids(ada, bob))
    await theirs.close()
    assert await mine.presence() == ("getOnlineUsers", ids(ada))


async def test_who_asks_for_changes_gets_them_in_place_of_lists(
    ada: User, bob: User, connect: Connect
) -> None:
    mine = await connect(ada, path=DELTA)
    assert await mine.presence() == ("getOnlineUsers", ids(ada))
    theirs = await connect(bob)
    assert await mine.presence() == ("presenceChanged", {"online": ids(bob), "offline": []})
    await theirs.close()
    assert await mine.presence() == ("presenceChanged", {"online": [], "offline": ids(bob)})


async def test_several_sockets_of_one_person_count_once(
    ada: User, bob: User, connect: Connect
) -> None:
    mine = await connect(ada, path=DELTA)
    phone = await connect(bob)
    await mine.until("presenceChanged")
    laptop = await connect(bob)
    await phone.close()
    await laptop.lives()
    assert await sync_to_async(online_users)() == set(ids(ada, bob))
    await laptop.close()
    assert await mine.frame() == ("presenceChanged", {"online": [], "offline": ids(bob)})


async def test_a_burst_is_told_in_few_frames(ada: User, connect: Connect) -> None:
    watching = await connect(ada)
    people = [await sync_to_async(make_user)(f"Person {n}") for n in range(20)]
    await asyncio.gather(*(connect(person) for person in people))
    lists = [await watching.until("getOnlineUsers")]
    while lists[-1] != ids(ada, *people):
        lists.append(await watching.until("getOnlineUsers"))
    assert len(lists) < len(people)


async def test_one_change_is_followed_by_a_pause(
    ada: User, bob: User, eve: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    class Watch:
        """asyncio, but for the sleep of the broadcaster, which is noted and cut short."""

        def __getattr__(self, name: str) -> Any:
            return getattr(asyncio, name)

        async def sleep(self, seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(0)

    monkeypatch.setattr("messaging.realtime.presence.broadcaster.asyncio", Watch())
    mine = await connect(ada)
    await connect(bob)
    await mine.sees_online(ada, bob)
    await connect(eve)
    await mine.sees_online(ada, bob, eve)
    assert len(pauses) >= 2
    assert set(pauses) == {0.25}


async def test_a_newcomer_hears_of_what_changes_while_they_come(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    """Comes between somebody's leaving and the others being told of it."""
    await connect(ada)
    leaving = await connect(bob)
    await leaving.close()
    newcomer = await connect(eve, path=DELTA)
    _event, people = await newcomer.frame()
    online = set(people)
    while online != {ada.pk, eve.pk}:
        change = await newcomer.until("presenceChanged")
        online = online - set(change["offline"]) | set(change["online"])
    back = await connect(bob)
    assert (await newcomer.until("presenceChanged"))["online"] == [bob.pk]
    await back.lives()


async def test_who_comes_while_others_are_counted_stays_online(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted before they came is told only after it."""
    counted = asyncio.Event()
    comes = asyncio.Event()

    async def everybody() -> frozenset[str]:
        online = online_users()
        counted.set()
        await comes.wait()
        return online

    comes.set()
    monkeypatch.setattr("messaging.realtime.presence.broadcaster._everybody", everybody)
    mine = await connect(ada, path=DELTA)
    await mine.presence()
    comes.clear()
    counted.clear()
    broadcaster()._changed.set()
    await counted.wait()
    theirs = await connect(bob, path=DELTA)
    comes.set()
    assert await theirs.frame() == ("getOnlineUsers", ids(ada, bob))
    assert await mine.until("presenceChanged") == {"online": ids(bob), "offline": []}
    await theirs.send("ping")
    assert await theirs.frame() == ("pong", {})


async def test_lists_and_changes_tell_the_same_story(connect: Connect, ada: User) -> None:
    lists, changes = await connect(ada), await connect(ada, path=DELTA)
    people = [await sync_to_async(make_user)(f"Person {n}") for n in range(6)]
    for person in people[:3]:
        await connect(person)
    for person in people:
        socket = await connect(person, path=DELTA)
        if person in people[3:]:
            await socket.close()
    wanted = set(ids(ada, *people[:3]))
    online: set[str] = set()
    while online != wanted:
        event, data = await changes.presence()
        is_list = event == "getOnlineUsers"
        online = set(data) if is_list else online - set(data["offline"]) | set(data["online"])
    await lists.sees_online(ada, *people[:3])


async def test_the_api_knows_who_is_online(
    ada: User, bob: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    await sync_to_async(make_message)(ada, bob)

    def bob_is_online() -> Any:
        return api_for(ada).get("/api/messages/chats").json()[0]["online"]

    assert await sync_to_async(bob_is_online)() is False
    socket = await connect(bob)
    await socket.lives()  # let in, and then counted
    assert await sync_to_async(bob_is_online)() is True
    await socket.close()
    assert await sync_to_async(bob_is_online)() is False


async def test_when_somebody_was_last_online_is_noted_as_their_last_socket_closes(
    ada: User, bob: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    await sync_to_async(make_message)(ada, bob)

    def bob_was_seen() -> Any:
        assert last_online_queue.wait(PATIENCE)
        [chat] = api_for(ada).get("/api/messages/chats").json()
        return chat.get("lastSeenAt")

    phone, laptop = await connect(bob), await connect(bob)
    await phone.close()
    assert await sync_to_async(bob_was_seen)() is None
    began = timestamp(now())
    await laptop.close()
    assert began <= await sync_to_async(bob_was_seen)() <= timestamp(now())


async def test_who_stays_online_is_noted_now_and_then(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that little is lost when a worker dies."""
    noted: list[list[str]] = []

    def note(people: Iterable[str]) -> None:
        noted.append(sorted(people))

    monkeypatch.setattr("messaging.realtime.presence.broadcaster.queue_online", note)
    await connect(ada)
    await connect(bob)
    await broadcaster()._sweep()
    assert noted == []
    broadcaster()._swept = broadcaster()._noted = -1000
    await broadcaster()._sweep()
    await broadcaster()._sweep()
    assert noted == [ids(ada, bob)]


async def test_a_socket_that_breaks_off_in_the_handshake_is_not_counted(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = await connect(ada)

    async def fail(self: Broadcaster, socket: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Broadcaster, "join", fail)
    broken = PersonalSocket(bob, await sync_to_async(token_for)(bob))
    assert await broken.open()
    with pytest.raises(RuntimeError, match="broken"):
        await broken.close()
    await watching.lives()
    assert await sync_to_async(online_users)() == {ada.pk}
    await watching.got_nothing()


@pytest.mark.parametrize("layer", ["redis"], indirect=True)
class TestOtherWorkers:
    """Those on other workers, which meet in Redis."""

    @pytest.fixture
    def other(self, layer: str, settings: Settings) -> RedisLeases:
        return RedisLeases(settings.REDIS_URL)

    async def test_their_people_are_online_here(
        self, other: RedisLeases, ada: User, bob: User, connect: Connect
    ) -> None:
        other.hold([bob.pk])
        await sync_to_async(other.renew)()
        mine = await connect(ada)
        assert await mine.frame() == ("getOnlineUsers", ids(ada, bob))

    async def test_their_comings_and_goings_are_told_here(
        self, other: RedisLeases, ada: User, bob: User, connect: Connect
    ) -> None:
        mine = await connect(ada)
        await mine.presence()
        other.hold([bob.pk])
        await sync_to_async(other.renew)()
        await mine.sees_online(ada, bob)
        other.hold([])
        await sync_to_async(other.renew)()
        await mine.sees_online(ada)

    async def test_they_are_told_who_is_here(
        self, other: RedisLeases, ada: User, connect: Connect
    ) -> None:
        mine = await connect(ada)
        await _until(lambda: other.online() == {ada.pk})
        await mine.close()
        await _until(lambda: other.online() == set())

    async def test_one_that_dies_takes_its_people_offline(
        self,
        other: RedisLeases,
        ada: User,
        bob: User,
        connect: Connect,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("messaging.realtime.presence.broadcaster.RENEW_SECONDS", 0.2)
        monkeypatch.setattr(presence, "LEASE_SECONDS", 1)
        other.hold([bob.pk])
        await sync_to_async(other.renew)()
        mine = await connect(ada)
        await mine.sees_online(ada, bob)
        await mine.sees_online(ada)  # its lease was not renewed, ours was
        assert other.online() == {ada.pk, bob.pk}

    async def test_a_busy_neighbour_does_not_keep_a_lease_from_being_renewed(
        self, other: RedisLeases, ada: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Woken all the time by others, a worker still has to look after its own lease."""
        monkeypatch.setattr("messaging.realtime.presence.broadcaster.RENEW_SECONDS", 600)
        await connect(ada)
        await _until(lambda: other.online() == {ada.pk})
        await sync_to_async(other._redis.flushdb)()
        other.hold(["b" * 24])
        await sync_to_async(other.renew)()  # wakes the worker long before its own time is due
        await _until(lambda: ada.pk in other.online())


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await sync_to_async(holds)():  # noqa: ASYNC110  another process knows
            await asyncio.sleep(0.02)


async def test_frames_of_presence_are_encoded_once(
    ada: User, bob: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = [await connect(ada) for _ in range(10)]
    for socket in sockets:
        await socket.presence()
    encoded: list[str] = []
    encode = events.frame

    def counting(event: str, data: object) -> str:
        encoded.append(event)
        return encode(event, data)

    monkeypatch.setattr(events, "frame", counting)
    await connect(bob)
    for socket in sockets:
        await socket.sees_online(ada, bob)
    assert encoded.count("getOnlineUsers") <= 4  # one for the newcomer, one for each round
