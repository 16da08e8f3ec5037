"""Whether somebody sees of somebody else that they read, type, are online, and when they were last:
decided here, and nowhere else.

Where one has blocked the other, neither sees whether the other types or is online, and both were
last online before that, as if they had gone. What who blocked has read stays as it was by the marks
themselves, which move no more.

Both have to show it to each other, so who hides something does not see it of others. Nobody hides
anything from themselves. Each process caches the settings of the few people who do not show
everything to everybody; it is notified of changes (`subscribe_to_rules`), and then reloads them. So
those who show everything cost nothing.
"""

import asyncio
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.privacy import KINDS, OPEN, Privacy, PrivacyKind, decoded
from accounts.services.admission import site_policy
from chatsite.db import in_thread
from chatsite.fastpath.expressions import EmptyText
from chatsite.live.broadcast import broadcast, worker
from chatsite.live.registry import Message as LiveMessage
from chatsite.wire import timestamp
from messaging.models import (
    FIRST_GROUP,
    Block,
    Conversation,
    Membership,
    Message,
    is_group,
    peer_in,
)

CHANGED = "privacy"  # the channel group to notify when the rules have changed


class Face(NamedTuple):
    """Name, picture and addresses of a person, as another one sees them."""

    name: str
    picture: str  # as it is stored
    username: str = ""
    email: str = ""


@dataclass(frozen=True)
class Rules:
    # Of those who do not show everything to everybody.
    people: Mapping[str, Privacy] = field(default_factory=dict)
    # Whom those have written to who show something to these alone.
    contacts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Whom those have blocked who have blocked anybody, and since when.
    blocks: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    # By who looks, and then by whom they see: as these were when one blocked the other.
    faces: Mapping[str, Mapping[str, "Face"]] = field(default_factory=dict)
    # As the site decides: `SitePolicy`.
    lists_everybody: bool = True
    shows_addresses: bool = True
    has_requests: bool = False

    @cached_property
    def _apart(self) -> Mapping[str, Mapping[str, datetime]]:
        """The same in both directions."""
        apart: dict[str, dict[str, datetime]] = {}
        for blocker, blocked in self.blocks.items():
            for person, since in blocked.items():
                for one, other in ((blocker, person), (person, blocker)):
                    theirs = apart.setdefault(one, {})
                    theirs[other] = min(since, theirs.get(other, since))
        return apart

    def apart_from(self, person: str) -> Mapping[str, datetime]:
        """Whom they have blocked, or by whom they are, and since when."""
        return self._apart.get(person, {})

    def faces_of(self, viewer: str) -> Mapping[str, "Face"]:
        """Of those whose changes `viewer` does not see, by key."""
        return self.faces.get(viewer, {})

    def face(
        self, viewer: str, person: str, name: str, picture: str = "", username: str = ""
    ) -> "Face":
        """As `viewer` sees them: current, or as they were when one blocked the other."""
        return self.faces_of(viewer).get(person) or Face(name, picture, username)

    def last_seen(self, viewer: str, person: str, at: Any) -> Any:
        """What `viewer` may see of that moment."""
        if at is None or not self.sees("last_seen", viewer, person):
            return None
        since = self.apart_from(viewer).get(person)
        return since if since and timestamp(since) < timestamp(at) else at

    @cached_property
    def _restricted(self) -> Mapping[str, frozenset[str]]:
        """By kind: who does not show it to everybody."""
        return {
            kind: frozenset(
                key for key, each in self.people.items() if getattr(each, kind) != "everybody"
            )
            for kind in KINDS
        }

    def is_restricted(self, kind: PrivacyKind) -> bool:
        """Whether anybody does not show it to everybody."""
        return bool(self._restricted[kind])

    def sees(self, kind: PrivacyKind, one: str, other: str) -> bool:
        """The same for both."""
        if kind == "typing" and other in self.apart_from(one):
            return False
        if not self.people:
            return True
        return one == other or (self._shows(kind, one, other) and self._shows(kind, other, one))

    def _shows(self, kind: PrivacyKind, one: str, other: str) -> bool:
        audience = getattr(self.people.get(one, OPEN), kind)
        return audience == "everybody" or (
            audience == "contacts" and other in self.contacts.get(one, ())
        )

    def seen(self, kind: PrivacyKind, viewer: str, people: Collection[str]) -> Collection[str]:
        """Those of them of whom `viewer` sees it, in their order."""
        if not (self._restricted[kind] or self.apart_from(viewer)):
            return people
        return [key for key in people if self.sees(kind, viewer, key)]

    def online_seen(self, viewer: str, online: frozenset[str]) -> frozenset[str]:
        return self.online_in(self.view_of(viewer), online)

    # Who sees the same people online has the same view: most have that of everybody, `None`.

    def view_of(self, viewer: str) -> Hashable:
        view, apart = self._view_of(viewer), self.apart_from(viewer)
        return (view, frozenset(apart)) if apart else view

    def _view_of(self, viewer: str) -> Hashable:
        restricted = self._restricted["online"]
        if not restricted:
            return None
        if viewer in restricted:
            return viewer
        shown = (key for key in restricted if viewer in self.contacts.get(key, ()))
        return frozenset(key for key in shown if self.sees("online", viewer, key)) or None

    def online_in(self, view: Hashable, online: frozenset[str]) -> frozenset[str]:
        if isinstance(view, tuple):
            shared, apart = view
            return frozenset(self.online_in(shared, online).difference(apart))
        restricted = self._restricted["online"]
        if not restricted:
            return online
        if isinstance(view, str):
            shown = self.contacts.get(view, frozenset()) & online
            seen = (key for key in shown if self.sees("online", view, key))
            return frozenset(seen) | (online & {view})
        also = online & view if isinstance(view, frozenset) else frozenset()
        return (online - restricted) | also


_rules, _is_current = Rules(), False
_loading = Lock()


def rules() -> Rules:
    """As they are now; loaded from the database if they have changed."""
    return _rules if _is_current else _load()


def cached_rules() -> Rules:
    """As last loaded, for the event loop: admitting a socket loads them."""
    return _rules


def invalidate_rules() -> None:
    global _is_current
    _is_current = False


def _load() -> Rules:
    global _rules, _is_current
    with _loading:
        if _is_current:  # by another thread meanwhile
            return _rules
        _is_current = True  # what changes meanwhile makes it false again
        try:
            _rules = _stored_rules()
        except BaseException:
            _is_current = False
            raise
    return _rules


_BLOCK = (
    *("blocker_id", "blocked_id", "since"),
    *(f"{who}_{what}" for who in ("blocker", "blocked") for what in Face._fields),
)


def _stored_rules() -> Rules:
    people = User.objects.filter(privacy__gt="" if settings.MONGODB else EmptyText())
    found = {key: decoded(text) for key, text in people.values_list("pk", "privacy")}
    some = [key for key, each in found.items() if has_contacts(each)]
    blocks: dict[str, dict[str, datetime]] = {}
    faces: dict[str, dict[str, Face]] = {}
    for blocker, blocked, since, *seen in Block.objects.order_by("pk").values_list(*_BLOCK):
        blocks.setdefault(blocker, {})[blocked] = since
        half = len(Face._fields)
        ends = ((blocked, blocker, Face(*seen[:half])), (blocker, blocked, Face(*seen[half:])))
        for viewer, person, face in ends:
            if face.name:  # where both have blocked, the first block counts
                faces.setdefault(viewer, {}).setdefault(person, face)
    site, contacts = site_policy(), {key: people_written_to(key) for key in some}
    decided = (site.lists_everybody, site.shows_addresses, site.requests)
    return Rules(found, contacts, blocks, faces, *decided)


def has_contacts(privacy: Privacy) -> bool:
    """Whether it matters whom they write with."""
    return any(getattr(privacy, kind) == "contacts" for kind in KINDS)


def people_written_to(user_id: str) -> frozenset[str]:
    """By `user_id`, in direct chats, be it deleted by now or not."""
    mine = Membership.objects.of(user_id).filter(conversation__lt=FIRST_GROUP)
    if settings.MONGODB:
        there = list(mine.values_list("conversation", flat=True))
        sent = Message.objects.filter(conversation__in=there, sender=user_id)
        keys = set(sent.values_list("conversation", flat=True).distinct())
        conversations = Conversation.objects.filter(pk__in=list(keys))
    else:
        sent = Message.objects.filter(conversation=OuterRef("pk"), sender=user_id)
        conversations = Conversation.objects.filter(
            Exists(sent), pk__in=mine.values("conversation")
        )
    return frozenset(peer_in(key, user_id) for key in conversations.values_list("key", flat=True))


def publish_rules_change() -> None:
    """Every worker, after the commit; this one at once."""
    invalidate_rules()
    rules()
    broadcast([CHANGED], {"type": "privacy"})


def note_written(pairs: Iterable[tuple[str, str]]) -> None:
    """After a commit, by whom to whom: who shows something to those they write with alone shows it
    to these from now on. Messages to groups change nothing.
    """
    contacts = _rules.contacts
    if contacts and any(
        writer in contacts and not is_group(receiver) and receiver not in contacts[writer]
        for writer, receiver in pairs
    ):
        publish_rules_change()


_loading_tasks: set[asyncio.Task[Rules]] = set()


def subscribe_to_rules() -> None:
    """Reloads whenever the rules have changed, or a notification may have been missed."""
    worker().registry.subscribe(CHANGED, _note_change)


def _note_change(_message: LiveMessage) -> None:
    invalidate_rules()
    task = asyncio.ensure_future(in_thread(rules)())
    _loading_tasks.add(task)
    task.add_done_callback(_loaded)


def _loaded(task: "asyncio.Task[Rules]") -> None:
    _loading_tasks.discard(task)
    if not task.cancelled():
        task.exception()  # while the database is away, whoever needs them loads them
