"""Whom somebody has blocked, and hiding what those do."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db.models import Q, QuerySet
from msgspec.structs import replace

from accounts.models import User
from accounts.principal import Principal
from accounts.record import picture_path
from chatsite.keys import key_at
from chatsite.text import folded
from chatsite.wire import timestamp
from messaging.models import Block, Membership, MessageEdit, Reaction, is_group
from messaging.queries.privacy import rules
from messaging.queries.visibility import find_conversation
from messaging.shapes.attachments import decoded_captions
from messaging.shapes.reactions import decoded_reactions, encoded_reactions
from messaging.shapes.record import MessageRecord
from messaging.shapes.system_messages import text_of, with_names


class Blocked(NamedTuple):
    id: str
    full_name: str
    picture: str  # its path
    since: datetime


def blocked_by(user: User | Principal) -> list[Blocked]:
    """By name."""
    found = Block.objects.filter(blocker_id=user.pk).prefetch_related("blocked")
    blocked = [_blocked(user.pk, each.blocked, each.since) for each in found]
    return sorted(blocked, key=lambda each: (folded(each.full_name), each.id))


def _blocked(me: str, person: User, since: datetime) -> Blocked:
    face = rules().face(me, person.pk, person.full_name, person.picture)
    picture = picture_path(person.pk, face.name, face.picture)
    return Blocked(person.pk, face.name, picture, since)


def closed_by(user_id: str, person: str) -> str:
    """Why `user_id` cannot write to them: "blocked", "request", or ""."""
    if Block.objects.filter(blocker_id=user_id, blocked_id=person).exists():
        return "blocked"
    conversation = find_conversation(user_id, person)
    mine = Membership.objects.of(user_id).filter(conversation=conversation, is_request=True)
    return "request" if conversation and conversation.last_seq and mine.exists() else ""


def blockers_among(people: Collection[str], blocked: str) -> set[str]:
    """Always queried: other processes learn of a block a moment later."""
    found = Block.objects.filter(blocked=blocked, blocker__in=people)
    return set(found.values_list("blocker_id", flat=True))


def blocked_in(user_id: str, group: str) -> list[str]:
    """The names of those in the group whom `user_id` has blocked."""
    blocked = list(rules().blocks.get(user_id, ()))
    if not blocked:
        return []
    there = Membership.objects.filter(conversation=group, user__in=blocked, until_seq=None)
    keys = there.values_list("user_id", flat=True)
    people = User.objects.filter(pk__in=list(keys))
    names = (rules().face(user_id, each.pk, each.full_name).name for each in people)
    return sorted(names, key=folded)


def show_former_names(me: str, records: Iterable[MessageRecord]) -> None:
    """In system messages sent since a block: those on the other side of it keep the name that they
    had then.
    """
    shown = rules()
    faces, apart = shown.faces_of(me), shown.apart_from(me)
    for record in records if faces else ():
        if record.system is None:
            continue
        names = {
            each.id: faces[each.id].name
            for each in record.system.everybody
            if each.id in faces and record.created_at > timestamp(apart[each.id])
        }
        if names:
            record.system = with_names(record.system, names)
            record.text = None if record.deleted else text_of(record.system)


def versions_for(
    record: MessageRecord, people: Collection[str]
) -> Iterator[tuple[MessageRecord, list[str]]]:
    """The message as each of these people sees it: the same for all but those who have blocked
    somebody whom a system message names, or are blocked by them.
    """
    shown = rules()
    named = record.system.everybody if record.system else []
    apart = {key for each in named for key in shown.apart_from(each.id)}
    yield record, [key for key in people if key not in apart]
    for key in apart.intersection(people):
        theirs = replace(record)
        show_former_names(key, [theirs])
        yield theirs, [key]


def hide_changes_by_blocked(me: str, records: Iterable[MessageRecord]) -> None:
    """Of earlier messages in chats with people whom `me` has blocked: what these reacted with,
    edited and pinned since. A message that they deleted stays deleted.
    """
    blocked = rules().blocks.get(me)
    if not blocked:
        return
    changed: dict[str, dict[str, MessageRecord]] = {}
    for record in records:
        peer = record.receiver_id if record.sender_id == me else record.sender_id
        since = blocked.get(peer)
        if since and not is_group(record.receiver_id) and record.updated_at > timestamp(since):
            changed.setdefault(peer, {})[record.id] = record
    for peer, theirs in changed.items():
        _hide_changes(peer, blocked[peer], theirs)


def _hide_changes(peer: str, since: datetime, records: Mapping[str, MessageRecord]) -> None:
    _hide_reactions(peer, since, records)
    _hide_edits(since, records)
    for record in records.values():
        if record.pinned_at and record.pinned_at > timestamp(since):
            record.pinned_at = None


def _hide_reactions(peer: str, since: datetime, records: Mapping[str, MessageRecord]) -> None:
    reactions_since = Reaction.objects.filter(
        _reacted_after(peer, since), message__in=list(records)
    )
    for message, emoji in reactions_since.values_list("message_id", "emoji"):
        reactions = decoded_reactions(records[message].reactions)
        for each in reactions:
            if each.emoji == emoji and peer in each.people:
                each.people.remove(peer)
                each.count -= 1
        left = encoded_reactions([each for each in reactions if each.count])
        records[message].reactions = msgspec.Raw(left.encode()) if left else None


def _hide_edits(since: datetime, records: Mapping[str, MessageRecord]) -> None:
    """Each edit keeps the text from before it."""
    moment = timestamp(since)
    edited = [key for key, each in records.items() if (each.edited_at or "") > moment]
    edits = MessageEdit.objects.filter(message__in=edited).order_by("-edited_at", "-pk")
    fields = ("message_id", "text", "captions", "edited_at")
    for message, text, captions, edited_at in edits.values_list(*fields):
        record = records[message]
        if edited_at > since:
            record.text, record.edited_at, record.preview = text, None, None
            before = decoded_captions(captions)
            for each in record.attachments or () if before else ():
                each.caption = before.get(each.id, each.caption) or None
        elif record.edited_at is None:
            record.edited_at = timestamp(edited_at)


def without_blocked(mine: Membership, reactions: QuerySet[Reaction]) -> QuerySet[Reaction]:
    """Of reactions in that conversation, without those that the other has added since they were
    blocked.
    """
    peer = mine.conversation.peer_id(mine.user_id)
    since = rules().blocks.get(mine.user_id, {}).get(peer)
    return reactions.exclude(_reacted_after(peer, since)) if since else reactions


def _reacted_after(peer: str, since: datetime) -> Q:
    return Q(user_id=peer, pk__gt=key_at(since))
