"""The calls of the hot path, as the fast path answers them: the same rules, services and payloads
as in views.py, without Django's request handling and DRF.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings

from accounts.principal import Principal, live_principal
from accounts.tokens import Claims, InvalidToken, read_claims
from chatsite.fastpath import threads
from chatsite.fastpath.bulk import Bulk
from chatsite.fastpath.headers import Headers
from chatsite.fastpath.http import Call, Request
from chatsite.fastpath.responses import Response, compressed_here, response
from chatsite.keys import is_key
from chatsite.monitoring.trace import set_person
from chatsite.security.ratelimits import TooMany
from chatsite.security.request_limits import READS, SENDS, WRITES, Limit
from chatsite.serializers import plain_query
from messaging.api.links import link_from
from messaging.bodies import edit_of_body, mark_of_body, text_of_body
from messaging.payloads import chat_payload, sync_payload
from messaging.presence import online_users
from messaging.queries.chats import chats_of
from messaging.queries.history import history_page
from messaging.queries.people import contacts_page
from messaging.queries.privacy import rules
from messaging.queries.sync import changes_since
from messaging.serializers import ContactsQuery, HistoryQuery, SyncQuery
from messaging.services.batches import ChangeWrite, MarkWrite, SendWrite
from messaging.services.changes import MessageChange
from messaging.services.conversations import DeliveredMark, ReadMark
from messaging.services.messages import Sent
from messaging.services.reactions import ReactionChange
from messaging.shapes.reactions import canonical_emoji

PREFIX = "/api/messages/"
Query = dict[str, Any]


def find(method: str, path: str) -> tuple[Call, str] | None:
    if not path.startswith(PREFIX):
        return None
    rest = path[len(PREFIX) :]
    if call := _CALLS.get((method, rest)):
        return call, ""
    name, _slash, key = rest.rpartition("/")
    call = _CALLS_WITH_KEY.get((method, name))
    if call is None:
        key, _slash, name = name.partition("/")
        call = _CALLS_OF_MESSAGE.get((method, name))
    return (call, key) if call and is_key(key) else None


async def _send(request: Request) -> Response | None:
    claims, body = _claims(request), text_of_body(request.body)
    draft = body.draft(claims.user_id, request.key) if claims and body else None
    if draft is None or claims is None:
        return None
    limits = (WRITES, SENDS)
    work = SendWrite(draft=draft, respond=_sent_response, limits=limits, claims=claims)
    return await _written(work, claims, draft.conversation)


async def _written(work: Bulk, claims: Claims, key: str) -> Response | None:
    set_person(claims.user_id)
    try:
        written: Response = await threads.write(work, key=key)
    except InvalidToken:
        set_person("")  # it is nobody's any more
        return None
    return written


def _sent_response(sent: Sent) -> Response:
    return response(201 if sent.created else 200, sent.record)


async def _mark(request: Request, kind: type[ReadMark] = ReadMark) -> Response | None:
    claims, body = _claims(request), mark_of_body(request.body)
    if claims is None or body is None:
        return None
    mark = kind(claims.user_id, request.key, body.seq)
    work = MarkWrite(mark=mark, respond=_mark_response, limits=(WRITES,), claims=claims)
    return await _written(work, claims, mark.conversation)


def _mark_response(seq: int) -> Response:
    return response(200, {"seq": seq})


async def _react(request: Request, added: bool) -> Response | None:
    claims = _claims(request)
    emoji = canonical_emoji(request.scope["path"].rpartition("/")[2])
    if claims is None or emoji is None:
        return None
    change = ReactionChange(claims.user_id, request.key, emoji, added)
    return await _changed(change, claims, (WRITES,))


async def _edit(request: Request) -> Response | None:
    claims, body = _claims(request), edit_of_body(request.body)
    change = body.change(claims.user_id, request.key) if claims and body else None
    if change is None or claims is None:
        return None
    return await _changed(change, claims, (WRITES, SENDS))


async def _changed(
    change: MessageChange, claims: Claims, limits: Sequence[Limit]
) -> Response | None:
    work = ChangeWrite(change=change, respond=partial(response, 200), limits=limits, claims=claims)
    return await _written(work, claims, change.message_id)


async def _history(request: Request) -> Response | None:
    claims, query = _claims(request), plain_query(HistoryQuery, request.query)
    if query is None or claims is None:
        return None
    return await _read(request, claims, partial(_history_response, request, query))


def _history_response(request: Request, query: Query, principal: Principal) -> Response:
    page = history_page(principal, request.key, **query)
    headers = _link(request, "prev", before=page.before) if page.before else []
    return response(200, page.messages, headers)


async def _chats(request: Request) -> Response | None:
    claims = _claims(request)
    if request.query or claims is None:
        return None
    return await _read(request, claims, partial(_chats_response, await _online()))


def _chats_response(online: frozenset[str], principal: Principal) -> Response:
    online = rules().online_seen(principal.pk, online)
    chats = [chat_payload(chat, chat.peer.id in online) for chat in chats_of(principal)]
    return response(200, chats)


async def _sync(request: Request) -> Response | None:
    claims, query = _claims(request), plain_query(SyncQuery, request.query)
    if query is None or claims is None:
        return None
    return await _read(request, claims, partial(_sync_response, query, await _online()))


def _sync_response(query: Query, online: frozenset[str], principal: Principal) -> Response:
    changes = changes_since(principal, **query)
    return response(200, sync_payload(changes, rules().online_seen(principal.pk, online)))


async def _contacts(request: Request) -> Response | None:
    """The first of them: everybody at once, or whom a search finds, would hold up the others."""
    claims, query = _claims(request), plain_query(ContactsQuery, request.query)
    if claims is None or query is None or not query["limit"] or query["search"] or query["cursor"]:
        return None
    return await _read(request, claims, partial(_contacts_response, request, query))


def _contacts_response(request: Request, query: Query, principal: Principal) -> Response:
    page = contacts_page(principal, **query)
    headers = _link(request, "next", cursor=page.cursor) if page.cursor else []
    return response(200, page.people, headers)


async def _read(
    request: Request, claims: Claims, respond: Callable[[Principal], Response]
) -> Response | None:
    """In a database thread, once it has counted."""

    def read() -> Response | None:
        principal = _counted(request, claims)
        if principal is None:
            return None
        answer = respond(principal)
        return compressed_here(answer) if request.plain.takes_gzip else answer

    return await threads.read(read, key=claims.user_id)


def _claims(request: Request) -> Claims | None:
    """None for whoever the view has to refuse."""
    try:
        claims = read_claims(request.plain.token)
    except InvalidToken:
        return None
    return claims if request.plain.expected_user in (None, claims.user_id) else None


def _counted(request: Request, claims: Claims) -> Principal | None:
    """None for whoever the view has to refuse, or to give the next token. Raises TooMany."""
    if request.plain.by_cookie and claims.is_due:
        return None
    try:
        principal = live_principal(claims)
    except InvalidToken:
        return None
    try:
        request.limits.check(READS, principal.pk)
    except TooMany as error:
        raise TooMany(error.wait, principal.language) from None
    return principal


async def _online() -> frozenset[str]:
    """Redis may be asked, and stand still: nobody else waits for it."""
    return await asyncio.to_thread(online_users) if settings.REDIS_URL else online_users()


def _link(request: Request, rel: str, **params: str | int) -> Headers:
    return [(b"link", link_from(request.url, rel, **params).encode())]


_MESSAGES = "api/messages/<str:peer>"
_REACTION = "api/messages/<str:message>/reactions/<str:emoji>"
_CALLS = {
    ("GET", "sync"): Call("api/messages/sync", b"GET, HEAD, OPTIONS", _sync),
    ("GET", "contacts"): Call("api/messages/contacts", b"GET, HEAD, OPTIONS", _contacts),
    ("GET", "chats"): Call("api/messages/chats", b"GET, HEAD, OPTIONS", _chats),
}
_CALLS_WITH_KEY = {
    ("POST", "send"): Call("api/messages/send/<str:peer>", b"POST, OPTIONS", _send),
    ("PUT", "read"): Call("api/messages/read/<str:peer>", b"PUT, PATCH, OPTIONS", _mark),
    ("PUT", "delivered"): Call(
        "api/messages/delivered/<str:peer>",
        b"PUT, OPTIONS",
        partial(_mark, kind=DeliveredMark),
    ),
    ("GET", ""): Call(_MESSAGES, b"GET, PUT, DELETE, HEAD, OPTIONS", _history),
    ("PUT", ""): Call(_MESSAGES, b"GET, PUT, DELETE, HEAD, OPTIONS", _edit),
}
_CALLS_OF_MESSAGE = {
    ("PUT", "reactions"): Call(_REACTION, b"PUT, DELETE, OPTIONS", partial(_react, added=True)),
    ("DELETE", "reactions"): Call(_REACTION, b"PUT, DELETE, OPTIONS", partial(_react, added=False)),
}
