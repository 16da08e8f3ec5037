"""Whom, or which group, a page is about; and who wrote what is on it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.record import picture_path
from chatsite.keys import is_key
from chatsite.language import full_date, month
from chatsite.text import folded, isolated
from chatsite.wire import absolute
from messaging.models import (
    Conversation,
    Kind,
    Membership,
    Message,
    Posting,
    Role,
    is_group,
    saved_key,
)
from messaging.page.times import last_seen
from messaging.presence import online_seen_by
from messaging.queries.blocks import blocked_in, closed_by
from messaging.queries.people import find_user
from messaging.queries.privacy import rules
from messaging.queries.visibility import lifetime_in
from messaging.shapes.saved import SAVED_PICTURE, saved_name
from messaging.shapes.system_messages import SystemDetails, decoded, deleted_account, period

CLOSED = {"blocked", "deleted"}  # of a Peer to whom the reader writes no more
NAMED = 6  # members of a group, at most, whose first names stand in its header
TONES = 6  # colours of names: --name-0 … in tokens.css


def first_name(name: str) -> str:
    return name.split()[0] if name.strip() else name


@dataclass(frozen=True, slots=True)
class Author:
    """Of messages."""

    id: str
    name: str
    picture: str

    @property
    def first_name(self) -> str:
        return first_name(self.name)

    @property
    def tone(self) -> int:
        """static/js/render/parts/author.js does the same."""
        return int(self.id[-6:], 16) % TONES


def authors_among(
    keys: Collection[str], viewer: str, *, seen: Collection[str] | None = None
) -> dict[str, Author]:
    """Also of accounts that were deleted, whose messages stay in groups. Whoever is not among those
    who are `seen` reads like them.
    """
    shown = keys if seen is None else seen
    rows = User.objects.filter(pk__in=shown).values_list("pk", "full_name", "picture")
    found = {row[0]: author_of(viewer, *row) for row in rows}
    return {key: found.get(key) or author_of(viewer, key, deleted_account(), "") for key in keys}


def author_of(viewer: str, key: str, name: str, picture: str) -> Author:
    """`picture` as it is stored."""
    face = rules().face(viewer, key, name, picture)
    return Author(key, face.name, absolute(picture_path(key, face.name, face.picture)))


@dataclass(frozen=True, slots=True)
class Peer:
    """A person or a group. Blank ones are in the page, for script to fill (elements/panes.js)."""

    pk: str
    full_name: str
    first_name: str  # of a group all of its name
    picture: str
    online: bool = False
    is_group: bool = False
    is_saved: bool = False  # the reader's saved messages, which are like a group
    role: str = ""  # mine, in a group that I am in
    # Why nothing can be written: `closed_to`, "blocked" by the reader, a "request" to them,
    # or the account was "deleted".
    closed: str = ""
    members: str = ""  # who is in the group, in a few words
    # What I may see of a person:
    shows_online: bool = True
    shows_reads: bool = True
    shows_last_seen: bool = False
    last_seen_at: datetime | None = None
    # Seconds after which what is sent now disappears; None where nothing was said yet.
    disappear_after: int | None = None
    # For its details:
    username: str = ""
    has_picture: bool = False  # of its own, rather than initials
    since: datetime | None = None  # its account, or a group that I am in

    @property
    def may_manage(self) -> bool:
        return self.role in {Role.OWNER, Role.ADMIN}

    @property
    def about(self) -> str:
        """What its details are called."""
        if self.is_saved:
            return _("About your saved messages")
        return _("About this group") if self.is_group else _("About this person")

    @property
    def disappears(self) -> str:
        """In words; "" where messages stay."""
        if not self.disappear_after:
            return ""
        return _("New messages disappear after %(period)s") % {
            "period": period(self.disappear_after)
        }

    @property
    def may_set_lifetime(self) -> bool:
        is_theirs = not self.is_group or self.is_saved or self.may_manage
        return self.disappear_after is not None and is_theirs and self.closed not in CLOSED

    @property
    def since_month(self) -> str:
        return month(self.since) if self.since else ""

    @property
    def last_seen(self) -> str:
        return last_seen(self.last_seen_at) if self.last_seen_at else ""

    @property
    def last_seen_date(self) -> str:
        return full_date(self.last_seen_at) if self.last_seen_at else ""


BLANK = Peer("__id__", "__name__", "__first__", "__picture__", closed="__closed__")
BLANK_GROUP = Peer(
    "__id__", "__name__", "__name__", "__picture__", is_group=True, closed="__closed__"
)


def saved_peer(user: User) -> Peer:
    """Whether or not anything was saved yet."""
    name = saved_name()
    key, picture = saved_key(user.pk), absolute(SAVED_PICTURE)
    return Peer(key, name, name, picture, is_group=True, is_saved=True)


def find_peer(user: User, key: str) -> Peer | None:
    """Somebody else, a group that `user` is in or was, or their saved messages."""
    if not is_key(key):
        return None
    if key == saved_key(user.pk):
        return replace(saved_peer(user), disappear_after=lifetime_in(user.pk, key))
    if is_group(key):
        mine = Membership.objects.of(user.pk).filter(conversation_id=key)
        membership = mine.select_related("conversation").first()
        return _group(membership) if membership else None
    person = None if key == user.pk else find_user(key)
    return _person(person, user.pk) if person else None


def _person(user: User, viewer: str) -> Peer:
    online = user.pk in online_seen_by(viewer)
    shown = rules()
    shows_last_seen = shown.sees("last_seen", viewer, user.pk)
    last_seen_at = shown.last_seen(viewer, user.pk, user.last_seen_at)
    face = shown.face(viewer, user.pk, user.full_name, user.picture, user.username)
    closed = "deleted" if user.deleted_at else closed_by(viewer, user.pk)
    return Peer(
        user.pk,
        face.name,
        first_name(face.name),
        absolute(picture_path(user.pk, face.name, face.picture)),
        online,
        shows_online=shown.sees("online", viewer, user.pk),
        shows_reads=shown.sees("read_receipts", viewer, user.pk),
        shows_last_seen=shows_last_seen,
        last_seen_at=last_seen_at,
        closed=closed,
        username=face.username,
        disappear_after=None if closed == "blocked" else lifetime_in(viewer, user.pk),
        has_picture=bool(face.picture),
        since=user.created_at,
    )


def _group(mine: Membership) -> Peer:
    group = mine.conversation
    has_left = mine.until_seq is not None
    is_admins = group.posting == Posting.ADMINS and mine.role == Role.MEMBER
    last = None if mine.until_seq is None else _system_details(group.pk, mine.until_seq)
    return Peer(
        pk=group.pk,
        full_name=group.title,
        first_name=group.title,
        picture=absolute(picture_path(group.pk, group.title, group.picture)),
        is_group=True,
        role="" if has_left else mine.role,
        closed="imported"
        if group.kind == Kind.IMPORTED
        else closed_to(can_post=not (has_left or is_admins), is_in=not has_left, last=last),
        members="" if has_left else _members(group, mine.user_id),
        disappear_after=None if has_left else group.disappear_after,
        has_picture=bool(group.picture),
        since=None if has_left else group.created_at,
    )


def _system_details(conversation: str, seq: int) -> SystemDetails | None:
    messages = Message.objects.filter(conversation=conversation, seq=seq)
    details = messages.values_list("details", flat=True).first()
    return decoded(details) if details else None


def closed_to(*, can_post: bool, is_in: bool, last: SystemDetails | None) -> str:
    """Why nothing can be written in a group: "admins" alone may, or the reader has "left" or was
    "removed", by the last message that they see. static/js/realtime/live.js does the same.
    """
    if can_post:
        return ""
    if is_in:
        return "admins"
    return "left" if last and last.event == "left" else "removed"


def _members(group: Conversation, me: str) -> str:
    if blocked := blocked_in(me, group.pk):
        return _("With %(names)s, blocked by you") % {"names": _list(map(isolated, blocked))}
    count = group.member_count
    if count > NAMED:
        return ngettext("%(n)d member", "%(n)d members", count) % {"n": count}
    people = User.objects.filter(memberships__conversation=group, memberships__until_seq=None)
    others = people.exclude(pk=me).values_list("pk", "full_name")
    names = sorted((rules().face(me, key, name).name for key, name in others), key=folded)
    named = [isolated(first_name(name)) for name in names]
    return _list([*named, _("you")]) if named else _("Only you")


def _list(names: Iterable[str]) -> str:
    *most, last = names
    return (
        _("%(names)s and %(last)s") % {"names": _(", ").join(most), "last": last} if most else last
    )
