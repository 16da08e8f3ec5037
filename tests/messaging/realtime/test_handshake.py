"""Who is let in."""

from datetime import timedelta

import msgspec
import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from accounts.services.moderation import ban
from accounts.services.sessions import end_session
from accounts.tokens import issue_token
from chatsite.live.broadcast import worker
from messaging.presence import online_users
from messaging.services.messages import send_message
from tests.factories import make_session
from tests.messaging.realtime.sockets import CHAT, Connect, PersonalSocket, Socket, token_for
from tests.pictures import picture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("layer")]


async def refused(socket: Socket) -> bool:
    """Refused, and without a trace of a socket left behind."""
    accepted = await socket.open()
    await socket.close()
    assert worker().registry.groups == {}
    return not accepted and not await sync_to_async(online_users)()


@pytest.mark.parametrize("cookie", ["jwt=", "jwt=nonsense", "jwt=a.b.c", "other=1", "=;;=\xff"])
async def test_a_bad_token_is_refused(cookie: str) -> None:
    assert await refused(Socket(headers={"cookie": cookie}))


@pytest.mark.parametrize(
    "cookie",
    ["__Host-jwt={token}", "jwt=nonsense; jwt={token}", "jwt={ended}; jwt={token}"],
)
async def test_any_valid_cookie_of_several_opens_a_socket(cookie: str, ada: User) -> None:
    ended = await sync_to_async(make_session)(ada)
    await sync_to_async(end_session)(session=ended)
    token = await sync_to_async(token_for)(ada)
    cookie = cookie.format(token=token, ended=issue_token(ended))
    socket = Socket(headers={"cookie": cookie})
    assert await socket.open()
    await socket.close()


async def test_several_cookies_of_which_none_is_valid_are_refused(ada: User) -> None:
    tokens = []
    for _ in range(2):
        session = await sync_to_async(make_session)(ada)
        await sync_to_async(end_session)(session=session)
        tokens.append(f"jwt={issue_token(session)}")
    assert await refused(Socket(headers={"cookie": "; ".join(tokens)}))


async def test_a_token_in_the_address_is_not_looked_at(ada: User) -> None:
    token = await sync_to_async(token_for)(ada)
    assert await refused(Socket(f"{CHAT}?token={token}"))


async def test_a_forged_token_is_refused(ada: User) -> None:
    head, claims, _signature = (await sync_to_async(token_for)(ada)).split(".")
    assert await refused(Socket(headers={"cookie": f"jwt={head}.{claims}.c2lnbmVk"}))


async def test_an_expired_token_is_refused(ada: User) -> None:
    token = AccessToken(await sync_to_async(token_for)(ada))  # type: ignore[arg-type]
    token.set_exp(lifetime=-timedelta(hours=3))
    assert await refused(PersonalSocket(ada, str(token)))


async def test_the_token_of_a_session_that_ended_is_refused(ada: User) -> None:
    session = await sync_to_async(make_session)(ada)
    await sync_to_async(end_session)(session=session)
    assert await refused(PersonalSocket(ada, issue_token(session)))


async def test_a_banned_person_is_refused(ada: User) -> None:
    await sync_to_async(ban)(user=ada, reason="spam")
    token = await sync_to_async(token_for)(ada)
    assert await refused(PersonalSocket(ada, token))


async def test_the_token_of_somebody_who_is_gone_is_refused(ada: User) -> None:
    token = await sync_to_async(token_for)(ada)
    await ada.adelete()
    assert await refused(PersonalSocket(ada, token))


@pytest.mark.parametrize(
    "origin", ["http://testserver", "https://app.example", "HTTP://TestServer"]
)
async def test_own_pages_and_those_of_client_url_are_let_in(
    origin: str, ada: User, connect: Connect, settings: Settings
) -> None:
    settings.CLIENT_URLS = ["https://app.example"]
    socket = await connect(ada, origin=origin)
    await socket.lives()


async def test_behind_a_proxy_the_public_address_counts(
    ada: User, connect: Connect, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://chat.example"
    socket = await connect(ada, host="10.0.0.7:8000", origin="https://chat.example")
    await socket.lives()


async def test_a_page_of_somebody_else_is_refused(ada: User, bob: User, connect: Connect) -> None:
    """It was left open on a browser where another person has logged in since."""
    token = await sync_to_async(token_for)(ada)
    assert await refused(PersonalSocket(ada, token, f"{CHAT}?user={bob.pk}"))
    socket = await connect(ada, path=f"{CHAT}?user={ada.pk}&presence=delta")
    await socket.lives()


async def test_a_page_on_another_port_gets_pictures_with_their_address(
    ada: User, bob: User, connect: Connect, settings: Settings
) -> None:
    settings.CLIENT_URLS = [neighbour] = ["http://testserver:5173"]
    elsewhere = await connect(ada, origin=neighbour)
    here = await connect(ada, origin="http://testserver")
    sent = await sync_to_async(send_message)(sender=bob, peer=ada.pk, image=picture())
    heard, there = await here.data("newMessage"), await elsewhere.data("newMessage")
    assert heard == msgspec.to_builtins(sent.record)
    for name in ("image", "thumbnail"):
        assert heard[name].startswith("/media/")
        assert there[name] == f"http://testserver{heard[name]}"
