"""Read marks and typing."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from accounts.models import User
from messaging.models import Conversation, Membership
from messaging.services.groups import remove_member
from tests.factories import make_group, make_message, make_user
from tests.messaging.realtime.sockets import Connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]


@pytest.fixture
def _three_messages(ada: User, bob: User) -> None:
    for text in ("one", "two", "three"):
        make_message(ada, bob, text)


@pytest.mark.usefixtures("_three_messages")
async def test_a_mark_reaches_every_socket_of_both(ada: User, bob: User, connect: Connect) -> None:
    mine, my_other = await connect(bob), await connect(bob)
    writers = await connect(ada)
    await mine.send("markRead", peerId=ada.pk, seq=2)
    key = (await Conversation.objects.aget()).pk
    for socket in (mine, my_other, writers):
        assert await socket.data("messagesRead") == {
            "conversationId": key,
            "readerId": bob.pk,
            "peerId": ada.pk,
            "seq": 2,
        }


@pytest.mark.usefixtures("_three_messages")
async def test_that_a_device_has_them_reaches_both_and_nobody_else(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    mine, my_other = await connect(bob), await connect(bob)
    writers, strangers = await connect(ada), await connect(eve)
    await mine.send("markDelivered", peerId=ada.pk, seq=2)
    key = (await Conversation.objects.aget()).pk
    for socket in (mine, my_other, writers):
        assert await socket.data("messagesDelivered") == {
            "conversationId": key,
            "personId": bob.pk,
            "peerId": ada.pk,
            "seq": 2,
        }
    await mine.send("markDelivered", peerId=ada.pk, seq=1)
    await mine.send("markDelivered", peerId=ada.pk, seq=-1)
    assert (await mine.data("error"))["status"] == 400
    await writers.got_nothing()
    await strangers.got_nothing()


@pytest.mark.usefixtures("_three_messages")
async def test_a_mark_ends_at_the_last_message_and_never_goes_back(
    ada: User, bob: User, connect: Connect
) -> None:
    mine, writers = await connect(bob), await connect(ada)
    await mine.send("markRead", peerId=ada.pk, seq=10**30)
    assert (await writers.data("messagesRead"))["seq"] == 3
    await mine.send("markRead", peerId=ada.pk, seq=1)
    await mine.data("messagesRead")
    await mine.lives()
    await writers.got_nothing()
    assert (await Membership.objects.aget(user=bob)).last_read_seq == 3


@pytest.mark.usefixtures("_three_messages")
async def test_a_mark_that_was_set_over_the_api_is_pushed(
    ada: User, bob: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    writers = await connect(ada)
    path = f"/api/messages/read/{ada.pk}"
    await sync_to_async(lambda: api_for(bob).put(path, {"seq": 3}))()
    assert (await writers.data("messagesRead"))["seq"] == 3


@pytest.mark.usefixtures("_three_messages")
async def test_how_a_chat_is_kept_is_told_to_one_s_own_sockets_alone(
    ada: User, bob: User, eve: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    mine, my_other = await connect(bob), await connect(bob)
    others = [await connect(ada), await connect(eve)]
    change = {"archived": True, "mute": "always"}
    path = f"/api/messages/chats/{ada.pk}"
    answer = await sync_to_async(lambda: api_for(bob).patch(path, change).json())()
    for socket in (mine, my_other):
        assert await socket.data("chatChanged") == answer
    for socket in others:
        await socket.got_nothing()


@pytest.mark.usefixtures("_three_messages")
@pytest.mark.parametrize("seq", [None, -1, 1.5, "many", True, [2], {"$gt": 0}])
async def test_a_mark_that_is_no_number_is_refused(
    seq: object, ada: User, bob: User, connect: Connect
) -> None:
    mine, writers = await connect(bob), await connect(ada)
    await mine.send("markRead", peerId=ada.pk, seq=seq)
    assert (await mine.data("error"))["status"] == 400
    await mine.lives()
    await writers.got_nothing()


async def test_a_mark_where_nothing_was_said_changes_nothing(
    ada: User, bob: User, connect: Connect
) -> None:
    mine, theirs = await connect(bob), await connect(ada)
    await mine.send("markRead", peerId=ada.pk, seq=1)
    await mine.lives()
    await theirs.got_nothing()


async def test_typing_reaches_every_socket_of_the_receiver_and_nobody_else(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    mine, my_other = await connect(ada), await connect(ada)
    receivers = [await connect(bob), await connect(bob)]
    bystander = await connect(eve)
    await mine.send("typing", receiverId=bob.pk)
    for socket in receivers:
        assert await socket.data("typing") == {"senderId": ada.pk, "receiverId": bob.pk}
    for socket in (mine, my_other, bystander):
        await socket.got_nothing()


async def test_typing_to_oneself_says_nothing(ada: User, connect: Connect) -> None:
    mine = await connect(ada)
    await mine.send("typing", receiverId=ada.pk)
    await mine.lives()
    await mine.got_nothing()


async def test_typing_in_a_group_reaches_the_other_members_and_nobody_else(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    cleo = await sync_to_async(make_user)("Cleo")
    group = await sync_to_async(make_group)(ada, bob, cleo)
    await sync_to_async(remove_member)(user=ada, group=group, person=cleo.pk)
    mine, theirs = await connect(ada), await connect(bob)
    others = [await connect(eve), await connect(cleo)]
    await mine.send("typing", receiverId=group)
    assert await theirs.data("typing") == {"senderId": ada.pk, "receiverId": group}
    await mine.got_nothing()
    for socket in others:
        await socket.got_nothing()
        await socket.send("typing", receiverId=group)
        assert (await socket.data("error"))["status"] == 404
    await theirs.got_nothing()


async def test_a_mark_in_a_group_reaches_the_members(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    group = await sync_to_async(make_group)(ada, bob)
    mine, theirs, other = await connect(ada), await connect(bob), await connect(eve)
    await theirs.send("markRead", peerId=group, seq=1)
    for socket in (mine, theirs):
        payload = {"conversationId": group, "readerId": bob.pk, "peerId": group, "seq": 1}
        assert await socket.data("messagesRead") == payload
    await other.send("markRead", peerId=group, seq=1)
    assert (await other.data("error"))["status"] == 404


@pytest.mark.parametrize("event", ["typing", "markRead"])
@pytest.mark.parametrize("peer", [None, "", "nobody", 5, ["x"], {"$ne": 1}, "g" * 24])
async def test_a_key_of_the_wrong_form_is_nobody(
    event: str, peer: Any, ada: User, connect: Connect
) -> None:
    mine = await connect(ada)
    await mine.send(event, receiverId=peer, peerId=peer, seq=1)
    assert (await mine.data("error"))["status"] == 404
    await mine.lives()


async def test_whoever_stops_typing_may_say_so(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    mine, theirs, others = await connect(ada), await connect(bob), await connect(eve)
    for command in ("stopTyping", "userStoppedTyping"):
        await mine.send(command, receiverId=bob.pk)
        payload = {"senderId": ada.pk, "receiverId": bob.pk}
        assert await theirs.event() == ("stoppedTyping", payload)
    await mine.send("userTyping", receiverId=bob.pk)
    assert await theirs.event() == ("typing", payload)
    await others.got_nothing()


@pytest.mark.usefixtures("_three_messages")
async def test_a_call_of_forks_marks_all_as_read(
    ada: User, bob: User, eve: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    writers, path = await connect(ada), f"/api/messages/read/{ada.pk}"

    def patch(user: User, body: Any = None) -> tuple[int, Any]:
        answer = api_for(user).patch(path, body)
        return answer.status_code, answer.json()

    mark = sync_to_async(patch)
    assert await mark(bob, {"seq": 2}) == (200, {"seq": 2})
    assert (await writers.data("messagesRead"))["seq"] == 2
    assert await mark(bob) == (200, {"seq": 3})
    assert (await writers.data("messagesRead"))["seq"] == 3
    assert (await mark(bob, {"seq": "x"}))[0] == 400
    assert (await mark(bob, [1]))[0] == 400
    assert await mark(bob, {"unknown": 1}) == (200, {"seq": 3})
    assert await mark(eve) == (200, {"seq": 0})
    await writers.got_nothing()
