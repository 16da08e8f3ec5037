"""What people do not show others reaches no socket of theirs; and that changes live."""

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from messaging.services.privacy import change_privacy
from tests.factories import make_group, make_message
from tests.messaging.realtime.sockets import Connect, PersonalSocket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]

set_privacy = sync_to_async(change_privacy)
DELTA = "/ws/chat/?presence=delta"


@pytest.mark.parametrize("path", ["/ws/chat/", DELTA])
async def test_who_hides_goes_offline_for_others_and_others_for_them(
    ada: User, bob: User, eve: User, connect: Connect, path: str
) -> None:
    await sync_to_async(make_message)(ada, bob)
    hers, theirs, strangers = [await connect(each, path=path) for each in (ada, bob, eve)]
    await set_privacy(user=ada, online="contacts")

    seen: set[str] = set()

    async def online(socket: PersonalSocket, *people: User) -> None:
        nonlocal seen
        wanted = {person.pk for person in people}
        while seen != wanted:
            event, data = await socket.presence()
            if event == "getOnlineUsers":
                seen = set(data)
            else:
                seen = seen - set(data["offline"]) | set(data["online"])

    await online(hers, ada, bob)
    await set_privacy(user=ada, online="nobody")
    await online(hers, ada)
    for socket in (theirs, strangers):
        newcomer = await connect(socket.user, path=path)
        _event, people = await newcomer.frame()
        assert set(people) == {bob.pk, eve.pk}
    again = await connect(ada, path=path)
    assert await again.frame() == ("getOnlineUsers", [ada.pk])
    await set_privacy(user=ada, online="everybody")
    await online(hers, ada, bob, eve)


async def test_that_somebody_types_is_told_to_whom_they_show_it_alone(
    ada: User, bob: User, eve: User, connect: Connect
) -> None:
    await sync_to_async(make_message)(ada, bob)
    group = await sync_to_async(make_group)(ada, bob, eve)
    hers, theirs, strangers = [await connect(each) for each in (ada, bob, eve)]
    await set_privacy(user=ada, typing="contacts")
    for receiver in (group, bob.pk, eve.pk):
        await hers.send("typing", receiverId=receiver)
    for receiver in (group, bob.pk):
        assert await theirs.data("typing") == {"senderId": ada.pk, "receiverId": receiver}
    await hers.data("privacyChanged")
    await hers.lives()
    await strangers.got_nothing()
    await strangers.send("typing", receiverId=ada.pk)
    await strangers.lives()
    await hers.got_nothing()
