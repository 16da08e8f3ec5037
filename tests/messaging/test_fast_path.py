"""The fast path answers as the views do, and leaves to them what is not plain."""

import gzip
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from django.db import OperationalError
from pytest_django import Settings

from accounts.models import User
from accounts.services.sessions import end_session
from accounts.tokens import issue_token
from chatsite.asgi import trusted as site
from chatsite.conf.fast import PIECES
from chatsite.db import in_thread
from chatsite.fastpath.http import FastPath
from chatsite.fastpath.prepared import Parameter, Prepared
from chatsite.fastpath.statements import Select
from chatsite.interfaces import Receive, Scope, Send
from messaging.models import Message, Reaction
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message
from tests.factories import make_group, make_message, make_messages, make_session, make_user
from tests.limits import SetLimits, decide

pytestmark = pytest.mark.django_db(transaction=True)
SITE = "http://testserver"
TRUSTED: Any = site  # each library types ASGI its own way
KEYS_AND_TIMES = re.compile(r'"(_id|createdAt|updatedAt|seq|clientMessageId)":("[^"]*"|\d+)')


@dataclass
class Cast:
    me: User
    peer: User
    stranger: User
    token: str


@dataclass
class Ways:
    """The same request by either way."""

    settings: Settings
    token: str
    django: "Counted"

    async def fast(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._ask(True, method, path, **options)

    async def ordinary(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._ask(False, method, path, **options)

    async def is_fast(self, method: str, path: str, **options: Any) -> bool:
        """Whether Django was not asked."""
        before = self.django.calls
        await self.fast(method, path, **options)
        return self.django.calls == before

    async def _ask(self, http: bool, method: str, path: str, **options: Any) -> httpx.Response:
        self.settings.FAST = replace(self.settings.FAST, http=http)
        headers = {"Cookie": f"jwt={self.token}"} | options.pop("headers", {})
        transport = httpx.ASGITransport(app=TRUSTED)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            return await client.request(method, path, headers=headers, **options)


class Counted:
    """Stands in front of Django."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await self._app(scope, receive, send)


@pytest.fixture
def people(transactional_db: None) -> Cast:
    me = make_user("Ada Lovelace")
    return Cast(me, make_user("Bo Diddley"), make_user("Cy"), issue_token(make_session(me)))


@pytest.fixture
def ways(people: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ways:
    fast_path = TRUSTED.app.application_mapping["http"]
    while not isinstance(fast_path, FastPath):  # doors of others are in front of it
        fast_path = fast_path.app
    django = Counted(fast_path.app)
    monkeypatch.setattr(fast_path, "app", django)
    return Ways(settings, people.token, django)


def same(one: httpx.Response, other: httpx.Response) -> None:
    assert one.status_code == other.status_code
    assert headers_of(one) == headers_of(other)
    assert KEYS_AND_TIMES.sub("", one.text) == KEYS_AND_TIMES.sub("", other.text)


def headers_of(response: httpx.Response) -> Mapping[str, Any]:
    """But for the lengths, and whether packing pays, which depend on the moment."""
    headers = dict(response.headers) | {"content-length": "", "content-encoding": ""}
    headers["content-security-policy"] = str(sorted(headers["content-security-policy"].split("; ")))
    return headers


SENDS: dict[str, dict[str, Any]] = {
    "text": {"json": {"text": "Hello"}},
    "long text": {"json": {"text": "x" * 10_000}},
    "other scripts": {"json": {"text": 'שלום 👋🏽 \u2028 \\ " </script>'}},
    "client message id": {"json": {"text": "Hello", "clientMessageId": "a-1"}},
    "null picture": {"json": {"text": "Hello", "image": None}},
    "empty picture": {"json": {"text": "Hello", "image": ""}},
    "bearer": {"json": {"text": "Hello"}, "headers": {"Cookie": "", "Authorization": "Bearer {}"}},
    "no authorization": {"json": {"text": "Hello"}, "headers": {"Authorization": ""}},
    "another scheme": {"json": {"text": "Hello"}, "headers": {"Authorization": "Basic YTpi"}},
    "bearer before cookie": {
        "json": {"text": "Hello"},
        "headers": {"Cookie": "jwt=a.b.c", "Authorization": "BEARER  {}"},
    },
    "a quoted cookie": {"json": {"text": "Hello"}, "headers": {"Cookie": 'jwt = "{}"; xjwt=a'}},
    "own origin": {"json": {"text": "Hello"}, "headers": {"Origin": SITE}},
    "compressed": {"json": {"text": "Hello " * 99}, "headers": {"Accept-Encoding": "gzip, br"}},
    "expected user": {"json": {"text": "Hello"}, "headers": {"X-Expected-User": "me"}},
}
ODD: dict[str, dict[str, Any]] = {
    "unknown fields": {"json": {"text": "Hello", "extra": {"a": [1]}}},
    "no UTF-8": {"content": b'{"text": "a", "x": "\xff"}'},
    "an endless number": {"content": b'{"text": "a", "x": ' + b"1" * 5000 + b"}"},
    "no authorization, elsewhere": {
        "json": {"text": "Hello"},
        "headers": {"Authorization": "", "Origin": "https://evil.example"},
    },
    "nothing": {"json": {}},
    "blank": {"json": {"text": " \u200b\n"}},
    "invisible": {"json": {"text": "\u3164\u2800"}},
    "too long": {"json": {"text": "x" * 10_001}},
    "NUL": {"json": {"text": "a\x00b"}},
    "lone surrogate": {"content": b'{"text": "\\ud800"}'},
    "number": {"json": {"text": 5}},
    "list": {"json": ["text"]},
    "broken": {"content": b'{"text": "Hel'},
    "not a number": {"content": b'{"text": "a", "x": NaN}'},
    "deep": {"content": b'{"text": "a", "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"},
    "bad client id": {"json": {"text": "Hello", "clientMessageId": "ä"}},
    "long client id": {"json": {"text": "Hello", "clientMessageId": "a" * 65}},
    "no picture": {"json": {"text": "Hello", "image": "data:image/png;base64,AAAA"}},
    "a form": {"data": {"text": "Hello"}},
    "a charset": {
        "content": '{"text": "ä"}'.encode(),
        "headers": {"Content-Type": "application/json; charset=latin-1"},
    },
    "foreign origin": {"json": {"text": "Hello"}, "headers": {"Origin": "https://evil.example"}},
    "null origin": {"json": {"text": "Hello"}, "headers": {"Origin": "null"}},
    "foreign page": {"json": {"text": "Hello"}, "headers": {"Sec-Fetch-Site": "cross-site"}},
    "foreign referer": {"json": {"text": "Hello"}, "headers": {"Referer": "https://evil.example/"}},
    "no token": {"json": {"text": "Hello"}, "headers": {"Cookie": ""}},
    "forged token": {"json": {"text": "Hello"}, "headers": {"Cookie": "jwt=a.b.c"}},
    "a forged bearer": {"json": {"text": "Hello"}, "headers": {"Authorization": "Bearer a.b.c"}},
    "two tokens": {"json": {"text": "Hello"}, "headers": {"Cookie": "jwt=a; jwt=b"}},
    "somebody else expected": {"json": {"text": "Hello"}, "headers": {"X-Expected-User": "f" * 24}},
    "large": {"json": {"text": "Hello", "extra": "x" * 60_000}},
}


def filled(options: dict[str, Any], people: Cast) -> dict[str, Any]:
    """`json` is sent as people write it, and headers name who they are about."""
    headers = {"Content-Type": "application/json"} if "content" in options else {}
    headers |= options.get("headers", {})
    headers = {name: value.format(people.token) for name, value in headers.items()}
    if headers.get("X-Expected-User") == "me":
        headers["X-Expected-User"] = people.me.pk
    return options | {"headers": headers}


@pytest.mark.parametrize("name", SENDS)
async def test_a_plain_message_is_sent_as_the_view_sends_it(
    ways: Ways, people: Cast, name: str
) -> None:
    path = f"/api/messages/send/{people.peer.pk}"
    options = filled(SENDS[name], people)

    fast = await ways.fast("POST", path, **options)
    assert ways.django.calls == 0
    if "clientMessageId" not in options["json"]:
        same(fast, await ways.ordinary("POST", path, **options))

    assert fast.status_code == 201
    stored = await Message.objects.aget(pk=fast.json()["_id"])
    assert (stored.text, stored.sender_id) == (options["json"]["text"], people.me.pk)


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_message_is_left_to_the_view(ways: Ways, people: Cast, name: str) -> None:
    path = f"/api/messages/send/{people.peer.pk}"
    options = filled(ODD[name], people)

    fast = await ways.fast("POST", path, **options)

    assert ways.django.calls == 1
    same(fast, await ways.ordinary("POST", path, **options))


async def test_sending_again_answers_the_first_message(ways: Ways, people: Cast) -> None:
    path = f"/api/messages/send/{people.peer.pk}"
    body = {"text": "Once", "clientMessageId": "once"}

    first = await ways.fast("POST", path, json=body)
    again = await ways.fast("POST", path, json=body)
    by_the_view = await ways.ordinary("POST", path, json=body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == by_the_view.json()
    same(again, by_the_view)
    assert await Message.objects.acount() == 1


async def test_a_client_message_id_of_another_receiver_is_refused(ways: Ways, people: Cast) -> None:
    body = {"text": "Once", "clientMessageId": "once"}
    await ways.fast("POST", f"/api/messages/send/{people.peer.pk}", json=body)
    path = f"/api/messages/send/{people.stranger.pk}"

    refused = await ways.fast("POST", path, json=body)

    assert (refused.status_code, ways.django.calls) == (409, 1)
    same(refused, await ways.ordinary("POST", path, json=body))


marks = pytest.mark.parametrize("mark", ["read", "delivered"])


@marks
@pytest.mark.parametrize("seq", [0, 1, 2, 10**30])
async def test_a_mark_moves_as_the_view_moves_it(
    ways: Ways, people: Cast, mark: str, seq: int
) -> None:
    for text in ("1", "2"):
        await in_thread(make_message)(people.peer, people.me, text)
    path = f"/api/messages/{mark}/{people.peer.pk}"

    fast = await ways.fast("PUT", path, json={"seq": seq})

    assert (fast.status_code, fast.json(), ways.django.calls) == (200, {"seq": min(seq, 2)}, 0)
    same(fast, await ways.ordinary("PUT", path, json={"seq": seq}))


@pytest.mark.parametrize(
    "body", [{}, {"seq": -1}, {"seq": "1"}, {"seq": None}, {"seq": 1.5}, {"seq": 1, "x": 1}, [], 1]
)
@marks
async def test_an_odd_mark_is_left_to_the_view(
    ways: Ways, people: Cast, mark: str, body: Any
) -> None:
    path = f"/api/messages/{mark}/{people.peer.pk}"
    fast = await ways.fast("PUT", path, json=body)
    assert ways.django.calls == 1
    same(fast, await ways.ordinary("PUT", path, json=body))


@marks
@pytest.mark.parametrize("peer", ["0" * 24, "f" * 24, "me", "stranger"])
async def test_a_mark_of_no_conversation(ways: Ways, people: Cast, mark: str, peer: str) -> None:
    keys = {"me": people.me.pk, "stranger": people.stranger.pk}
    path = f"/api/messages/{mark}/{keys.get(peer, peer)}"
    fast = await ways.fast("PUT", path, json={"seq": 1})
    # A refusal is worded by the view.
    assert (fast.status_code, ways.django.calls) == ((200, 0) if peer in keys else (404, 1))
    same(fast, await ways.ordinary("PUT", path, json={"seq": 1}))


@pytest.mark.parametrize("peer", ["0" * 24, "nobody", "me"])
async def test_receivers_that_are_none(ways: Ways, people: Cast, peer: str) -> None:
    path = f"/api/messages/send/{people.me.pk if peer == 'me' else peer}"
    fast = await ways.fast("POST", path, json={"text": "Hello"})
    assert fast.status_code == (400 if peer == "me" else 404)
    assert ways.django.calls == 1
    same(fast, await ways.ordinary("POST", path, json={"text": "Hello"}))
    assert await Message.objects.acount() == 0


async def test_a_refusal_is_in_the_language_of_who_reads_it(ways: Ways, people: Cast) -> None:
    path, said = f"/api/messages/send/{'0' * 24}", set()
    for chosen, headers in (("", {}), ("", {"Accept-Language": "de"}), ("fr", {})):
        await User.objects.filter(pk=people.me.pk).aupdate(language=chosen)
        fast = await ways.fast("POST", path, json={"text": "Hello"}, headers=headers)
        ordinary = await ways.ordinary("POST", path, json={"text": "Hello"}, headers=headers)
        same(fast, ordinary)
        said.add(fast.json()["message"])
    assert len(said) == 3


async def test_so_is_one_that_says_to_wait(ways: Ways, people: Cast, set_limits: SetLimits) -> None:
    set_limits(sends=0, writes=9, reads=0)
    calls: list[tuple[str, str, Any]] = [
        ("POST", f"/api/messages/send/{people.peer.pk}", {"text": "Hello"}),
        ("GET", "/api/messages/chats", None),
    ]
    for method, path, body in calls:
        said = set()
        for chosen, headers in (("", {}), ("", {"Accept-Language": "de"}), ("fr", {})):
            await User.objects.filter(pk=people.me.pk).aupdate(language=chosen)
            fast = await ways.fast(method, path, json=body, headers=headers)
            assert (fast.status_code, ways.django.calls) == (429, 0)
            ordinary = await ways.ordinary(method, path, json=body, headers=headers)
            same(fast, ordinary)
            said.add(fast.json()["message"])
            ways.django.calls = 0
        assert len(said) == 3


async def test_so_is_one_of_the_hour_of_a_new_account(ways: Ways, people: Cast) -> None:
    await in_thread(decide)(new_hours=24, new_messages=1)
    path = f"/api/messages/send/{people.peer.pk}"
    assert (await ways.fast("POST", path, json={"text": "one"})).status_code == 201
    said = set()
    for chosen, headers in (("", {}), ("", {"Accept-Language": "de"}), ("fr", {})):
        await User.objects.filter(pk=people.me.pk).aupdate(language=chosen)
        fast = await ways.fast("POST", path, json={"text": "two"}, headers=headers)
        assert (fast.status_code, ways.django.calls) == (429, 0)
        same(fast, await ways.ordinary("POST", path, json={"text": "two"}, headers=headers))
        said.add(fast.json()["message"])
        ways.django.calls = 0
    assert len(said) == 3


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("way", ["fast", "ordinary"])
async def test_a_refusal_costs_one_of_its_limits(
    ways: Ways, people: Cast, set_limits: SetLimits, way: str, language: str
) -> None:
    set_limits(writes=5, sends=4, reads=2)
    await in_thread(decide)(new_hours=24, new_messages=1, refused_words="ladders")
    ask = partial(getattr(ways, way), headers={"Accept-Language": language})
    path = f"/api/messages/send/{people.peer.pk}"
    sent = [await ask("POST", path, json={"text": text}) for text in [*["ladders"] * 3, *"ab"]]
    assert [answer.status_code for answer in sent] == [400, 400, 400, 201, 429]
    mark = await ask("PUT", f"/api/messages/read/{people.peer.pk}", json={"seq": 1})
    assert mark.status_code == 429
    read = [await ask("GET", f"/api/messages/{'0' * 24}") for _number in range(3)]
    assert [answer.status_code for answer in read] == [404, 404, 429]


def reaction(message: str, emoji: str = "👍") -> str:
    return f"/api/messages/{message}/reactions/{quote(emoji, safe='')}"


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"json": {"x": 1}}])
async def test_a_reaction_comes_and_goes_as_by_the_view(
    ways: Ways, people: Cast, body: dict[str, Any]
) -> None:
    one = await in_thread(make_message)(people.peer, people.me)
    other = await in_thread(make_message)(people.me, people.peer)
    for method, emoji in (*[("PUT", "👍")] * 2, ("PUT", "❤"), *[("DELETE", "👍")] * 2):
        django = ways.django.calls
        fast = await ways.fast(method, reaction(one.pk, emoji), **body)
        assert (fast.status_code, ways.django.calls) == (200, django)
        ordinary = await ways.ordinary(method, reaction(other.pk, emoji), **body)
        assert fast.json().get("reactions") == ordinary.json().get("reactions")
        same(fast, await ways.ordinary(method, reaction(one.pk, emoji), **body))
    assert [each["emoji"] for each in fast.json()["reactions"]] == ["❤️"]


async def test_a_reaction_that_is_refused(ways: Ways, people: Cast) -> None:
    theirs = await in_thread(make_message)(people.peer, people.stranger)
    gone = await in_thread(make_message)(people.me, people.peer)
    await in_thread(partial(delete_message, user=people.me, message_id=gone.pk))()
    kept = await in_thread(make_message)(people.me, people.peer)
    group = await in_thread(make_group)(people.peer, people.me)
    system = await Message.objects.aget(conversation=group)
    await in_thread(partial(remove_member, user=people.peer, group=group, person=people.me.pk))()
    left = await Message.objects.aget(conversation=group, seq=2)
    refused = [
        *((theirs.pk, "👍", 404), ("0" * 24, "👍", 404), (gone.pk, "👍", 409)),
        *((system.pk, "👍", 400), (left.pk, "👍", 400)),
        *((kept.pk, "x", 400), (kept.pk, "👍👍", 400), (kept.pk, "\ud83d", 400)),
        *((kept.pk, "👍/", 404), ("nobody", "👍", 404), (kept.pk.upper(), "👍", 404)),
    ]
    for key, emoji, status in refused:
        is_broken = emoji == "\ud83d"
        path = f"/api/messages/{key}/reactions/%ed%a0%bd" if is_broken else reaction(key, emoji)
        for method in ("PUT", "DELETE"):
            django = ways.django.calls
            fast = await ways.fast(method, path)
            assert (fast.status_code, ways.django.calls) == (status, django + 1)
            same(fast, await ways.ordinary(method, path))
    foreign = {"headers": {"Origin": "https://evil.example"}}
    assert not await ways.is_fast("PUT", reaction(kept.pk), **foreign)
    assert not await ways.is_fast("PUT", reaction(kept.pk), data={"a": "b"})
    assert await Reaction.objects.acount() == 1  # of the form, which the view looks at


@pytest.mark.parametrize(
    "body",
    [
        *({"text": "New"}, {"text": "x" * 10_000}, {"text": 'שלום 👋🏽 \u2028 \\ " </script>'}),
        *({"text": "Old"}, {"text": "New", "mentions": None}, {"text": "New", "mentions": []}),
        *({"text": "New", "captions": {}}, {"text": "New", "captions": {"0" * 24: "c"}}),
    ],
)
async def test_an_edit_is_made_as_by_the_view(
    ways: Ways, people: Cast, body: dict[str, Any]
) -> None:
    one, other = [await in_thread(make_message)(people.me, people.peer, "Old") for _ in "12"]
    fast = await ways.fast("PUT", f"/api/messages/{one.pk}", json=body)
    assert ways.django.calls == bool(body.get("captions"))  # of nothing, which is refused
    ordinary = await ways.ordinary("PUT", f"/api/messages/{other.pk}", json=body)
    assert fast.status_code == ordinary.status_code == (400 if body.get("captions") else 200)
    assert ("editedAt" in fast.json()) == ("editedAt" in ordinary.json())
    same(fast, await ways.ordinary("PUT", f"/api/messages/{one.pk}", json=body))
    texts = [each.text async for each in Message.objects.order_by("seq")]
    assert texts[0] == texts[1] == ("Old" if body.get("captions") else body["text"])


@pytest.mark.parametrize(
    "options",
    [
        *({}, {"json": {}}, {"json": {"text": None}}, {"json": {"text": " \u200b"}}),
        *({"json": {"text": 5}}, {"json": {"text": "a\x00b"}}, {"json": {"text": "x" * 10_001}}),
        *({"json": {"text": "New", "extra": 1}}, {"json": ["text"]}, {"content": b'{"text": '}),
        *({"json": {"text": "New", "mentions": ["x"]}}, {"data": {"text": "New"}}),
    ],
)
async def test_an_odd_edit_is_answered_as_by_the_view(
    ways: Ways, people: Cast, options: dict[str, Any]
) -> None:
    message = await in_thread(make_message)(people.me, people.peer, "Old")
    path = f"/api/messages/{message.pk}"
    options = filled(options, people)
    fast = await ways.fast("PUT", path, **options)
    same(fast, await ways.ordinary("PUT", path, **options))
    is_edited = fast.status_code == 200
    await message.arefresh_from_db()
    assert message.text == ("New" if is_edited else "Old")


async def test_an_edit_that_is_refused(ways: Ways, people: Cast) -> None:
    late = await in_thread(make_message)(people.me, people.peer, "Old")
    early = late.created_at - timedelta(days=1)
    await Message.objects.filter(pk=late.pk).aupdate(created_at=early)
    theirs = await in_thread(make_message)(people.peer, people.me, "Old")
    foreign = await in_thread(make_message)(people.peer, people.stranger, "Old")
    for key, status in (
        *((late.pk, 403), (theirs.pk, 403), (foreign.pk, 404)),
        *(("0" * 24, 404), (people.peer.pk, 404)),
    ):
        django = ways.django.calls
        fast = await ways.fast("PUT", f"/api/messages/{key}", json={"text": "New"})
        assert (fast.status_code, ways.django.calls) == (status, django + 1)
        same(fast, await ways.ordinary("PUT", f"/api/messages/{key}", json={"text": "New"}))
    assert {each.text async for each in Message.objects.all()} == {"Old"}


async def test_changes_count_once_by_either_way(
    ways: Ways, people: Cast, set_limits: SetLimits
) -> None:
    set_limits(writes=3)
    message = await in_thread(make_message)(people.me, people.peer, "Old")
    path, body = f"/api/messages/{message.pk}", {"text": "New"}
    assert (await ways.fast("PUT", reaction(message.pk))).status_code == 200
    assert (await ways.fast("PUT", path, json=body)).status_code == 200
    assert (await ways.ordinary("PUT", path, json=body)).status_code == 200
    fast = await ways.fast("DELETE", reaction(message.pk))
    assert fast.status_code == 429
    same(fast, await ways.ordinary("DELETE", reaction(message.pk)))
    set_limits(writes=100, sends=3)
    assert (await ways.fast("PUT", path, json=body)).status_code == 200
    fast = await ways.fast("PUT", path, json={"text": "Newer"})
    assert fast.status_code == 429
    same(fast, await ways.ordinary("PUT", path, json={"text": "Newer"}))
    await message.arefresh_from_db()
    assert message.text == "New"
    assert message.reactions


async def test_a_fault_in_the_writer_is_an_error_by_either_way(
    ways: Ways, people: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_runs: Any) -> None:
        raise KeyError("a field that nobody filled in")

    monkeypatch.setattr("messaging.services.conversations.run_batch", fail)
    path = f"/api/messages/send/{people.peer.pk}"
    answer = await ways.fast("POST", path, json={"text": "Hello", "clientMessageId": "a-1"})
    assert (answer.status_code, ways.django.calls) == (500, 0)
    assert "nobody filled in" not in answer.text
    assert "a field that nobody filled in" in caplog.text
    assert "Traceback" in caplog.text
    assert (await ways.ordinary("POST", path, json={"text": "Hello"})).status_code == 500
    assert not await Message.objects.aexists()


async def test_an_ended_session_sends_nothing(ways: Ways, people: Cast) -> None:
    path = f"/api/messages/send/{people.peer.pk}"
    assert (await ways.fast("POST", path, json={"text": "1"})).status_code == 201
    session = await people.me.sessions.alatest("created_at")
    await in_thread(end_session)(session=session)

    refused = await ways.fast("POST", path, json={"text": "2"})

    assert refused.status_code == 401
    same(refused, await ways.ordinary("POST", path, json={"text": "2"}))
    assert await Message.objects.acount() == 1


async def test_a_banned_person_sends_and_reads_nothing(ways: Ways, people: Cast) -> None:
    await User.objects.filter(pk=people.me.pk).aupdate(banned_at=people.me.created_at)
    path = f"/api/messages/send/{people.peer.pk}"
    assert (await ways.fast("POST", path, json={"text": "1"})).status_code == 401
    assert (await ways.fast("GET", f"/api/messages/{people.peer.pk}")).status_code == 401
    assert (await ways.fast("GET", "/api/messages/chats")).status_code == 401


async def test_limits_count_either_way_together(
    ways: Ways, people: Cast, set_limits: SetLimits
) -> None:
    set_limits(sends=3, reads=2)
    path = f"/api/messages/send/{people.peer.pk}"
    ask = [ways.fast, ways.ordinary, ways.fast]
    answers = [await way("POST", path, json={"text": "Hello"}) for way in ask]
    assert [answer.status_code for answer in answers] == [201, 201, 201]

    refused = await ways.fast("POST", path, json={"text": "Hello"})
    assert refused.status_code == 429
    same(refused, await ways.ordinary("POST", path, json={"text": "Hello"}))

    reads = [await ways.fast("GET", "/api/messages/chats") for _ in range(3)]
    assert [answer.status_code for answer in reads] == [200, 200, 429]
    same(reads[2], await ways.ordinary("GET", "/api/messages/chats"))


@pytest.mark.parametrize(
    "query", ["", "?limit=3", "?before=4", "?before=6&limit=2", "?limit=2&before=6", "?limit=1000"]
)
async def test_history_is_what_the_view_tells(ways: Ways, people: Cast, query: str) -> None:
    await in_thread(_a_conversation)(people)
    path = f"/api/messages/{people.peer.pk}{query}"

    fast = await ways.fast("GET", path)
    ordinary = await ways.ordinary("GET", path)

    assert ways.django.calls == 1
    same(fast, ordinary)
    assert fast.json() == ordinary.json() != []


def _a_conversation(people: Cast) -> None:
    make_messages(people.me, people.peer, 4)
    messages = make_messages(people.peer, people.me, 3)
    delete_message(user=people.peer, message_id=messages[0].pk)
    Message.objects.filter(pk=messages[1].pk).update(
        image="aaaa.webp", thumbnail="bbbb.webp", image_width=40, image_height=20
    )
    make_message(people.peer, people.stranger, "not for me")


@pytest.mark.parametrize(
    "query",
    [
        *("?limit=0", "?limit=1001", "?limit=x", "?limit=", "?limit=1&limit=2", "?limit=%31"),
        *("?before=0", "?before=-1", "?before=", "?limit=2&before=", "?a=b", "?&", "?=1"),
        *(f"?before={2**53}", "?limit=1e2", "?limit=2&format=json"),
    ],
)
async def test_odd_pages_are_left_to_the_view(ways: Ways, people: Cast, query: str) -> None:
    path = f"/api/messages/{people.peer.pk}{query}"
    fast = await ways.fast("GET", path)
    assert ways.django.calls == 1
    same(fast, await ways.ordinary("GET", path))


async def test_history_of_nobody_is_not_found(ways: Ways) -> None:
    fast = await ways.fast("GET", f"/api/messages/{'0' * 24}")
    assert (fast.status_code, ways.django.calls) == (404, 1)
    same(fast, await ways.ordinary("GET", f"/api/messages/{'0' * 24}"))


@pytest.mark.parametrize("peer", ["stranger", "me"])
async def test_history_where_nothing_was_said_is_empty(ways: Ways, people: Cast, peer: str) -> None:
    path = f"/api/messages/{getattr(people, peer).pk}"
    fast = await ways.fast("GET", path)
    assert (fast.status_code, fast.json(), ways.django.calls) == (200, [], 0)
    same(fast, await ways.ordinary("GET", path))


async def test_the_chat_list_is_what_the_view_tells(ways: Ways, people: Cast) -> None:
    await in_thread(_a_conversation)(people)
    await in_thread(make_message)(people.stranger, people.me, "unread")

    fast = await ways.fast("GET", "/api/messages/chats")
    ordinary = await ways.ordinary("GET", "/api/messages/chats")

    assert ways.django.calls == 1
    same(fast, ordinary)
    assert [chat["unreadCount"] for chat in fast.json()] == [1, 2]
    assert fast.json() == ordinary.json()


async def test_a_group_is_a_peer_by_either_way(ways: Ways, people: Cast) -> None:
    group = await in_thread(make_group)(people.me, people.peer)
    foreign = await in_thread(make_group)(people.peer, people.stranger)
    gone = await in_thread(make_group)(people.peer, people.me)
    await in_thread(partial(remove_member, user=people.peer, group=gone, person=people.me.pk))()
    for key, sent, read in ((group, 201, 200), (foreign, 404, 404), (gone, 403, 200)):
        for path, status, options in (
            (f"send/{key}", sent, {"json": {"text": "Hello"}}),
            (f"{key}", read, {}),
        ):
            method = "POST" if options else "GET"
            fast, django = (
                await ways.fast(method, f"/api/messages/{path}", **options),
                ways.django.calls,
            )
            assert fast.status_code == status
            same(fast, await ways.ordinary(method, f"/api/messages/{path}", **options))
            assert ways.django.calls == django + 1
    fast = await ways.fast("GET", "/api/messages/chats")
    same(fast, await ways.ordinary("GET", "/api/messages/chats"))
    roles = {chat["_id"]: (chat["role"], chat["canPost"]) for chat in fast.json()}
    assert roles == {group: ("owner", True), gone: (None, False)}


@pytest.mark.parametrize("reply", ["first", "0" * 24, "", None, "x", 5])
async def test_an_answer_names_its_message_by_either_way(
    ways: Ways, people: Cast, reply: Any
) -> None:
    first = await in_thread(make_message)(people.peer, people.me)
    body = {"text": "Yes", "replyTo": first.pk if reply == "first" else reply}
    path = f"/api/messages/send/{people.peer.pk}"
    fast = await ways.fast("POST", path, json=body)
    same(fast, await ways.ordinary("POST", path, json=body))
    assert fast.status_code == (201 if reply in ("first", "", None) else 400)
    if fast.status_code == 201:
        assert fast.json().get("replyTo") == (first.pk if reply == "first" else None)


async def test_changes_are_what_the_view_tells(ways: Ways, people: Cast) -> None:
    path = "/api/messages/sync"
    cursor = (await ways.fast("GET", path)).json()["cursor"]
    await in_thread(_a_conversation)(people)
    for query in ("", "?since=", f"?since={cursor}", f"?since={quote(cursor)}", "?since=AAAA"):
        fast, django = await ways.fast("GET", path + query), ways.django.calls
        same(fast, await ways.ordinary("GET", path + query))
        assert ways.django.calls == django + 1
    changes = (await ways.fast("GET", f"{path}?since={cursor}")).json()
    assert [message["seq"] for message in changes["messages"]] == [1, 2, 3, 4, 6, 7, 5]
    assert [chat["lastSeq"] for chat in changes["chats"]] == [7]


@pytest.mark.parametrize("piece", PIECES)
async def test_without_a_piece_all_reads_the_same(
    ways: Ways, people: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, piece: str
) -> None:
    cursor = (await ways.fast("GET", "/api/messages/sync")).json()["cursor"]
    await in_thread(_a_conversation)(people)
    group = await in_thread(make_group)(people.me, people.peer, people.stranger)
    await ways.fast("POST", f"/api/messages/send/{group}", json={"text": "https://example.com"})
    reads = [
        *("messages/chats", "messages/contacts?limit=2", f"messages/sync?since={cursor}"),
        *(f"messages/{people.peer.pk}", f"messages/{people.peer.pk}?limit=2", f"messages/{group}"),
        *("search?q=example", f"conversations/{group}/shared?kind=links"),
    ]
    ask = ways.ordinary if piece == "http" else ways.fast
    whole = [await ways.fast("GET", f"/api/{path}") for path in reads]
    monkeypatch.setattr(Select, "_prepare", _prepared_anew)
    settings.FAST = replace(settings.FAST, **{piece: False})
    for path, before in zip(reads, whole, strict=True):
        answer = await ask("GET", f"/api/{path}")
        same(answer, before)
        assert (answer.status_code, answer.json()) == (200, before.json())


def _prepared_anew(select: Any, shape: tuple[Any, ...], names: Iterable[str]) -> Prepared:
    """As by a process that has begun without the piece."""
    prepared: Prepared = select._compile(
        select._build(*shape, **{name: Parameter(name) for name in names})
    )
    return prepared


@pytest.mark.parametrize(
    "query", ["?since=1&since=2", "?since=%00", "?cursor=a", "?since=" + "A" * 1101]
)
async def test_odd_cursors_are_left_to_the_view(ways: Ways, people: Cast, query: str) -> None:
    fast = await ways.fast("GET", f"/api/messages/sync{query}")
    assert ways.django.calls == 1
    same(fast, await ways.ordinary("GET", f"/api/messages/sync{query}"))


@pytest.mark.parametrize(
    ("query", "django"),
    [
        *(("?limit=1", 0), ("?limit=2", 0), ("?limit=1000", 0), ("", 1), ("?limit=1001", 1)),
        *(("?limit=0", 1), ("?limit=2&search=a", 1), ("?limit=1&limit=2", 1), ("?cursor=x", 1)),
        *(("?limit=2&search=&cursor=", 0), ("?limit=002", 0), ("?limit=%FF", 1)),
    ],
)
async def test_contacts_are_what_the_view_tells(
    ways: Ways, people: Cast, query: str, django: int
) -> None:
    fast = await ways.fast("GET", f"/api/messages/contacts{query}")
    assert ways.django.calls == django
    same(fast, await ways.ordinary("GET", f"/api/messages/contacts{query}"))


async def test_the_browsable_page_is_left_to_the_view(ways: Ways, people: Cast) -> None:
    for path in ("/api/messages/chats", f"/api/messages/{people.peer.pk}"):
        page = await ways.fast("GET", path, headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
    assert ways.django.calls == 2


async def test_other_calls_are_none_of_its_business(ways: Ways, people: Cast) -> None:
    for method, path in [
        ("GET", "/api/auth/check"),
        ("HEAD", "/api/messages/chats"),
        ("OPTIONS", f"/api/messages/send/{people.peer.pk}"),
        ("DELETE", f"/api/messages/{people.peer.pk}"),
        ("GET", "/api/messages/contacts"),
        ("GET", "/"),
    ]:
        assert not await ways.is_fast(method, path), path


async def test_a_listed_front_end_gets_its_headers(ways: Ways, people: Cast) -> None:
    origin = "https://app.example.org"
    ways.settings.CLIENT_URLS = ways.settings.CORS_ALLOWED_ORIGINS = [origin]
    ways.settings.PUBLIC_URL = "https://chat.example.org"
    path = f"/api/messages/send/{people.peer.pk}"
    options = {"json": {"text": "Hello"}, "headers": {"Origin": origin}}

    fast = await ways.fast("POST", path, **options)

    assert ways.django.calls == 0
    assert fast.headers["access-control-allow-origin"] == origin
    same(fast, await ways.ordinary("POST", path, **options))


async def test_a_front_end_whose_pictures_need_an_address_is_left_to_django(
    ways: Ways, people: Cast
) -> None:
    ways.settings.CLIENT_URLS = [origin] = ["http://testserver:5173"]
    path = f"/api/messages/{people.peer.pk}"
    assert not await ways.is_fast("GET", path, headers={"Origin": origin})
    assert await ways.is_fast("GET", path, headers={"Origin": SITE})


async def test_a_foreign_host_is_left_to_django(ways: Ways, people: Cast) -> None:
    ways.settings.ALLOWED_HOSTS = ["chat.example.org"]
    fast = await ways.fast("GET", "/api/messages/chats", headers={"Host": "evil.example"})
    assert (fast.status_code, ways.django.calls) == (400, 1)


async def test_plain_http_of_an_https_site_is_left_to_django(ways: Ways) -> None:
    ways.settings.SECURE_SSL_REDIRECT = True
    assert not await ways.is_fast("GET", "/api/messages/chats")
    ways.settings.SECURE_SSL_REDIRECT = False
    assert await ways.is_fast("GET", "/api/messages/chats")


@pytest.mark.parametrize("count", [20, 200])
async def test_a_compressed_answer_reads_the_same(ways: Ways, people: Cast, count: int) -> None:
    await in_thread(make_messages)(people.me, people.peer, count)
    transport = httpx.ASGITransport(app=TRUSTED)
    headers = {"Cookie": f"jwt={people.token}", "Accept-Encoding": "gzip"}
    path = f"/api/messages/{people.peer.pk}"
    async with (
        httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers) as client,
        client.stream("GET", path) as response,
    ):
        raw = b"".join([piece async for piece in response.aiter_raw()])
    assert ways.django.calls == 0
    assert response.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(raw))) == count


async def test_while_the_database_is_away_both_say_so(
    people: Cast, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_away(*_arguments: Any, **_values: Any) -> None:
        raise OperationalError("connection to 10.0.0.7 failed")

    monkeypatch.setattr("accounts.principal._SESSION.first", be_away)
    monkeypatch.setattr("accounts.authentication.read_session", be_away)
    path = f"/api/messages/{people.peer.pk}"
    answer = await ways.fast("GET", path)
    same(answer, await ways.ordinary("GET", path))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
