"""Editing messages: their own senders, for a while after sending."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from accounts.services.filters import check_words
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.fastpath.statements import Insert, Update, run_batch
from chatsite.keys import new_key
from chatsite.text import has_link
from messaging import events, recipients
from messaging.models import Message, MessageEdit, MessageKind, is_group
from messaging.queries.attachments import attachments_of
from messaging.queries.visibility import was_deleted
from messaging.services.changes import MessageChange, change_alone
from messaging.services.conversations import INSTANT, LockedConversation
from messaging.services.drafts import check_mentions, checked_captions, checked_text, empty_message
from messaging.services.filters import check_new_links, is_filtered, report_held
from messaging.services.link_previews import kept_preview, preview_later
from messaging.services.messages import check_may_write
from messaging.services.search_index import rewrite_blocks
from messaging.shapes.attachments import encoded_attachments, encoded_captions
from messaging.shapes.mentions import decoded_mentions, encoded_mentions
from messaging.shapes.record import MessageRecord, record_of

_INSERT = Insert(MessageEdit)
_EDITED = Update(
    lambda key, text, link, preview, mentions, attachments, moment, version: (
        Message.objects.filter(pk=key),
        {
            "text": text,
            "has_link": link,
            "preview": preview,
            "mentions": mentions,
            "attachments": attachments,
            "edited_at": moment,
            "updated_at": moment,
            "version": version,
        },
    )
)


def edit_message(
    *,
    user: User | Principal,
    message_id: str,
    text: str,
    mentions: Sequence[str] | None = None,
    captions: Mapping[str, str] | None = None,
) -> MessageRecord:
    """Changes the words of one's own message, under one's own picture or files, and of the
    `captions` that are named; returns the message as it is now. The same words again: nothing
    happens, however late.

    An edit is something written: only who may write in the conversation now may edit. Raises
    DomainError: 400 for a text that could not be sent, 403 for the messages of others and of the
    system and for forwarded ones, for who may not write, and when it is too late, 404, 409 for a
    deleted message.
    """
    return change_alone(
        new_edit(user.pk, message_id, text=text, mentions=mentions, captions=captions)
    )


def new_edit(
    editor: str,
    message_id: str,
    *,
    text: str,
    mentions: Sequence[str] | None = None,
    captions: Mapping[str, str] | None = None,
) -> "Edit":
    """Raises DomainError 400."""
    check_mentions(mentions or ())
    return Edit(editor, message_id, checked_text(text), mentions, captions or {})


@dataclass(frozen=True, slots=True)
class Edit(MessageChange):
    """`new_edit` makes it: what does not need the database is checked."""

    text: str
    mentions: Sequence[str] | None  # None: those of before stay
    captions: Mapping[str, str]

    def apply(self, message: Message, conversation: LockedConversation) -> None:
        text, editor = self.text, self.person
        _check_may_edit(editor, message, conversation)
        if self.mentions is not None and is_group(conversation.pk):
            people = [*self.mentions, *_replied_to_author(message)]
            mentioned = encoded_mentions(list(dict.fromkeys(people)), conversation.current)
        else:
            mentioned = message.mentions
        files = attachments_of([message.pk])[message.pk] if message.attachments else []
        captions = checked_captions(self.captions, [each.pk for each in files])
        changed = [each for each in files if captions.get(each.pk, each.caption) != each.caption]
        if (message.text, message.mentions) == (text, mentioned) and not changed:
            return
        if not (text or message.image or message.attachments):
            raise empty_message()
        _check_time(message)
        is_held = _filter(message, editor, text, captions)
        preview = kept_preview(message, text)
        # Later than before, by whatever clock: of two states clients keep the later one.
        conversation.change(moment := max(now(), conversation.changed_at + INSTANT))
        edit = {
            "id": new_key(),
            "message_id": message.pk,
            "editor_id": editor,
            "text": message.text,
            "captions": encoded_captions({each.pk: each.caption for each in changed}),
            "edited_at": moment,
        }
        for each in changed:
            each.caption = captions[each.pk]
            each.save(update_fields=["caption"])
        if changed:
            message.attachments = encoded_attachments(files)
        message.text, message.edited_at, message.updated_at = text, moment, moment
        message.mentions = mentioned
        message.preview = preview
        change = {
            "key": message.pk,
            "text": text,
            "link": has_link(text) or None,
            "preview": preview,
            "mentions": mentioned,
            "attachments": message.attachments,
            "moment": moment,
            "version": conversation.version,
        }
        run_batch((_INSERT, [edit]), (_EDITED, [change]))
        rewrite_blocks(conversation.pk, [message.seq])
        if change["link"] and preview is None:
            preview_later([(message.pk, text)])
        record = record_of(message)
        if is_held:
            report_held(record)
        to = recipients.of(conversation.receivers_of(message.seq))
        events.publish(events.MESSAGE_EDITED, record, to=to)


def _check_may_edit(editor: str, message: Message, conversation: LockedConversation) -> None:
    if message.sender_id != editor or message.kind == MessageKind.SYSTEM:
        raise DomainError(_("You can only edit your own messages."), 403, code="not_sender")
    if message.forwarded:  # these are somebody else's words
        raise DomainError(_("Forwarded messages cannot be edited."), 403, code="forwarded")
    if message.view_once:  # which has no words
        raise DomainError(_("What is seen once cannot be edited."), 403, code="view_once")
    check_may_write(conversation, editor, message.receiver_id)
    if message.deleted:
        raise was_deleted()


def _filter(message: Message, editor: str, text: str, captions: Mapping[str, str]) -> bool:
    """Whether it is to be reported. Raises DomainError 400, 403."""
    if not is_filtered(message.receiver_id, editor):
        return False
    words = "\n".join([text, *captions.values()])
    if has_link(words):
        stranger = "" if is_group(message.receiver_id) else message.receiver_id
        check_new_links(editor, conversation=message.conversation_id, stranger=stranger)
    return check_words(words)


def _replied_to_author(message: Message) -> Iterable[str]:
    """The author of the original, whom a reply mentions whatever its text says now."""
    if not message.reply_to or not message.mentions:
        return ()
    authors = Message.objects.filter(pk=message.reply_to).values_list("sender_id", flat=True)
    return set(decoded_mentions(message.mentions) or ()).intersection(authors)


def _check_time(message: Message) -> None:
    minutes = settings.MESSAGE_EDIT_MINUTES
    if not minutes:
        raise DomainError(_("Messages cannot be edited on this site."), 403, code="edits_off")
    if now() - message.created_at >= timedelta(minutes=minutes):
        raise DomainError(_("It is too late to edit this message."), 403, code="too_late")
