"""Tokens are replaced by the next ones, which loses nobody, and the ones before open nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import jwt
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site_settings
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.principal import last_seen_queue
from accounts.services.sessions import end_session
from accounts.tokens import InvalidToken, issue_token, read_session
from chatsite.asgi import trusted as site
from chatsite.db import now
from messaging.models import Message
from messaging.realtime.close_codes import MISSED_EVENTS
from messaging.realtime.presence.broadcaster import broadcaster
from messaging.realtime.sweep import terminate_ended
from tests.contract.shapes import INVALID_TOKEN, assert_refused
from tests.factories import make_message, make_session, make_user
from tests.messaging.realtime.sockets import Socket
from tests.messaging.socketio.session import joined
from tests.pictures import picture

pytestmark = pytest.mark.django_db(transaction=True)
TRUSTED: Any = site
SITE = "http://testserver"
CHECK = "/api/auth/check"
PATIENCE = 20


@pytest.fixture
def session() -> Session:
    return make_session(make_user())


def old_token(session: Session, **claims: Any) -> str:
    """As it was issued a day and an hour ago."""
    moment = datetime.now(UTC) - timedelta(hours=25)
    Session.objects.filter(pk=session.pk).update(created_at=moment)
    content = jwt.decode(issue_token(session), options={"verify_signature": False})
    changed = {**content, "iat": moment, "exp": moment + timedelta(days=7), **claims}
    return jwt.encode(changed, site_settings.JWT_SECRET, algorithm="HS256")


def client_with(token: str, kind: type[Client] = Client) -> Any:
    client = kind()
    client.cookies["jwt"] = token
    return client


def opens(token: str) -> bool:
    return bool(client_with(token, APIClient).get(CHECK).status_code == 200)


def next_of(token: str, path: str = CHECK) -> str:
    """That the answer brings."""
    return str(client_with(token).get(path).cookies["jwt"].value)


def let_the_overlap_pass(session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(rotated_at=now() - timedelta(minutes=2))


@pytest.mark.parametrize("path", [CHECK, "/", "/profile"])
def test_the_next_one_comes_and_ends_the_one_before(session: Session, path: str) -> None:
    token = old_token(session)
    response = client_with(token).get(path)
    assert response.status_code == 200
    cookie = response.cookies["jwt"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    following = cookie.value
    content = jwt.decode(following, options={"verify_signature": False})
    ends_at = datetime.fromtimestamp(content["exp"], UTC)
    session.refresh_from_db()
    assert abs(ends_at - session.created_at - timedelta(days=7)) < timedelta(seconds=2)
    assert cookie["max-age"] <= 6 * 24 * 60 * 60  # the session lasts no longer by it

    assert next_of(token) != ""  # the answer may have been lost
    assert opens(following)
    assert opens(token)  # what is on its way
    assert opens(following)
    let_the_overlap_pass(session)
    assert not opens(token)
    assert opens(following)
    assert Session.objects.count() == 1


def test_an_answer_that_is_lost_costs_nothing(session: Session) -> None:
    token = old_token(session)
    for _day in range(3):
        lost = next_of(token)
    let_the_overlap_pass(session)
    assert opens(token)
    assert opens(lost)


def test_late_answers_bring_the_one_that_is_in_use(session: Session) -> None:
    """Two tabs ask at once: whichever cookie the browser keeps opens the session."""
    token = old_token(session)
    first = next_of(token)
    assert opens(first)
    second = next_of(token)
    let_the_overlap_pass(session)
    assert opens(first)
    assert opens(second)
    session.refresh_from_db()
    assert session.rotation == 1


def test_each_ends_the_one_before(session: Session) -> None:
    tokens = [old_token(session)]
    for rotation in (1, 2, 3):
        tokens.append(next_of(tokens[-1]))
        assert opens(tokens[-1])
        let_the_overlap_pass(session)
        tokens[-1] = old_token(session, rot=rotation)
    assert [opens(token) for token in tokens] == [False, False, False, True]
    for rotation in (-1, 5, 99):
        assert not opens(old_token(session, rot=rotation))


def test_a_session_that_has_ended_has_no_next_one(session: Session) -> None:
    token = old_token(session)
    following = next_of(token)
    end_session(session=session)
    for each in (token, following):
        with pytest.raises(InvalidToken):
            read_session(each)
        assert "jwt" not in client_with(each).get(CHECK).cookies


def test_clients_that_keep_their_token_go_on(session: Session) -> None:
    """Those of the original that read it once: as bearer, or without taking cookies."""
    token = old_token(session)
    bearer = APIClient(headers={"Authorization": f"Bearer {token}"})
    for _time in range(2):
        response = bearer.get(CHECK)
        assert response.status_code == 200
        assert "jwt" not in response.cookies
        assert client_with(token).get(CHECK).status_code == 200
    session.refresh_from_db()
    assert session.rotation == 0


def test_it_comes_with_no_answer_that_says_otherwise_or_is_kept(session: Session) -> None:
    fresh = client_with(issue_token(session))
    assert "jwt" not in fresh.get(CHECK).cookies
    message = make_message(session.user, make_user(), image=picture())
    token = old_token(session)
    shown = client_with(token).get(f"/media/messages/{message.pk}/{message.image}")
    assert shown.status_code == 200
    assert "jwt" not in shown.cookies
    out = client_with(token).post("/api/auth/logout")
    assert out.cookies["jwt"].value == ""
    assert not opens(token)


def test_by_https_it_has_the_name_of_this_host(session: Session, settings: Settings) -> None:
    settings.TOKEN_COOKIE_SECURE, settings.TOKEN_COOKIE_NAME = True, "__Host-jwt"
    cookie = client_with(old_token(session)).get(CHECK).cookies["__Host-jwt"]
    assert cookie["secure"] is True


class TestWays:
    """Which skip Django: the lean calls and sockets."""

    async def ask(self, token: str, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=TRUSTED)
        headers = {"Cookie": f"jwt={token}"}
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            return await client.request(method, path, headers=headers, **options)

    async def test_lean_calls_rotate_as_the_others_do(
        self, session: Session, settings: Settings
    ) -> None:
        settings.FAST = replace(site_settings.FAST, http=True)
        bo = await sync_to_async(make_user)()
        token = await sync_to_async(old_token)(session)
        listed = await self.ask(token, "GET", "/api/messages/chats")
        following = SimpleCookie(listed.headers["set-cookie"])["jwt"].value
        send = f"/api/messages/send/{bo.pk}"
        for each in (token, following, token):
            sent = await self.ask(each, "POST", send, json={"text": "Hi"})
            assert sent.status_code == 201
            assert "set-cookie" not in sent.headers
        assert last_seen_queue.wait(PATIENCE)
        await session.arefresh_from_db()
        assert session.rotation == 1
        await sync_to_async(let_the_overlap_pass)(session)
        for method, path in (("POST", send), ("GET", "/api/messages/chats")):
            refused = await self.ask(token, method, path, json={"text": "Stolen"})
            assert (refused.status_code, refused.json()["message"]) == (401, INVALID_TOKEN)
            assert "set-cookie" not in refused.headers
            kept = await self.ask(following, method, path, json={"text": "Mine"})
            assert kept.is_success
        assert not await Message.objects.filter(text="Stolen").aexists()

    async def test_sockets_open_and_stay_by_the_one_in_use_alone(self, session: Session) -> None:
        token = await sync_to_async(old_token)(session)
        following = await sync_to_async(next_of)(token)
        before = Socket(headers={"cookie": f"jwt={token}"})
        assert await before.open()
        after = Socket(headers={"cookie": f"jwt={following}"})
        assert await after.open()
        assert last_seen_queue.wait(PATIENCE)
        for socket in (before, after):
            await socket.is_counted()
        assert len(broadcaster().sockets) == 2
        await terminate_ended(broadcaster().sockets)
        await before.lives()  # as long as requests that are on their way
        await sync_to_async(let_the_overlap_pass)(session)
        await terminate_ended(broadcaster().sockets)
        assert await before.close_code() == MISSED_EVENTS
        late = Socket(headers={"cookie": f"jwt={token}"})
        assert not await late.open()
        await after.lives()
        again = Socket(headers={"cookie": f"jwt={following}"})
        assert await again.open()  # as a page does that was closed so
        for socket in (before, after, again):
            await socket.close()

    async def test_socket_io_goes_on_with_the_next_one(self, session: Session) -> None:
        token = await sync_to_async(old_token)(session)
        following = await sync_to_async(next_of)(token)
        foreign = issue_token(await sync_to_async(make_session)(await sync_to_async(make_user)()))
        transport = httpx.ASGITransport(app=TRUSTED)
        async with joined(SITE, token, transport=transport) as polling:
            polling.client.cookies.set("jwt", following)
            assert (await polling.post('42["ping",{}]')).text == "ok"
            assert (await polling.packets_until('42["pong"')) != ""
            polling.client.cookies.set("jwt", foreign)
            assert (await polling.post('42["ping",{}]')).status_code == 400
            polling.client.cookies.set("jwt", following)


def test_refused_without_a_word_more(session: Session) -> None:
    token = old_token(session)
    assert opens(next_of(token))
    let_the_overlap_pass(session)
    assert_refused(client_with(token, APIClient).get(CHECK), 401, INVALID_TOKEN)
    page = client_with(token).get("/login")
    assert "You were signed out on this device" in page.content.decode()
    assert User.objects.count() == 1
