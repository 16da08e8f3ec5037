"""Frames from the client: `{"event": "<name>", "data": {…}}`.

Errors are sent in response, never raised.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite import disconnect, strict_json
from chatsite.db import in_thread
from chatsite.errors import Busy, DomainError, error_payload, is_away
from chatsite.fastpath.threads import read, write
from chatsite.keys import is_key
from chatsite.live.broadcast import broadcast
from chatsite.security.ratelimits import TooMany
from chatsite.security.request_limits import SENDS, WRITES, Limit, check, check_message
from chatsite.serializers import checked
from messaging import events, recipients
from messaging.bodies import text_of_frame
from messaging.models import is_group, saved_key
from messaging.payloads import forwarded_payload, sent_payload, typing_payload
from messaging.queries.members import are_acquainted
from messaging.queries.privacy import cached_rules
from messaging.queries.reactions import checked_emoji
from messaging.queries.visibility import members_of
from messaging.realtime import aliases, connection_limits
from messaging.realtime.presence.broadcaster import broadcaster
from messaging.serializers import (
    EditSerializer,
    ForwardSerializer,
    ReactSerializer,
    ReadMarkSerializer,
    SendSerializer,
    WhomSerializer,
)
from messaging.services.batches import ChangeWrite, MarkWrite, SendWrite
from messaging.services.changes import MessageChange
from messaging.services.conversations import DeliveredMark, ReadMark
from messaging.services.deletions import delete_messages
from messaging.services.drafts import Draft, is_client_id, unknown_receiver
from messaging.services.edits import new_edit
from messaging.services.forwarding import forward_messages
from messaging.services.messages import Sent, send_message
from messaging.services.pins import pin, unpin
from messaging.services.reactions import ReactionChange
from messaging.shapes.payload_types import MessagesForwardedPayload, RefusalPayload, SentPayload
from messaging.shapes.record import MessageRecord

if TYPE_CHECKING:
    from messaging.realtime.connection import Connection

logger = logging.getLogger(__name__)
Data = dict[str, Any]
Pinning = Callable[..., MessageRecord]


async def handle(connection: "Connection", text: str | None) -> None:
    data: Data = {}
    try:
        if draft := _draft(connection, text):
            data = {"clientMessageId": draft.client_message_id}
            work = SendWrite(
                draft=draft,
                respond=_sent_response,
                limits=(WRITES, SENDS),
                language=connection.language,
            )
            response = await write(work, key=draft.conversation)
            connection.send_event(events.MESSAGE_SENT, response)
        else:
            name, data = _parsed(text)
            await _COMMANDS[name](connection, data)
    except Busy:  # with the words that others use
        connection.send_event(events.ERROR, _error(Busy(), data))
    except DomainError as error:
        connection.send_event(events.ERROR, _error(error, data))
    except Exception as error:
        logger.exception("a frame could not be handled")
        wrong = DomainError(_("Something went wrong here. Please try again."), 500)
        connection.send_event(events.ERROR, _error(Busy() if is_away(error) else wrong, data))


def too_many(wait: float) -> RefusalPayload:
    return _error(TooMany(wait), {})


def _draft(connection: "Connection", text: str | None) -> Draft | None:
    """Of a frame that sends text to somebody, once; the others are read, or refused, below."""
    sent = text_of_frame(text) if text else None
    if sent is None or not sent.clientMessageId:
        return None
    return sent.draft(connection.user_id, sent.receiverId or "", connection.channel_name)


def _sent_response(sent: Sent) -> SentPayload:
    return sent_payload(sent.record)


async def _send_message(connection: "Connection", data: Data) -> None:
    if data.get("image"):
        disconnect.current().listen()
    connection.send_event(events.MESSAGE_SENT, await in_thread(partial(_sent, connection, data))())


def _sent(connection: "Connection", data: Data) -> SentPayload:
    check(WRITES, connection.user_id)
    fields = checked(SendSerializer, data)
    if not fields["client_message_id"]:
        raise DomainError(_("A clientMessageId is required."), code="client_id")
    check_message(connection.user_id, fields["image"])
    peer = _key(data, "receiverId")
    sent = send_message(
        sender=connection.principal, peer=peer, origin=connection.channel_name, **fields
    )
    return _sent_response(sent)


async def _typing(connection: "Connection", data: Data, event: str = events.TYPING) -> None:
    _check_signal(connection)
    receiver_id = _key(data, "receiverId")
    if receiver_id == saved_key(connection.user_id):
        return  # nobody else is there
    people, me, shown = [receiver_id], connection.user_id, cached_rules()
    if is_group(receiver_id):
        people = await read(partial(members_of, receiver_id), key=me)
        if me not in people:
            raise unknown_receiver()
    elif shown.has_requests and not await read(partial(are_acquainted, me, receiver_id), key=me):
        return
    if others := [key for key in shown.seen("typing", me, people) if key != me]:
        message = events.relay(event, typing_payload(me, receiver_id))
        broadcast(recipients.of(others), message)


async def _delete_message(connection: "Connection", data: Data) -> None:
    """The response is the event that all concerned receive."""
    await in_thread(partial(_deleted, connection, data))()


def _deleted(connection: "Connection", data: Data) -> None:
    check(WRITES, connection.user_id)
    whom = checked(WhomSerializer, data)["whom"]
    keys = [str(data.get("messageId"))]
    delete_messages(user=connection.principal, message_ids=keys, whom=whom)


async def _edit_message(connection: "Connection", data: Data) -> None:
    await _change(connection, data, _edit, (WRITES, SENDS))


def _edit(person: str, data: Data) -> MessageChange:
    return new_edit(person, str(data.get("messageId")), **checked(EditSerializer, data))


async def _react(connection: "Connection", data: Data) -> None:
    await _change(connection, data, _reaction, (WRITES,))


def _reaction(person: str, data: Data) -> MessageChange:
    fields = checked(ReactSerializer, data)
    emoji = checked_emoji(fields["emoji"])
    return ReactionChange(person, fields["message_id"], emoji, added=not fields["remove"])


async def _change(
    connection: "Connection",
    data: Data,
    read: Callable[[str, Data], MessageChange],
    limits: Sequence[Limit],
) -> None:
    """The response is the event that everybody receives."""
    try:
        change = read(connection.user_id, data)
    except DomainError:
        await in_thread(check)(WRITES, connection.user_id)  # it counts all the same
        raise
    work = ChangeWrite(
        change=change,
        respond=lambda record: record,
        limits=limits,
        language=connection.language,
    )
    await write(work, key=change.message_id)


async def _pin(connection: "Connection", data: Data, change: Pinning = pin) -> None:
    """The response is the event that everybody receives."""
    await in_thread(partial(_pinned, connection, data, change))()


def _pinned(connection: "Connection", data: Data, change: Pinning) -> None:
    check(WRITES, connection.user_id)
    change(user=connection.principal, message_id=str(data.get("messageId")))


async def _forward_messages(connection: "Connection", data: Data) -> None:
    response = await in_thread(partial(_forwarded, connection, data))()
    connection.send_event(events.MESSAGES_FORWARDED, response)


def _forwarded(connection: "Connection", data: Data) -> MessagesForwardedPayload:
    check(WRITES, connection.user_id)
    fields = checked(ForwardSerializer, data)
    forwarded = forward_messages(user=connection.principal, **fields)
    records = [sent.record for sent in forwarded.sent]
    response = forwarded_payload(records, forwarded.refused)
    return {"clientMessageId": fields["client_message_id"], **response}


async def _mark(connection: "Connection", data: Data, kind: type[ReadMark] = ReadMark) -> None:
    _check_signal(connection)
    fields = checked(ReadMarkSerializer, data)
    mark = kind(connection.user_id, _key(data, "peerId"), fields["seq"])
    work = MarkWrite(mark=mark, respond=lambda seq: seq, language=connection.language)
    await write(work, key=mark.conversation)


async def _active(connection: "Connection", data: Data, is_active: bool = True) -> None:
    _check_signal(connection)
    broadcaster().set_active(connection, is_active)


async def _ping(connection: "Connection", data: Data) -> None:
    connection.send_event(events.PONG, {})


_COMMANDS: dict[str, Callable[["Connection", Data], Awaitable[None]]] = {
    "sendMessage": _send_message,
    "typing": _typing,
    "stopTyping": partial(_typing, event=events.STOPPED_TYPING),
    "forwardMessages": _forward_messages,
    "react": _react,
    "pinMessage": _pin,
    "unpinMessage": partial(_pin, change=unpin),
    "markRead": _mark,
    "markDelivered": partial(_mark, kind=DeliveredMark),
    "editMessage": _edit_message,
    "deleteMessage": _delete_message,
    "active": _active,
    "inactive": partial(_active, is_active=False),
    "ping": _ping,
}


def _check_signal(connection: "Connection") -> None:
    if wait := connection_limits.take_signal(connection.user_id):
        raise TooMany(wait)


def _key(data: Data, name: str) -> str:
    if not is_key(key := data.get(name)):
        raise DomainError(_("Receiver not found."), 404)
    return key


def _parsed(text: str | None) -> tuple[str, Data]:
    if text is None:
        raise DomainError(_("Frames are JSON text."))
    if len(text) > settings.MAX_BODY_BYTES:
        raise DomainError(_("The frame is too large."), 413)
    try:
        frame = strict_json.loads(text)
    except ValueError:
        raise DomainError(_("The frame is not valid JSON.")) from None
    name = frame.get("event") if isinstance(frame, dict) else None
    data = frame.get("data", {}) if isinstance(frame, dict) else None
    if not isinstance(name, str) or not isinstance(data, dict):
        raise DomainError(_('A frame looks like {"event": "<name>", "data": {…}}.'))
    name = aliases.COMMANDS.get(name, name)
    if name not in _COMMANDS:
        raise DomainError(_("There is no such event."))
    return name, data


def _error(error: DomainError, data: Data) -> RefusalPayload:
    payload = cast(RefusalPayload, error_payload(error) | {"status": error.status})
    client_message_id = data.get("clientMessageId")
    if is_client_id(client_message_id):
        payload["clientMessageId"] = client_message_id
    if error.wait:
        payload["retryAfter"] = error.wait
    return payload
