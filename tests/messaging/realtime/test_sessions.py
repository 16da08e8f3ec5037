"""A session that ends takes its sockets along, at once, and no others."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.principal import Principal, live_principal
from accounts.services import passwords
from accounts.services.moderation import ban
from accounts.services.sessions import end_other_sessions, end_session
from accounts.tokens import Claims, issue_token
from messaging.presence import online_users
from tests.factories import PASSWORD, make_message, make_session
from tests.messaging.realtime.sockets import Connect, PersonalSocket

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("layer"),
]

ENDED = 4401


@pytest.fixture
def phone(ada: User) -> Session:
    return make_session(ada)


@pytest.fixture
def laptop(ada: User) -> Session:
    return make_session(ada)


async def test_log_out_closes_the_sockets_of_that_session(
    ada: User, bob: User, phone: Session, laptop: Session, connect: Connect
) -> None:
    tabs = [await connect(ada, token=issue_token(phone)) for _ in range(2)]
    elsewhere = await connect(ada, token=issue_token(laptop))
    theirs = await connect(bob)
    await sync_to_async(_log_out)(issue_token(phone))
    for tab in tabs:
        assert await tab.close_code() == ENDED
    await elsewhere.lives()
    await theirs.lives()


async def test_a_ban_closes_all_of_the_persons_sockets(
    ada: User, bob: User, connect: Connect
) -> None:
    sockets, theirs = [await connect(ada), await connect(ada)], await connect(bob)
    await sync_to_async(ban)(user=ada, reason="spam")
    for socket in sockets:
        assert await socket.close_code() == ENDED
    await theirs.sees_online(bob)
    await theirs.lives()


async def test_a_new_password_closes_the_other_sessions_sockets(
    ada: User, phone: Session, laptop: Session, connect: Connect
) -> None:
    here = await connect(ada, token=issue_token(phone))
    elsewhere = await connect(ada, token=issue_token(laptop))
    await sync_to_async(passwords.change_password)(
        user=ada, old_password=PASSWORD, new_password="another horse", keep=phone
    )
    assert await elsewhere.close_code() == ENDED
    await here.lives()


async def test_signing_out_other_devices_closes_theirs(
    ada: User, bob: User, phone: Session, laptop: Session, connect: Connect
) -> None:
    here = await connect(ada, token=issue_token(phone))
    elsewhere = await connect(ada, token=issue_token(laptop))
    theirs = await connect(bob)
    await sync_to_async(end_other_sessions)(user=ada, keep=phone)
    assert await elsewhere.close_code() == ENDED
    await here.lives()
    await theirs.lives()


async def test_a_session_that_ends_during_the_handshake_gets_no_socket(
    ada: User, phone: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just after the token was found good."""

    def found_good_then_ended(claims: Claims) -> Principal:
        session = live_principal(claims)
        end_session(session=phone)
        return session

    monkeypatch.setattr("messaging.realtime.connection.live_principal", found_good_then_ended)
    socket = PersonalSocket(ada, issue_token(phone))
    assert await socket.open()
    assert await socket.close_code() == ENDED
    await socket.close()


async def test_a_session_that_ends_just_before_it_is_looked_at_is_refused(
    ada: User, phone: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended_then_looked_at(claims: Claims) -> Principal:
        end_session(session=phone)
        return live_principal(claims)

    monkeypatch.setattr("messaging.realtime.connection.live_principal", ended_then_looked_at)
    socket = PersonalSocket(ada, issue_token(phone))
    assert not await socket.open()
    await socket.close()


async def test_nothing_is_pushed_to_a_socket_that_was_dismissed(
    ada: User, bob: User, phone: Session, connect: Connect
) -> None:
    socket = await connect(ada, token=issue_token(phone))
    await sync_to_async(end_session)(session=phone)
    assert await socket.close_code() == ENDED
    await sync_to_async(make_message)(bob, ada)
    await socket.send("ping")
    await socket.close()
    assert socket.is_quiet()


async def test_who_was_dismissed_is_offline_before_the_client_closes(
    ada: User, phone: Session, connect: Connect
) -> None:
    socket = await connect(ada, token=issue_token(phone))
    await sync_to_async(end_session)(session=phone)
    assert await socket.close_code() == ENDED
    assert not await sync_to_async(online_users)()


async def test_sockets_that_open_while_the_session_ends_are_closed_or_refused(
    ada: User, phone: Session, connect: Connect
) -> None:
    sockets = [PersonalSocket(ada, issue_token(phone)) for _ in range(20)]
    opening = [asyncio.create_task(socket.open()) for socket in sockets]
    await sync_to_async(end_session)(session=phone)
    for socket, opened in zip(sockets, opening, strict=True):
        if await opened:
            assert await socket.close_code() == ENDED
        await socket.close()


async def test_a_lost_push_does_not_leave_a_dead_session_its_socket(
    ada: User, bob: User, phone: Session, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.realtime.presence.broadcaster.RENEW_SECONDS", 0.1)
    monkeypatch.setattr("messaging.realtime.presence.broadcaster.SWEEP_SECONDS", 0)
    socket, theirs = await connect(ada, token=issue_token(phone)), await connect(bob)
    await Session.objects.filter(pk=phone.pk).aupdate(revoked_at=phone.created_at)
    assert await socket.close_code() == ENDED
    await theirs.lives()


def _log_out(token: str) -> Any:
    client = APIClient()
    client.cookies["jwt"] = token
    return client.post("/api/auth/logout")
