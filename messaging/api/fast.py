"""The calls of the hot path, as the fast path answers them: the same rules, services and payloads
as in views.py, without Django's request handling and DRF.
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.caller import Caller, live_caller
from accounts.tokens import Claims, InvalidToken, read_claims
from chatsite.errors import NotFound
from chatsite.fastpath import threads
from chatsite.fastpath.answers import Answer, answer, answer_of_json, compressed_here
from chatsite.fastpath.headers import Headers
from chatsite.fastpath.http import Call, Request
from chatsite.guard.counting import READS, SENDS, WRITES, Limit
from chatsite.guard.ratelimits import check_message
from chatsite.keys import is_key
from chatsite.monitoring.trace import note_person
from messaging.api.links import link_from
from messaging.chats import chats_of
from messaging.models import direct_key
from messaging.payloads import chat_payload, message_payload
from messaging.plain_chats import plain_chats
from messaging.plain_history import plain_history
from messaging.plain_sends import PlainSend, from_json
from messaging.presence import online_users
from messaging.querysets import find_user, history, is_person
from messaging.serializers import PAGE
from messaging.services.at_once import Sending
from messaging.services.messages import send_message
from messaging.shapes import MessagePayload

PREFIX = "/api/messages/"
_NUMBER = re.compile("[1-9][0-9]{0,14}")


def find(method: str, path: str) -> tuple[Call, str] | None:
    if not path.startswith(PREFIX):
        return None
    rest = path[len(PREFIX) :]
    if call := _CALLS.get((method, rest)):
        return call, ""
    name, _slash, key = rest.rpartition("/")
    call = _CALLS_WITH_KEY.get((method, name))
    return (call, key) if call and is_key(key) else None


async def _send(request: Request) -> Answer | None:
    body = from_json(request.body)
    claims = _claims(request)
    if body is None or claims is None or claims.user_id == request.key:
        return None
    conversation = direct_key(claims.user_id, request.key)
    work = _sending(request, claims, body, conversation)
    sent: Answer | None = await threads.write(work, about=conversation)
    if sent:
        note_person(claims.user_id)
    return sent


def _sending(
    request: Request, claims: Claims, body: PlainSend, conversation: str
) -> Sending | Callable[[], Answer | None]:
    alone = partial(_sent, request, claims, body)
    if request.asking.expected_user not in (None, claims.user_id):
        return alone
    return Sending(
        alone=alone,
        answer=_created,
        sender_id=claims.user_id,
        peer_id=request.key,
        conversation=conversation,
        **body.fields,
        limits=(WRITES, SENDS),
        once=request.once,
        claims=claims,
    )


def _created(payload: MessagePayload) -> Answer:
    return answer(201, payload)


def _sent(request: Request, claims: Claims, body: PlainSend) -> Answer | None:
    caller = _counted(request, claims, WRITES)
    if caller is None:
        return None
    check_message(caller.pk, None, request.once)
    sent = send_message(sender=caller, peer=request.key, **body.fields)
    return answer(201 if sent.created else 200, sent.payload)


async def _history(request: Request) -> Answer | None:
    page = _plain_page(request.query)
    claims = _claims(request)
    if page is None or claims is None:
        return None
    work = partial(_read, request, claims, *page)
    return await threads.read(work, about=claims.user_id)


def _plain_page(query: str) -> tuple[int, int | None] | None:
    """`limit` and `before`; None for what the view has to look at."""
    given: dict[str, int] = {}
    for part in query.split("&") if query else ():
        name, _equals, number = part.partition("=")
        if name in given or name not in ("limit", "before") or not _NUMBER.fullmatch(number):
            return None
        given[name] = int(number)
    limit = given.get("limit", PAGE)
    return (limit, given.get("before")) if limit <= PAGE else None


def _read(request: Request, claims: Claims, limit: int, before: int | None) -> Answer | None:
    caller = _counted(request, claims, READS)
    if caller is None:
        return None
    page = plain_history(caller.pk, request.key, before=before, limit=limit)
    if page is None:
        return _read_models(request, caller, limit, before)
    if not page.messages and not is_person(request.key):
        raise NotFound(_("No such person."))
    body = f"[{','.join(page.messages)}]".encode()
    return _packed(request, answer_of_json(200, body, _previous(request, page.before)))


def _read_models(request: Request, caller: Caller, limit: int, before: int | None) -> Answer:
    peer = find_user(request.key)
    if peer is None:
        raise NotFound(_("No such person."))
    messages = history(caller, peer, before=before, limit=limit + 1)
    page = messages[-limit:]
    headers = _previous(request, page[0].seq if len(messages) > limit else None)
    return answer(200, [message_payload(message) for message in page], headers)


def _previous(request: Request, before: int | None) -> Headers:
    if before is None:
        return []
    return [(b"link", link_from(request.url, "prev", before=before).encode())]


def _claims(request: Request) -> Claims | None:
    try:
        return read_claims(request.asking.token)
    except InvalidToken:
        return None


def _counted(request: Request, claims: Claims, limit: Limit) -> Caller | None:
    """None for whoever the view has to refuse. Raises TooMany."""
    if request.asking.expected_user not in (None, claims.user_id):
        return None
    try:
        caller = live_caller(claims)
    except InvalidToken:
        return None
    request.once.check(limit, caller.pk)
    return caller


async def _chats(request: Request) -> Answer | None:
    claims = _claims(request)
    if request.query or claims is None:
        return None
    # Redis may be asked, and stand still: nobody else waits for it.
    online = await asyncio.to_thread(online_users) if settings.REDIS_URL else online_users()
    return await threads.read(partial(_listed, request, claims, online), about=claims.user_id)


def _listed(request: Request, claims: Claims, online: frozenset[str]) -> Answer | None:
    caller = _counted(request, claims, READS)
    if caller is None:
        return None
    chats = plain_chats(caller.pk, online)
    if chats is not None:
        return _packed(request, answer_of_json(200, f"[{','.join(chats)}]".encode()))
    return answer(200, [chat_payload(chat, chat.peer.pk in online) for chat in chats_of(caller)])


def _packed(request: Request, answer: Answer) -> Answer:
    return compressed_here(answer) if request.asking.takes_gzip else answer


_CALLS = {
    ("GET", "chats"): Call("api/messages/chats", b"GET, HEAD, OPTIONS", _chats),
}
_CALLS_WITH_KEY = {
    ("POST", "send"): Call("api/messages/send/<str:peer>", b"POST, OPTIONS", _send),
    ("GET", ""): Call("api/messages/<str:peer>", b"GET, DELETE, HEAD, OPTIONS", _history),
}
