"""Forwarding messages to other chats: copies, of which nobody learns where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.errors import Busy, DomainError
from chatsite.security.request_limits import check_messages
from chatsite.text import is_blank
from messaging.models import Attachment, Message, MessageKind
from messaging.queries.attachments import attachments_of
from messaging.queries.visibility import find_messages, was_deleted
from messaging.services.attachments import share_files
from messaging.services.drafts import Draft, is_client_id, new_draft
from messaging.services.messages import Outcome, Sent, send_together
from messaging.services.pictures import settle_later, share

CHATS = 20
COPIES = 100  # that one call may make, its text included
PICTURE = ("image", "thumbnail", "image_width", "image_height")


@dataclass(frozen=True, slots=True)
class Forwarded:
    sent: list[Sent]  # chat by chat, in the order requested
    refused: dict[str, DomainError]  # by peer: to whom nothing was sent


def forward_messages(
    *,
    user: Principal | User,
    message_ids: Sequence[str],
    to: Sequence[str],
    client_message_id: str,
    text: str = "",
) -> Forwarded:
    """Sends copies of messages to each of several chats, after `text` if there is one. Each copy is
    sent once per client message id, however often this is repeated.

    Refusals are returned for each chat; when all chats refuse, the first refusal is raised. Raises
    DomainError: 400 for too many of anything and for system messages, 404 for messages that `user`
    cannot see, 409 for deleted ones, TooMany (429).
    """
    text = "" if is_blank(text) else text
    _check(message_ids, to, client_message_id)
    copies = len(to) * (len(message_ids) + bool(text))
    if copies > COPIES:
        message = _("Forward at most %(limit)s messages at once, over all chats.")
        raise DomainError(message % {"limit": COPIES}, code="too_many")
    check_messages(user.pk, copies)
    originals = find_messages(user, message_ids)
    _check_originals(originals)
    files = attachments_of(message.pk for message in originals if message.attachments)
    drafts: dict[str, list[Draft]] = {}
    refused: dict[str, DomainError] = {}
    for peer in to:
        try:
            drafts[peer] = _drafts(user.pk, peer, text, originals, files, client_message_id)
        except DomainError as error:
            refused[peer] = error
    pictures = [message for message in originals if message.image]
    share(map(_picture, pictures))
    share_files(each for some in files.values() for each in some)
    sent: list[Sent] = []
    for peer, outcomes in _sent(drafts).items():
        for outcome in outcomes:
            if isinstance(outcome, DomainError):
                refused[peer] = outcome
            else:
                sent.append(outcome)
    _settle(pictures)
    if not sent:
        raise next(iter(refused.values()))
    return Forwarded(sent, refused)


def _check(message_ids: Sequence[str], to: Sequence[str], client_message_id: str) -> None:
    if not is_client_id(client_message_id):
        message = _("A clientMessageId is required.")
        raise DomainError(message, code="client_id", errors={"clientMessageId": [message]})
    if not message_ids or len(set(message_ids)) < len(message_ids):
        message = _("Name the messages to forward, each once.")
        raise DomainError(message, code="messages", errors={"messageIds": [message]})
    if not to or len(set(to)) < len(to) or len(to) > CHATS:
        message = _("Name the chats to forward to, each once: at most %(limit)s.")
        message %= {"limit": CHATS}
        raise DomainError(message, code="chats", errors={"to": [message]})


def _check_originals(originals: Sequence[Message]) -> None:
    if any(message.deleted for message in originals):
        raise was_deleted()
    if any(message.kind == MessageKind.SYSTEM for message in originals):
        raise DomainError(_("System messages cannot be forwarded."), code="system")
    if any(message.view_once for message in originals):
        raise DomainError(_("What is seen once cannot be forwarded."), code="view_once")


def _drafts(
    sender_id: str,
    peer: str,
    text: str,
    originals: Sequence[Message],
    files: Mapping[str, Sequence[Attachment]],
    client_message_id: str,
) -> list[Draft]:
    """Raises DomainError for what cannot be sent to that peer."""
    drafts = []
    if text:
        key = _copy_id(client_message_id, peer, text)
        drafts.append(
            new_draft(sender_id=sender_id, receiver_id=peer, text=text, client_message_id=key)
        )
    for message in originals:
        draft = new_draft(
            sender_id=sender_id,
            receiver_id=peer,
            text=message.text,
            client_message_id=_copy_id(client_message_id, peer, message.pk),
            has_picture=bool(message.image),
            copied=files.get(message.pk, ()),
        )
        picture = _picture(message) if message.image else {}
        drafts.append(msgspec.structs.replace(draft, picture=picture, forwarded=True))
    return drafts


def _copy_id(client_message_id: str, peer: str, what: str) -> str:
    """The same each time: of two chats, two messages or two texts another."""
    return blake2b(f"{client_message_id}\0{peer}\0{what}".encode(), digest_size=16).hexdigest()


def _picture(message: Message) -> dict[str, str | int]:
    return {name: getattr(message, name) for name in PICTURE}


def _sent(drafts: dict[str, list[Draft]]) -> dict[str, list[Outcome]]:
    """What became of each, by peer: all in one transaction, but for chats that others hold, which
    are waited for afterwards.
    """
    if not drafts:
        return {}
    together = iter(send_together([draft for some in drafts.values() for draft in some]))
    outcomes = {peer: [next(together) for _draft in some] for peer, some in drafts.items()}
    for peer, some in outcomes.items():
        if any(isinstance(outcome, Busy) for outcome in some):
            try:
                outcomes[peer] = send_together(drafts[peer])
            except Busy as busy:
                outcomes[peer] = [busy]
    return outcomes


def _settle(pictures: Sequence[Message]) -> None:
    """What was deleted meanwhile: its picture may have been put out of reach before the copies were
    there.
    """
    keys = [message.pk for message in pictures]
    if keys:
        for message in Message.objects.filter(pk__in=keys, deleted=True):
            settle_later(message)
