"""How a person keeps a chat in their list. Only their own devices are notified."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, get_args

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext as _
from msgspec.structs import replace

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import atomic, now, repeatable, retrying
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from chatsite.wire import timestamp
from messaging import events, recipients
from messaging.models import (
    FIRST_GROUP,
    PINS,
    Conversation,
    Membership,
    conversation_key,
    is_group,
)
from messaging.payloads import chat_settings_payload
from messaging.services.drafts import check_mentions, checked_text, unknown_reply
from messaging.shapes.chat_settings import (
    ALWAYS,
    COLUMNS,
    ChatSettings,
    SavedDraft,
    encoded_draft,
    settings_of_row,
)

Mute = Literal["off", "1h", "8h", "1w", "always"]
MUTES: tuple[Mute, ...] = get_args(Mute)
_PERIODS = {"1h": timedelta(hours=1), "8h": timedelta(hours=8), "1w": timedelta(weeks=1)}


def change_chat(
    *,
    user: User | Principal,
    peer: str,
    pinned: bool | None = None,
    archived: bool | None = None,
    mute: Mute | None = None,
    marked_unread: bool | None = None,
) -> ChatSettings:
    """Changes what is given, also of a group that `user` has left. A chat is pinned or archived:
    the one takes the other away.

    Raises DomainError: 400 for more pins than there may be, and for both at once, 404 for whom
    `user` has no messages with.
    """
    if pinned and archived:
        raise DomainError(_("A chat is either pinned or archived."), code="pinned")
    change = partial(_change, user.pk, peer, pinned, archived, mute, marked_unread)
    # Of two that take the last free slot at once, one finds none when it tries again.
    return retrying(change, IntegrityError)


def _change(
    me: str,
    peer: str,
    pinned: bool | None,
    archived: bool | None,
    mute: Mute | None,
    marked_unread: bool | None,
) -> ChatSettings:
    with atomic():
        mine, end = _chat(me, peer)
        before = _settings(mine, end)
        if mute is not None:
            mine.muted_until = _muted_until(mute)
        if marked_unread is not None:
            mine.marked_unread_seq = mine.last_read_seq if marked_unread else None
        is_archived = before.archived and not pinned if archived is None else archived
        # Of now, whatever came while it was muted.
        mine.archived_seq = end if is_archived else None
        is_pinned = bool(mine.pinned_at) and not is_archived if pinned is None else pinned
        if not is_pinned:
            mine.pinned_at, mine.pin_slot = None, 0
        elif not mine.pinned_at:
            mine.pinned_at, mine.pin_slot = now(), _free_slot(me)
        after = _settings(mine, end)
        if after != before:
            _store(mine)
            payload = chat_settings_payload(peer, after)
            events.publish(events.CHAT_CHANGED, payload, to=recipients.of([me]))
        return after


def save_draft(
    *,
    user: User | Principal,
    peer: str,
    text: str,
    reply_to: str,
    mentions: Sequence[str] | None = None,
) -> ChatSettings:
    """Of several devices, the one that saves last has the draft. Without text, and without a
    message to reply to, the draft is gone, as when it was sent.

    Raises DomainError: 400 for what could not be sent, 404 for whom `user` has no messages with.
    """
    text = checked_text(text)
    if reply_to and not is_key(reply_to):
        raise unknown_reply()
    check_mentions(mentions or ())
    draft = SavedDraft("", text, reply_to or None, list(mentions or ()) if text else [])
    return _save_draft(user.pk, peer, draft)


@repeatable
def _save_draft(me: str, peer: str, draft: SavedDraft) -> ChatSettings:
    with atomic():
        mine, end = _chat(me, peer)
        before = _settings(mine, end)
        if draft == (replace(before.draft, saved_at="") if before.draft else SavedDraft("")):
            return before
        draft = replace(draft, saved_at=timestamp(now()))
        mine.draft = encoded_draft(draft).decode()
        Membership.objects.filter(pk=mine.pk).update(draft=mine.draft, version=F("version") + 1)
        after = _settings(mine, end)
        payload = chat_settings_payload(peer, after)
        events.publish(events.CHAT_CHANGED, payload, to=recipients.of([me]))
        return after


def _chat(me: str, peer: str) -> tuple[Membership, int]:
    """The membership, locked, and the last message that it shows. Raises NotFound."""
    # Not in one query: MongoDB would begin at everybody's memberships.
    there = Conversation.objects.filter(key=conversation_key(me, peer), last_seq__gt=0)
    conversation = there.first() if is_key(peer) else None
    memberships = Membership.objects.select_for_update().of(me)
    mine = memberships.filter(conversation=conversation).first() if conversation else None
    if conversation is None or mine is None:
        raise NotFound(_("No such chat."))
    return mine, conversation.last_seq if mine.until_seq is None else mine.until_seq


def _settings(mine: Membership, end: int) -> ChatSettings:
    row = [getattr(mine, name) for name in COLUMNS]
    moment = timestamp(now())
    blocked = mine.until_seq is not None and not is_group(mine.conversation_id)
    return settings_of_row(
        row, end=end, read_seq=mine.last_read_seq, moment=moment, blocked=blocked
    )


def _store(mine: Membership) -> None:
    """These columns alone: the others belong to whoever holds the conversation."""
    names = [name for name in (*COLUMNS, "pin_slot") if name not in ("draft", "is_request")]
    changed = {name: getattr(mine, name) for name in names}
    Membership.objects.filter(pk=mine.pk).update(**changed, version=F("version") + 1)


def _muted_until(mute: Mute) -> datetime | None:
    if mute == "off":
        return None
    return ALWAYS if mute == "always" else now() + _PERIODS[mute]


def _free_slot(me: str) -> int:
    """Raises DomainError 400."""
    pinned = Membership.objects.of(me).filter(pin_slot__gt=0)
    taken = dict(pinned.values_list("pin_slot", "conversation_id"))
    if len(taken) == PINS:
        taken = _without_gone(me, taken)
    free = [slot for slot in range(1, PINS + 1) if slot not in taken]
    if not free:
        message = _("You can pin up to %(limit)s chats. Unpin one of them first.")
        raise DomainError(message % {"limit": PINS}, code="pins")
    return free[0]


def _without_gone(me: str, taken: dict[int, str]) -> dict[int, str]:
    """Frees the slots of those whose account is deleted: they are in no list any more."""
    direct = [key for key in taken.values() if key < FIRST_GROUP]
    others = Membership.objects.filter(conversation__in=direct).exclude(user_id=me)
    there = set(others.values_list("conversation_id", flat=True))
    gone = [key for key in direct if key not in there]
    Membership.objects.of(me).filter(conversation__in=gone).update(pinned_at=None, pin_slot=0)
    return {slot: key for slot, key in taken.items() if key not in gone}
