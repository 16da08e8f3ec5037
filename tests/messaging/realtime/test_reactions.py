"""Reactions, live: by socket and by call, to every window of everybody concerned."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.models import Reaction
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from messaging.services.reactions import react
from tests.factories import make_group, make_message
from tests.limits import REFUSAL, SetLimits
from tests.messaging.realtime.sockets import Connect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]

THUMB = "👍"


async def test_a_reaction_reaches_every_socket_of_both(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    mine, my_other, theirs = await connect(bob), await connect(bob), await connect(ada)
    bystander = await connect(eve)
    await mine.send("react", messageId=message.pk, emoji=THUMB)
    for socket in (mine, my_other, theirs):
        told = await socket.data("reactionChanged")
        assert (told["messageId"], told["personId"], told["added"]) == (message.pk, bob.pk, True)
        assert told["reactions"] == [{"emoji": THUMB, "count": 1, "people": [bob.pk]}]
    await sync_to_async(react)(user=ada, message_id=message.pk, emoji=THUMB)
    for socket in (mine, my_other, theirs):
        assert (await socket.data("reactionChanged"))["reactions"][0]["count"] == 2
    for remove in (True, True):  # the second has nothing to take back
        await mine.send("react", messageId=message.pk, emoji=THUMB, remove=remove)
    for socket in (mine, my_other, theirs):
        told = await socket.data("reactionChanged")
        assert (told["added"], told["reactions"][0]["people"]) == (False, [ada.pk])
        await socket.got_nothing()
    await bystander.got_nothing()


async def test_in_a_group_it_reaches_whoever_sees_the_message(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    group = await sync_to_async(make_group)(ada, bob, eve)
    key = (await sync_to_async(send_message)(sender=ada, peer=group, text="Hi")).record.id
    await sync_to_async(remove_member)(user=ada, group=group, person=eve.pk)
    later = (await sync_to_async(send_message)(sender=ada, peer=group, text="Hm")).record.id
    mine, theirs, gone = await connect(ada), await connect(bob), await connect(eve)
    await mine.send("react", messageId=key, emoji=THUMB)
    for socket in (mine, theirs, gone):
        assert (await socket.data("reactionChanged"))["conversationId"] == group
    await mine.send("react", messageId=later, emoji=THUMB)
    for socket in (mine, theirs):
        assert (await socket.data("reactionChanged"))["messageId"] == later
    for message, status in ((key, 403), (later, 404)):
        await gone.send("react", messageId=message, emoji="❤️")
        assert (await gone.data("error"))["status"] == status
    await gone.got_nothing()


async def test_what_is_wrong_is_answered_and_changes_nothing(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    message = await sync_to_async(make_message)(ada, bob)
    mine, others = await connect(bob), await connect(eve)
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"messageId": message.pk}, 400),
        ({"messageId": message.pk, "emoji": "x"}, 400),
        ({"messageId": message.pk, "emoji": 7}, 400),
        ({"messageId": message.pk, "emoji": THUMB, "remove": "perhaps"}, 400),
        ({"messageId": {"$ne": None}, "emoji": THUMB}, 400),
        ({"messageId": "x", "emoji": THUMB}, 404),
        ({"messageId": "0" * 24, "emoji": THUMB}, 404),
        ({"emoji": THUMB}, 404),
    ]
    for data, status in wrong:
        await mine.send("react", **data)
        assert (await mine.data("error"))["status"] == status
    await others.send("react", messageId=message.pk, emoji=THUMB)
    assert (await others.data("error"))["status"] == 404
    assert not await Reaction.objects.aexists()


async def test_is_limited_as_other_changes_are(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    set_limits(writes=1)
    message = await sync_to_async(make_message)(ada, bob)
    mine, theirs = await connect(bob), await connect(ada)
    await mine.send("react", messageId=message.pk, emoji=THUMB)
    for socket in (mine, theirs):
        await socket.data("reactionChanged")
    await mine.send("react", messageId=message.pk, emoji=THUMB, remove=True)
    error = await mine.data("error")
    assert 1 <= error.pop("retryAfter") <= 60
    assert error == {**REFUSAL, "status": 429}
    await theirs.send("react", messageId=message.pk, emoji=THUMB)
    assert (await theirs.data("reactionChanged"))["reactions"][0]["count"] == 2
