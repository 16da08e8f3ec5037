"""A message before it is sent. What may be one is said here, for every way to send it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard

import msgspec
from django.utils.translation import gettext as _

from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from chatsite.text import is_blank, is_storable
from messaging.models import Attachment, conversation_key, saved_key
from messaging.models.attachment import CAPTION_LENGTH
from messaging.models.conversation import CLIENT_ID_LENGTH
from messaging.shapes.attachments import ATTACHMENTS
from messaging.shapes.mentions import MENTIONS
from messaging.shapes.system_messages import SystemDetails

TEXT_LENGTH = 10_000
_CLIENT_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{CLIENT_ID_LENGTH}}}")


class Draft(msgspec.Struct, frozen=True):
    """`new_draft` makes it: a draft is valid."""

    sender_id: str
    receiver_id: str  # as the wire names it: a person or a group
    conversation: str  # its key
    text: str
    client_message_id: str = ""
    origin: str = ""  # the socket that sends, if one does
    picture: dict[str, str | int] = {}  # the message's fields, once it is stored
    reply_to: str = ""  # the key of the message that it replies to
    mentions: Sequence[str] = ()  # people, some of whom may not be in the group
    forwarded: bool = False
    attachments: Sequence[str] = ()  # the sender's own uploads, not sent before
    captions: Mapping[str, str] = {}  # of some of them, by their keys
    view_once: bool = False  # them, and nothing else that it has
    copied: Sequence[Attachment] = ()  # those of the message that this is a copy of
    is_scheduled: bool = False  # sent by itself: its sender need not have read what is there
    system: SystemDetails | None = None  # of a message that no client can send: `system_draft`
    taken: set[str] = set()  # the allowances that it was counted by, also if it has to be repeated


def new_draft(
    *,
    sender_id: str,
    receiver_id: str,
    text: str = "",
    client_message_id: str = "",
    has_picture: bool = False,
    origin: str = "",
    reply_to: str = "",
    mentions: Sequence[str] | None = None,
    attachments: Sequence[str] | None = None,
    captions: Mapping[str, str] | None = None,
    view_once: bool | None = None,
    copied: Sequence[Attachment] = (),
) -> Draft:
    """Raises DomainError: 400, and 404 for what can be nobody's key."""
    text = checked_text(text)
    _check_client_id(client_message_id)
    if not (text or has_picture or attachments or copied):
        raise empty_message()
    if receiver_id == sender_id:
        raise DomainError(_("Cannot send messages to yourself."), code="self")
    if not is_key(receiver_id):
        raise unknown_receiver()
    if reply_to and not is_key(reply_to):
        raise unknown_reply()
    check_mentions(mentions or ())
    _check_attachments(attachments or ())
    if view_once and (text or captions or has_picture or receiver_id == saved_key(sender_id)):
        raise not_view_once()
    return Draft(
        sender_id=sender_id,
        receiver_id=receiver_id,
        conversation=conversation_key(sender_id, receiver_id),
        text=text,
        client_message_id=client_message_id,
        origin=origin,
        reply_to=reply_to,
        mentions=mentions or (),
        attachments=attachments or (),
        captions=checked_captions(captions or {}, attachments or ()),
        view_once=bool(view_once),
        copied=copied,
    )


def system_draft(peer: str, details: SystemDetails) -> Draft:
    """A message to those in a conversation about what somebody changed in it."""
    conversation = conversation_key(details.by.id, peer)
    return Draft(details.by.id, peer, conversation, text="", system=details)


def empty_message() -> DomainError:
    return DomainError(_("Text or image is required."), code="empty")


def unknown_receiver() -> NotFound:
    return NotFound(_("Receiver not found."))


def check_mentions(people: Sequence[str]) -> None:
    """Raises DomainError 400."""
    if len(people) > MENTIONS:
        message = _("A message can mention at most %(limit)s people.") % {"limit": MENTIONS}
    elif not all(map(is_key, people)) or len(set(people)) < len(people):
        message = _("Mentions are the keys of people, each once.")
    else:
        return
    raise DomainError(message, code="mentions", errors={"mentions": [message]})


def _check_attachments(keys: Sequence[str]) -> None:
    if len(keys) > ATTACHMENTS:
        message = _("A message can have at most %(limit)s attachments.") % {"limit": ATTACHMENTS}
    elif not all(map(is_key, keys)) or len(set(keys)) < len(keys):
        message = _("Attachments are the keys of uploads, each once.")
    else:
        return
    raise DomainError(message, code="attachments", errors={"attachments": [message]})


def checked_captions(captions: Mapping[str, str], attachments: Iterable[str]) -> dict[str, str]:
    """Of those attachments. Raises DomainError 400."""
    checked = {key: "" if is_blank(caption) else caption for key, caption in captions.items()}
    if captions.keys() - set(attachments):
        message = _("Captions are of attachments of the message.")
    elif not all(map(is_storable, checked.values())):
        message = _("The text has characters that cannot be stored.")
    elif any(len(caption) > CAPTION_LENGTH for caption in checked.values()):
        message = _("A caption is too long: at most %(limit)s characters.")
        message %= {"limit": f"{CAPTION_LENGTH:,}"}
    else:
        return checked
    raise DomainError(message, code="captions", errors={"captions": [message]})


def unknown_attachment() -> DomainError:
    message = _("There is no such upload of yours, or it was sent before.")
    return DomainError(message, code="attachments", errors={"attachments": [message]})


def voice_mixed() -> DomainError:
    message = _("A voice message is sent without other files.")
    return DomainError(message, code="attachments", errors={"attachments": [message]})


def not_view_once() -> DomainError:
    message = _("Only uploaded pictures, or a voice message, can be seen once, and without words.")
    return DomainError(message, code="view_once", errors={"view_once": [message]})


def unknown_reply() -> DomainError:
    message = _("The message that this one answers is not there.")
    return DomainError(message, code="reply_to", errors={"replyTo": [message]})


def checked_text(text: str) -> str:
    """Nothing for what nobody would see. Raises DomainError 400."""
    if is_blank(text):
        return ""
    if not is_storable(text):
        raise _text_error(_("The text has characters that cannot be stored."))
    if len(text) > TEXT_LENGTH:
        message = _("The text is too long: at most %(limit)s characters.")
        raise _text_error(message % {"limit": f"{TEXT_LENGTH:,}"})
    return text


def _text_error(message: str) -> DomainError:
    return DomainError(message, code="text", errors={"text": [message]})


def is_client_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _CLIENT_ID.fullmatch(value) is not None


def _check_client_id(client_message_id: str) -> None:
    if client_message_id and not is_client_id(client_message_id):
        message = _(
            "The client message id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -."
        )
        raise DomainError(message, code="client_id", errors={"client_message_id": [message]})
