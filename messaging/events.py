"""The only place where a live event is named, and published: after the commit, encoded once for all
receivers.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.utils.functional import Promise

from chatsite.db import on_commit
from chatsite.live.broadcast import broadcast
from messaging.models import is_group
from messaging.shapes.record import MessageRecord

GET_ONLINE_USERS = "getOnlineUsers"
PRESENCE_CHANGED = "presenceChanged"
NEW_MESSAGE = "newMessage"
MESSAGE_SENT = "messageSent"
MESSAGES_FORWARDED = "messagesForwarded"
MESSAGE_EDITED = "messageEdited"
MESSAGE_DELETED = "messageDeleted"
MESSAGE_RESTORED = "messageRestored"
MESSAGES_READ = "messagesRead"
MESSAGES_DELIVERED = "messagesDelivered"
HISTORY_CHANGED = "historyChanged"
CHAT_CHANGED = "chatChanged"
PRIVACY_CHANGED = "privacyChanged"
ACCOUNT_CHANGED = "accountChanged"
REACTION_CHANGED = "reactionChanged"
MESSAGE_LISTENED = "messageListened"
MESSAGE_OPENED = "messageOpened"
MESSAGE_PINNED = "messagePinned"
MESSAGE_UNPINNED = "messageUnpinned"
GROUP_CHANGED = "groupChanged"
GROUP_LEFT = "groupLeft"
SCHEDULED_CHANGED = "scheduledChanged"
SCHEDULED_REMOVED = "scheduledRemoved"
REMINDER_CHANGED = "reminderChanged"
REMINDER_DUE = "reminderDue"
REMINDER_REMOVED = "reminderRemoved"
TYPING = "typing"
STOPPED_TYPING = "stoppedTyping"
PONG = "pong"
ERROR = "error"


Data = Mapping[str, Any] | msgspec.Struct
Event = tuple[str, Data, list[str], str]
"""Its name, its data, the groups that receive it, and the socket that gets a response instead."""


def publish(event: str, data: Data, *, to: list[str], origin: str = "") -> None:
    """Sends `{event, data}` to the groups after the commit.

    `origin` names the socket that gets its own response instead.
    """
    publish_all([(event, data, to, origin)])


def publish_all(events: Iterable[Event]) -> None:
    """One after the other."""
    messages = [(to, relay(event, data, origin=origin)) for event, data, to, origin in events]
    on_commit(lambda: _broadcast_all(messages))


def _broadcast_all(messages: Sequence[tuple[list[str], dict[str, Any]]]) -> None:
    committed_at = time.time()
    for to, message in messages:
        broadcast(to, {**message, "committed_at": committed_at})


def relay(event: str, data: Data, *, origin: str = "") -> dict[str, Any]:
    """The message that the relay handler of a connection passes on.

    `author` is who wrote the new message: not all of their sockets want to hear of it. `group` is
    where somebody writes, or is about to. `language` is what they read from now on.
    """
    author = receiver = ""
    if isinstance(data, MessageRecord):
        if event == NEW_MESSAGE:
            author, receiver = data.sender_id, data.receiver_id
    elif event in (TYPING, STOPPED_TYPING) and isinstance(data, Mapping):
        receiver = data["receiverId"]
    message = {"type": "relay", "frame": frame(event, data), "origin": origin, "author": author}
    if event == ACCOUNT_CHANGED and isinstance(data, Mapping):
        message["language"] = data["language"]
    return {**message, "group": receiver} if is_group(receiver) else message


def frame(event: str, data: object) -> str:
    return _encode({"event": event, "data": data}).decode()


def beginning(event: str) -> str:
    """What a frame of this event begins with."""
    return f'{{"event":"{event}",'


def _plain(value: object) -> str:
    """Texts of Django's that are marked as safe, or translated late."""
    if isinstance(value, str | Promise):
        return str.__str__(str(value))
    raise TypeError(f"{type(value).__name__} is not for a frame")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
