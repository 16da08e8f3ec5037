"""Messages, live: who gets what, and who does not."""

import base64
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.keys import new_key
from messaging.models import Message, saved_key
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, restore
from tests.factories import make_group, make_message, make_user
from tests.messaging.realtime.sockets import Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]

Post = Callable[..., Awaitable[Any]]


async def test_what_the_api_sends_reaches_every_socket_of_both(
    ada: User, bob: User, connect: Connect, post: Post
) -> None:
    sockets = [await connect(bob), await connect(bob), await connect(ada), await connect(ada)]
    response = await post(ada, bob, text="Hello")
    assert response.status_code == 201
    for socket in sockets:
        assert await socket.data("newMessage") == response.json()


async def test_what_a_socket_sends_reaches_all_but_itself(
    ada: User, bob: User, connect: Connect
) -> None:
    mine, my_other, theirs = await connect(ada), await connect(ada), await connect(bob)
    await mine.send("sendMessage", receiverId=bob.pk, text="Hello", clientMessageId="one")
    answer = await mine.data("messageSent")
    assert answer["clientMessageId"] == "one"
    assert await my_other.data("newMessage") == answer["message"]
    assert await theirs.data("newMessage") == answer["message"]
    await mine.got_nothing()


async def test_a_third_person_gets_nothing(
    ada: User, bob: User, eve: User, connect: Connect, post: Post
) -> None:
    bystander, mine, theirs = await connect(eve), await connect(ada), await connect(bob)
    message = (await post(ada, bob, text="Secret")).json()
    await mine.send("sendMessage", receiverId=bob.pk, text="Secret", clientMessageId="one")
    await mine.send("typing", receiverId=bob.pk)
    await theirs.send("markRead", peerId=ada.pk, seq=1)
    await mine.until("messagesRead")
    await sync_to_async(delete_message)(user=ada, message_id=message["_id"])
    await theirs.until("messageDeleted")
    await bystander.got_nothing()


async def test_a_message_in_a_group_goes_to_its_members(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    cleo = await sync_to_async(make_user)("Cleo")
    group = await sync_to_async(make_group)(ada, bob, cleo)
    await sync_to_async(remove_member)(user=ada, group=group, person=cleo.pk)
    mine, my_other, theirs = await connect(ada), await connect(ada), await connect(bob)
    others = [await connect(eve), await connect(cleo)]
    await mine.send("sendMessage", receiverId=group, text="Hello", clientMessageId="one")
    message = (await mine.data("messageSent"))["message"]
    assert (message["senderId"], message["receiverId"]) == (ada.pk, group)
    for socket in (my_other, theirs):
        assert await socket.data("newMessage") == message
    await mine.send("deleteMessage", messageId=message["_id"])
    for socket in (mine, my_other, theirs):
        assert (await socket.data("messageDeleted"))["receiverId"] == group
    for socket, status in zip(others, (404, 403), strict=True):
        await socket.got_nothing()
        await socket.send("sendMessage", receiverId=group, text="Hello", clientMessageId="x")
        assert (await socket.data("error"))["status"] == status
    await theirs.got_nothing()


async def test_whom_a_socket_mentions_is_told_to_the_members(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    group = await sync_to_async(make_group)(ada, bob)
    mine, theirs, bystander = await connect(ada), await connect(bob), await connect(eve)
    said = {"receiverId": group, "text": "@Bob, @Eve", "clientMessageId": "one"}
    await mine.send("sendMessage", **said, mentions=[bob.pk, eve.pk])
    message = (await mine.data("messageSent"))["message"]
    assert message["mentions"] == [bob.pk]
    assert await theirs.data("newMessage") == message
    await mine.send("editMessage", messageId=message["_id"], text="Nobody", mentions=[])
    assert "mentions" not in await theirs.data("messageEdited")
    await bystander.got_nothing()


async def test_an_answer_names_its_message(ada: User, bob: User, connect: Connect) -> None:
    first = await sync_to_async(make_message)(ada, bob)
    mine, theirs = await connect(bob), await connect(ada)
    send = {"receiverId": ada.pk, "text": "Yes", "clientMessageId": "one"}
    await mine.send("sendMessage", **send, replyTo=first.pk)
    assert (await mine.until("messageSent"))["message"]["replyTo"] == first.pk
    assert (await theirs.until("newMessage"))["replyTo"] == first.pk
    for key in ("0" * 24, "nonsense", 5):
        await mine.send("sendMessage", **{**send, "clientMessageId": "two"}, replyTo=key)
        assert (await mine.data("error"))["status"] == 400


async def test_the_payload_is_exactly_the_message(ada: User, bob: User, connect: Connect) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    await mine.send("sendMessage", receiverId=bob.pk, text="Hi <b> 👋\n", clientMessageId="one")
    received = await theirs.data("newMessage")
    stored = await Message.objects.aget()
    moment = stored.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert received == {
        "_id": stored.pk,
        "senderId": ada.pk,
        "receiverId": bob.pk,
        "text": "Hi <b> 👋\n",
        "image": None,
        "deleted": False,
        "createdAt": moment,
        "updatedAt": moment,
        "seq": 1,
        "clientMessageId": "one",
        "imageWidth": None,
        "imageHeight": None,
        "thumbnail": None,
        "conversationId": stored.conversation_id,
    }


async def test_a_picture_is_pushed_as_its_address(ada: User, bob: User, connect: Connect) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    await mine.send("sendMessage", receiverId=bob.pk, image=picture(), clientMessageId="one")
    received = await theirs.data("newMessage")
    assert received["image"].startswith(f"/media/messages/{received['_id']}/")
    assert received["thumbnail"].startswith(f"/media/messages/{received['_id']}/")
    assert (received["imageWidth"], received["imageHeight"]) == (30, 20)
    assert received["text"] is None


async def test_messages_come_in_the_order_in_which_they_were_stored(
    ada: User, bob: User, connect: Connect
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    for number in range(30):
        await mine.send("sendMessage", receiverId=bob.pk, text="x", clientMessageId=str(number))
    assert [(await theirs.data("newMessage"))["seq"] for _ in range(30)] == list(range(1, 31))
    answers = [await mine.data("messageSent") for _ in range(30)]
    assert [answer["clientMessageId"] for answer in answers] == [str(n) for n in range(30)]


async def test_a_message_that_is_sent_again_is_acknowledged_and_not_pushed_again(
    ada: User, bob: User, connect: Connect, post: Post
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    await mine.send("sendMessage", receiverId=bob.pk, text="Hello", clientMessageId="one")
    first = await mine.data("messageSent")
    await theirs.data("newMessage")
    await mine.send("sendMessage", receiverId=bob.pk, text="Hello", clientMessageId="one")
    assert await mine.data("messageSent") == first
    response = await post(ada, bob, text="Hello", clientMessageId="one")
    assert (response.status_code, response.json()) == (200, first["message"])
    await theirs.got_nothing()
    await mine.got_nothing()
    assert await Message.objects.acount() == 1


async def test_two_sockets_that_send_the_same_message_at_once_send_it_once(
    ada: User, bob: User, connect: Connect
) -> None:
    one, other, theirs = await connect(ada), await connect(ada), await connect(bob)
    for socket in (one, other):
        await socket.send("sendMessage", receiverId=bob.pk, text="Hello", clientMessageId="one")
    events = [await one.event(), await other.event()]
    assert sorted(name for name, _ in events) in (
        ["messageSent", "messageSent"],
        ["messageSent", "newMessage"],  # its sibling was told before its own answer
    )
    await theirs.data("newMessage")
    await theirs.got_nothing()
    assert await Message.objects.acount() == 1


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        ({"text": ""}, 400, "Text or image is required."),
        ({"text": " \n\t"}, 400, "Text or image is required."),
        ({"text": "x" * 10_001}, 400, "The text is too long: at most 10,000 characters."),
        ({"text": "a\x00b"}, 400, "Null characters are not allowed."),
        ({"text": 5}, 400, "Not a valid string."),
        ({"text": {"$ne": ""}}, 400, "Not a valid string."),
        ({"image": "data:image/png;base64,AAAA"}, 400, None),
        ({"image": ["x"]}, 400, None),
        ({"text": "x", "receiverId": "0" * 24}, 404, "Receiver not found."),
        ({"text": "x", "receiverId": "nobody"}, 404, "Receiver not found."),
        ({"text": "x", "receiverId": {"$gt": ""}}, 404, "Receiver not found."),
        ({"text": "x", "receiverId": None}, 404, "Receiver not found."),
    ],
)
async def test_what_cannot_be_sent_is_answered_with_its_error(
    data: dict[str, Any], status: int, message: str | None, ada: User, bob: User, connect: Connect
) -> None:
    mine, theirs = await connect(ada), await connect(bob)
    await mine.send("sendMessage", **{"receiverId": bob.pk, "clientMessageId": "one", **data})
    error = await mine.data("error")
    assert (error["status"], error["clientMessageId"]) == (status, "one")
    assert error["message"] == message if message else error["message"]
    await mine.lives()
    await theirs.got_nothing()
    assert not await Message.objects.aexists()


async def test_one_does_not_write_to_oneself(ada: User, connect: Connect) -> None:
    mine = await connect(ada)
    await mine.send("sendMessage", receiverId=ada.pk, text="x", clientMessageId="one")
    error = await mine.data("error")
    assert (error["status"], error["message"]) == (400, "Cannot send messages to yourself.")


@pytest.mark.parametrize("client_id", [None, "", "a b", "x" * 65, 7, ["one"], "\ud800", "é"])
async def test_a_client_message_id_that_is_none_is_refused_and_not_repeated(
    client_id: object, ada: User, bob: User, connect: Connect
) -> None:
    mine = await connect(ada)
    await mine.send("sendMessage", receiverId=bob.pk, text="x", clientMessageId=client_id)
    error = await mine.data("error")
    assert error["status"] == 400
    assert "clientMessageId" not in error
    await mine.lives()
    assert not await Message.objects.aexists()


async def test_a_client_message_id_is_for_one_receiver(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    mine, hers = await connect(ada), await connect(eve)
    await mine.send("sendMessage", receiverId=bob.pk, text="x", clientMessageId="one")
    await mine.data("messageSent")
    await mine.send("sendMessage", receiverId=eve.pk, text="x", clientMessageId="one")
    error = await mine.data("error")
    assert (error["status"], error["clientMessageId"]) == (409, "one")
    await hers.got_nothing()


async def test_a_deleted_message_leaves_every_socket_of_both(
    ada: User, bob: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    sent = await sync_to_async(make_message)(ada, bob)
    sockets = [await connect(ada), await connect(ada), await connect(bob), await connect(bob)]
    api = api_for  # signing in writes to the database
    path = f"/api/messages/{sent.pk}"
    for _again in range(2):
        response = await sync_to_async(lambda: api(ada).delete(path))()
        assert response.status_code == 200
    for socket in sockets:
        assert await socket.data("messageDeleted") == {
            "messageId": sent.pk,
            "deleted": True,
            "conversationId": sent.conversation_id,
            "senderId": ada.pk,
            "receiverId": bob.pk,
            "seq": 1,
        }
        await socket.got_nothing()  # of the second time


async def test_what_is_not_deleted_is_not_pushed(
    ada: User, bob: User, connect: Connect, api_for: Callable[[User], APIClient]
) -> None:
    sent = await sync_to_async(make_message)(ada, bob)
    sockets = [await connect(ada), await connect(bob)]
    for key, status in ((sent.pk, 403), (new_key(), 404)):
        path = f"/api/messages/{key}"
        response = await sync_to_async(lambda path=path: api_for(bob).delete(path))()
        assert response.status_code == status
    for socket in sockets:
        await socket.got_nothing()


async def test_a_restored_message_comes_back_to_both(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    sent = await sync_to_async(make_message)(ada, bob, "Back again")
    await sync_to_async(delete_message)(user=ada, message_id=sent.pk)
    sockets = [await connect(ada), await connect(bob)]
    bystander = await connect(eve)
    assert await sync_to_async(lambda: restore(message=reread(sent)))()
    for socket in sockets:
        message = await socket.data("messageRestored")
        assert (message["_id"], message["text"]) == (sent.pk, "Back again")
        assert message["deleted"] is False
    await bystander.got_nothing()


def reread(message: Message) -> Message:
    return Message.objects.select_related("conversation").get(pk=message.pk)


def picture() -> str:
    file = BytesIO()
    Image.new("RGB", (30, 20), "teal").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


async def test_a_message_is_taken_back_by_a_command(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob, "Hi")
    mine, theirs, others = await connect(ada), await connect(bob), await connect(eve)
    for socket, key, status in ((theirs, message.pk, 403), (others, message.pk, 404)):
        await socket.send("deleteMessage", messageId=key)
        assert (await socket.data("error"))["status"] == status
    wrong: list[Any] = ["x", None, {"$ne": None}, "0" * 24]
    for other in wrong:
        await mine.send("deleteMessage", messageId=other)
        assert (await mine.data("error"))["status"] == 404
    await mine.send("deleteMessage", messageId=message.pk)
    for socket in (mine, theirs):
        assert (await socket.data("messageDeleted"))["messageId"] == message.pk
    await others.got_nothing()


async def test_saved_messages_reach_every_socket_of_their_own_and_no_other(
    ada: User, eve: User, connect: Connect
) -> None:
    mine, my_other, strangers = await connect(ada), await connect(ada), await connect(eve)
    peer = saved_key(ada.pk)
    await mine.send("typing", receiverId=peer)
    await mine.send("markRead", peerId=peer, seq=1)
    await mine.send("sendMessage", receiverId=peer, text="Keep", clientMessageId="one")
    answer = await mine.data("messageSent")
    assert await my_other.data("newMessage") == answer["message"]
    message = answer["message"]["_id"]
    await strangers.send("typing", receiverId=peer)
    await strangers.send("markRead", peerId=peer, seq=1)
    await strangers.send("sendMessage", receiverId=peer, text="Hi", clientMessageId="two")
    await strangers.send("editMessage", messageId=message, text="X")
    await strangers.send("deleteMessage", messageId=message)
    for _refusal in range(5):
        assert (await strangers.data("error"))["status"] == 404
    await mine.send("typing", receiverId=peer)
    for socket in (mine, my_other, strangers):
        await socket.got_nothing()
    assert (await Message.objects.aget()).text == "Keep"
