"""Calls of many people at the same instant: each gets the answer it would get alone."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from accounts.models import Session, User
from accounts.services.moderation import ban
from accounts.services.sessions import end_session
from accounts.tokens import issue_token
from chatsite.asgi import application
from chatsite.conf.fast import PIECES
from chatsite.db import in_thread
from chatsite.monitoring import trace, watch
from messaging.models import Message
from tests.factories import make_message, make_session, make_user
from tests.limits import SetLimits
from tests.recording import Events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's messages are stored each by itself"),
]
SITE: Any = application  # each library types ASGI its own way


@dataclass
class Person:
    user: User
    peer: User
    session: Session
    token: str

    async def send(self, text: str = "Hi", **more: Any) -> httpx.Response:
        to = more.pop("to", self.peer.pk)
        headers = {"Cookie": f"jwt={self.token}", "X-Request-Id": f"of-{self.user.pk}"}
        transport = httpx.ASGITransport(app=SITE)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://testserver",
            headers=headers | more.pop("headers", {}),
        ) as client:
            return await client.post(f"/api/messages/send/{to}", json={"text": text, **more})


def person(name: str) -> Person:
    """Who has written to somebody, and is signed in."""
    user, peer = make_user(name), make_user(f"Peer of {name}")
    make_message(user, peer, "before")
    session = make_session(user)
    return Person(user, peer, session, issue_token(session))


@pytest.fixture
def people(events: Events) -> Callable[[int], list[Person]]:
    def make(count: int) -> list[Person]:
        made = [person(f"Person {number}") for number in range(count)]
        events.clear()
        return made

    return make


def told(events: Events) -> list[str]:
    return events.recipients("newMessage")


def both(*people: Person) -> list[str]:
    return sorted(f"user.{each.pk}" for one in people for each in (one.user, one.peer))


async def test_all_are_answered_and_told(
    people: Callable[[int], list[Person]], events: Events, stored: list[int]
) -> None:
    many = await in_thread(people)(70)
    stored.clear()
    answers = await asyncio.gather(*(each.send(f"from {each.user.pk}") for each in many))
    assert {answer.status_code for answer in answers} == {201}
    for each, answer in zip(many, answers, strict=True):
        assert answer.json()["text"] == f"from {each.user.pk}"
        assert answer.json()["receiverId"] == each.peer.pk
        assert answer.json()["seq"] == 2
    assert sum(stored) == 70
    assert len(stored) < 70
    assert told(events) == both(*many)


async def test_whoever_may_not_send_concerns_nobody_else(
    people: Callable[[int], list[Person]], events: Events, set_limits: SetLimits
) -> None:
    set_limits(sends=3)
    ada, bo, cy, di, eve, gus, hal = await in_thread(people)(7)
    for number in range(3):
        assert (await gus.send(f"{number}")).status_code == 201
    await in_thread(end_session)(session=bo.session)
    await in_thread(ban)(user=cy.user, reason="spam")
    assert (await di.send("once", clientMessageId="c-1")).status_code == 201
    await in_thread(make_message)(di.user, eve.user)
    events.clear()
    answers = await asyncio.gather(
        ada.send(),
        bo.send(),
        cy.send(),
        di.send("once", clientMessageId="c-1"),
        di.send("other", clientMessageId="c-1", to=eve.user.pk),
        eve.send(to="0" * 24),
        eve.send(),
        gus.send(),
        hal.send(headers={"X-Expected-User": ada.user.pk}),
        hal.send(headers={"X-Expected-User": hal.user.pk}),
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses[:-2] == [201, 401, 401, 200, 409, 404, 201, 429]
    assert statuses[-2] >= 400
    assert statuses[-1] == 201
    assert told(events) == both(ada, eve, hal)


async def test_sent_again_and_again_at_once_it_is_one_message(
    people: Callable[[int], list[Person]], events: Events
) -> None:
    ada, bo = await in_thread(people)(2)
    sends = [ada.send("once", clientMessageId="c-1") for _ in range(8)]
    answers = await asyncio.gather(*sends, bo.send())
    assert sorted(answer.status_code for answer in answers[:-1]) == [200] * 7 + [201]
    assert len({answer.json()["_id"] for answer in answers[:-1]}) == 1
    assert answers[-1].status_code == 201
    assert told(events) == both(ada, bo)


async def test_each_call_counts_once_for_each_limit(
    people: Callable[[int], list[Person]], set_limits: SetLimits
) -> None:
    set_limits(sends=4, writes=5)
    [ada] = await in_thread(people)(1)
    twice = [ada.send(f"{n}", clientMessageId=f"c-{n}") for n in (1, 2, 1, 2)]
    answers = await asyncio.gather(*twice)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201, 201]
    assert (await ada.send()).status_code == 429  # by `sends`; the fifth write
    set_limits(sends=100)
    assert (await ada.send()).status_code == 429  # by `writes`
    set_limits(writes=100)
    assert (await ada.send()).status_code == 201


@pytest.mark.parametrize("piece", PIECES)
async def test_left_out_it_is_the_same(
    people: Callable[[int], list[Person]], events: Events, settings: Settings, piece: str
) -> None:
    settings.FAST = replace(settings.FAST, **{piece: False})
    ada, bo = await in_thread(people)(2)
    answers = await asyncio.gather(ada.send(), bo.send())
    assert [answer.json()["seq"] for answer in answers] == [2, 2]
    assert told(events) == both(ada, bo)


async def test_each_access_line_names_its_own_request_and_person(
    people: Callable[[int], list[Person]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[tuple[str, str, int]] = []

    def log(message: str, fields: Any) -> None:
        current = trace.current()
        assert current is not None
        lines.append((current.request_id, current.person, fields["status"]))

    monkeypatch.setattr(watch, "_log", log)
    many = await in_thread(people)(20)
    await in_thread(end_session)(session=many[0].session)
    await asyncio.gather(*(each.send() for each in many))
    expected = [(f"of-{each.user.pk}", each.user.pk, 201) for each in many[1:]]
    assert sorted(lines) == sorted([*expected, (f"of-{many[0].user.pk}", "", 401)])
    assert await Message.objects.acount() == 20 + 19
