"""Sockets are refused in the words of who reads them, and follow what is chosen meanwhile."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils.translation import gettext, override

from accounts.models import User
from accounts.services.accounts import set_language
from messaging.models import Message
from tests.factories import make_message, make_user
from tests.limits import SetLimits, decide
from tests.messaging.realtime.sockets import Connect, PersonalSocket

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]
NOBODY = "0" * 24


def in_words(language: str, english: str) -> str:
    with override(language):
        return gettext(english)


def accepting(languages: str) -> Any:
    return {"accept-language": languages}


async def refusal(socket: PersonalSocket, event: str, **data: Any) -> str:
    await socket.send(event, **data)
    return str((await socket.data("error"))["message"])


async def test_each_is_refused_in_the_language_of_the_browser(
    ada: User, bob: User, connect: Connect
) -> None:
    theirs = await sync_to_async(make_message)(bob, ada)
    english = await connect(ada)
    german = await connect(ada, **accepting("de-CH,de;q=0.9,en;q=0.5"))
    klingon = await connect(ada, **accepting("tlh"))
    message = {"text": "Hi", "clientMessageId": "a-message-id-0001"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("nonsense", {}),
        ("typing", {"receiverId": "x"}),
        ("sendMessage", {**message, "receiverId": ada.pk}),
        ("sendMessage", {**message, "receiverId": NOBODY}),  # by the thread that writes for many
        ("sendMessage", {"text": "Hi", "receiverId": bob.pk}),
        ("editMessage", {"messageId": theirs.pk, "text": "No"}),
        ("react", {"messageId": NOBODY, "emoji": "👍"}),
        ("markRead", {"peerId": NOBODY, "seq": 1}),
        ("deleteMessage", {"messageId": theirs.pk}),
    ]
    for event, data in asked:
        words = await refusal(english, event, **data)
        assert await refusal(klingon, event, **data) == words
        assert await refusal(german, event, **data) == in_words("de", words) != words
    assert await Message.objects.acount() == 1


async def test_whoever_writes_at_the_same_time(ada: User, bob: User, connect: Connect) -> None:
    """One batch, of which each gets their own answer."""
    german = await connect(ada, **accepting("de"))
    french = await connect(ada, **accepting("fr"))
    english = await connect(bob)
    for socket in (german, french, english):
        receiver = ada.pk if socket is english else NOBODY
        key = f"message-of-{receiver}"
        await socket.send("sendMessage", receiverId=receiver, text="Hi", clientMessageId=key)
    for socket, language in ((german, "de"), (french, "fr")):
        words = (await socket.until("error"))["message"]
        assert words == in_words(language, "Receiver not found.")
    assert (await english.data("messageSent"))["message"]["text"] == "Hi"
    assert await Message.objects.acount() == 1


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_refusal_costs_one_of_its_limits(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits, language: str
) -> None:
    set_limits(writes=4, sends=4)
    await sync_to_async(decide)(new_hours=24, new_messages=1, refused_words="ladders")
    socket = await connect(ada, **accepting(language))
    words = in_words(language, "This has words or links that are not allowed here.")
    data = {"receiverId": bob.pk, "clientMessageId": "a-message-id-0001"}
    for _number in range(3):
        assert await refusal(socket, "sendMessage", **data, text="ladders") == words
    await socket.send("sendMessage", **data, text="Stairs")
    assert (await socket.data("messageSent"))["message"]["text"] == "Stairs"
    too_many = in_words(language, "Too many requests. Please try again later.")
    assert await refusal(socket, "sendMessage", **data, text="Stairs") == too_many


async def test_too_much_is_said_so_in_their_language(
    ada: User, bob: User, connect: Connect, set_limits: SetLimits
) -> None:
    set_limits(writes=0)
    german = await connect(ada, **accepting("de"))
    data = {"receiverId": bob.pk, "text": "Hi", "clientMessageId": "a-message-id-0001"}
    words = in_words("de", "Too many requests. Please try again later.")
    assert await refusal(german, "sendMessage", **data) == words


async def test_what_is_chosen_for_the_account_goes_before_it_at_once(connect: Connect) -> None:
    ada, bob = await sync_to_async(make_user)(language="fr"), await sync_to_async(make_user)()
    mine = await connect(ada, **accepting("de"))
    others = await connect(bob, **accepting("de"))
    english = "There is no such event."
    assert await refusal(mine, "nonsense") == in_words("fr", english)
    for chosen, language in (("ja", "ja"), ("en", "en"), ("", "de")):
        await sync_to_async(set_language)(user=ada, language=chosen)
        assert (await mine.data("accountChanged"))["language"] == chosen
        assert await refusal(mine, "nonsense") == in_words(language, english)
        assert await refusal(others, "nonsense") == in_words("de", english)
    await others.got_nothing()
