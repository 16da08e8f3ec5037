"""Groups: made, changed, joined and left.

Each change is one transaction under the lock of the group. Members are notified by a
system message, which the same writer stores as all others, and by the event `groupChanged`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.accounts import square
from accounts.services.admission import check_may_begin
from accounts.services.filters import check_words
from accounts.services.restraints import check_not_silenced
from accounts.services.rules import RAW_NAME_LENGTH, field_error
from chatsite.db import now, repeatable, retrying
from chatsite.errors import DomainError
from chatsite.fastpath.expressions import EmptyText
from chatsite.keys import is_key
from chatsite.locks import locking
from chatsite.pictures import storage
from chatsite.text import is_blank, is_storable, one_line
from messaging import events, recipients
from messaging.models import (
    Conversation,
    Kind,
    Membership,
    Posting,
    Role,
    conversation_key,
    is_group,
    new_group_key,
)
from messaging.models.conversation import DESCRIPTION_LENGTH, TITLE_LENGTH
from messaging.payloads import group_payload, left_payload
from messaging.queries.blocks import blockers_among
from messaging.queries.people import acquaintances_of, may_add_strangers
from messaging.queries.privacy import rules
from messaging.queries.visibility import (
    Stay,
    deleted_parts,
    find_group,
    no_such_group,
    no_such_member,
    past_member,
)
from messaging.services.conversations import LockedConversation, locked_conversations
from messaging.services.drafts import is_client_id
from messaging.services.filters import report_held_group
from messaging.services.messages import store_system_message
from messaging.shapes.system_messages import Change, NamedPerson, SystemDetails, details_of

MEMBERS = 1000
Outcome = tuple[Conversation, str]
"""The group as it is now, and the role in it of whoever changed it."""


class CreatedGroup(NamedTuple):
    group: Conversation
    role: str
    created: bool  # False: this client group id had been used before


@dataclass(frozen=True, slots=True)
class _LockedGroup:
    """Which nobody else changes until the commit."""

    row: Conversation
    locked: LockedConversation

    def role_of(self, person: str) -> str | None:
        """None for who is not in it now."""
        member = self.locked.members.get(person)
        return member.role if member and member.until is None else None

    def announce(self, details: SystemDetails) -> None:
        store_system_message(self.locked, details)

    def publish(self) -> None:
        """Each role its own payload: three at most."""
        by_role: dict[str, list[str]] = {}
        for person in self.locked.current:
            by_role.setdefault(self.locked.members[person].role, []).append(person)
        self.row.member_count = len(self.locked.current)
        for role, people in by_role.items():
            payload = group_payload(self.row, role)
            events.publish(events.GROUP_CHANGED, payload, to=recipients.of(people))

    def outcome(self, user: User) -> Outcome:
        return self.row, self.role_of(user.pk) or Role.MEMBER.value


@contextmanager
def _changing(group: str) -> Iterator[_LockedGroup]:
    """Raises NotFound."""
    if not (is_key(group) and is_group(group)):
        raise no_such_group()
    key = conversation_key("", group)
    with locking(key):
        locked = locked_conversations([key]).get(key)
        if locked is None:
            raise no_such_group()
        row = Conversation.objects.get(pk=group)
        if row.kind != Kind.GROUP:
            raise no_such_group()
        yield _LockedGroup(row, locked)


@contextmanager
def _changing_as(user: User, group: str, *allowed: Role) -> Iterator[_LockedGroup]:
    """Raises DomainError 404 for who never was in the group, 403 for who is in it no longer, for
    who has none of the allowed roles, if there are any, and for who is silenced.
    """
    with _changing(group) as changing:
        if user.pk not in changing.locked.members:
            raise no_such_group()
        role = changing.role_of(user.pk)
        if role is None:
            raise past_member()
        if allowed and role not in allowed:
            if Role.ADMIN in allowed:
                raise _forbidden(_("Only admins of the group may do this."))
            raise _forbidden(_("Only the owner of the group may do this."))
        check_not_silenced(user.pk)
        yield changing


def create_group(
    *,
    user: User,
    title: str,
    people: Sequence[str],
    description: str = "",
    picture: bytes | None = None,
    posting: str | None = None,
    shows_history: bool | None = None,
    slow_seconds: int | None = None,
    client_group_id: str = "",
) -> CreatedGroup:
    """`user` becomes its owner. Once per client group id.

    Raises DomainError: 400 for what cannot be a group, 403 where the group of this client group id
    has been left, 502, 503, 507 when the picture cannot be stored.
    """
    row = Conversation(
        title=_checked_title(title),
        description=_checked_description(description),
        posting=posting or Posting.ALL.value,
        shows_history=bool(shows_history),
        slow_seconds=slow_seconds or 0,
        creator=user.pk,
        client_group_id=_checked_client_id(client_group_id),
    )
    check_not_silenced(user.pk)
    check_may_begin(user.pk)
    _check_people(user, people)
    _check_reach(user, people)
    if picture is not None and (made := _existing(user, row)):
        return made
    if picture is not None:
        # A picture takes long: in vain where the group cannot be made.
        _lock_active(people, are_kept=False)
        row.picture = _stored(picture)
    # The same request may be faster: then that is said when it is tried again.
    return retrying(partial(_create, user, row, people), IntegrityError)


def _existing(user: User, row: Conversation) -> CreatedGroup | None:
    """Raises DomainError 403."""
    if not row.client_group_id:
        return None
    made = Conversation.objects.filter(creator=user.pk, client_group_id=row.client_group_id)
    if not settings.MONGODB:  # the condition of the unique index
        made = made.filter(client_group_id__gt=EmptyText())
    key = made.values_list("pk", flat=True).first()
    return CreatedGroup(*find_group(user, key), created=False) if key else None


def _create(user: User, row: Conversation, people: Sequence[str]) -> CreatedGroup:
    if made := _existing(user, row):
        return made
    key = new_group_key()
    row = Conversation(
        pk=key,
        key=conversation_key(user.pk, key),
        kind=Kind.GROUP,
        title=row.title,
        description=row.description,
        picture=row.picture,
        posting=row.posting,
        shows_history=row.shows_history,
        slow_seconds=row.slow_seconds,
        creator=row.creator,
        client_group_id=row.client_group_id,
    )
    with locking(row.key):
        others = _lock_active(people)
        row.save(force_insert=True)
        report_held_group(row, user)
        locked = LockedConversation(row.key, key, 0, 0, row.changed_at, posting=row.posting)
        group = _LockedGroup(row, locked)
        locked.join(user.pk, Role.OWNER.value)
        leaving = _join(group, user, others)
        group.announce(details_of("created", user, others, title=row.title))
        _announce_leaving(group, leaving)
        group.publish()
        return CreatedGroup(row, Role.OWNER.value, created=True)


def change_group(
    *,
    user: User,
    group: str,
    title: str | None = None,
    description: str | None = None,
    picture: bytes | Literal[""] | None = None,
    posting: str | None = None,
    shows_history: bool | None = None,
    slow_seconds: int | None = None,
) -> Outcome:
    """Changes what is given; an empty text removes the picture.

    Raises DomainError: 400 for what cannot be, 403, 404 for who may not, 502, 503, 507 when the
    picture cannot be stored.
    """
    given: dict[str, Any] = {}
    if title is not None:
        given["title"] = _checked_title(title)
    if description is not None:
        given["description"] = _checked_description(description)
    if picture == "":
        given["picture"] = ""
    elif picture is not None:
        with _changing_as(user, group, Role.OWNER, Role.ADMIN):
            """Else the picture, which takes long, would be in vain."""
        given["picture"] = _stored(picture)
    if posting is not None:
        given["posting"] = posting
    if shows_history is not None:
        given["shows_history"] = shows_history
    if slow_seconds is not None:
        given["slow_seconds"] = slow_seconds
    return _change(user, group, given)


@repeatable
def _change(user: User, group: str, given: Mapping[str, Any]) -> Outcome:
    with _changing_as(user, group, Role.OWNER, Role.ADMIN) as changing:
        row = changing.row
        changes = {name: value for name, value in given.items() if getattr(row, name) != value}
        if changes:
            for name, value in changes.items():
                setattr(row, name, value)
            row.save(update_fields=list(changes))
            if changes.keys() & {"title", "description"}:
                report_held_group(row, user)
            for name in changes:
                title = row.title if name == "title" else None
                changing.announce(details_of(_change_of(row, name), user, title=title))
            changing.publish()
        return changing.outcome(user)


def _change_of(row: Conversation, field: str) -> Change:
    match field:
        case "title":
            return "renamed"
        case "description":
            return "described"
        case "picture":
            return "pictured" if row.picture else "pictureRemoved"
        case "posting":
            return "onlyAdminsPost" if row.posting == Posting.ADMINS else "allPost"
        case "slow_seconds":
            return "slowed" if row.slow_seconds else "unslowed"
    return "historyShown" if row.shows_history else "historyHidden"


def add_members(*, user: User, group: str, people: Sequence[str]) -> Outcome:
    """Whoever is there already stays as they are.

    Raises DomainError 400, 403, 404, with nobody added.
    """
    _check_people(user, people)
    _check_reach(user, people)
    return retrying(partial(_add, user, group, people), IntegrityError)


def _add(user: User, group: str, people: Sequence[str]) -> Outcome:
    with _changing_as(user, group, Role.OWNER, Role.ADMIN) as changing:
        locked = changing.locked
        added = _lock_active([key for key in people if changing.role_of(key) is None])
        if len(locked.current) + len(added) > MEMBERS:
            raise _too_many()
        if added:
            sees_all, deleted = changing.row.shows_history, {}
            if sees_all:
                before = {each.pk: locked.members.get(each.pk) for each in added}
                stays = {key: member.stays for key, member in before.items() if member}
                deleted = deleted_parts(locked.pk, stays)
            leaving = _join(changing, user, added, sees_all=sees_all, but_for=deleted)
            changing.announce(details_of("added", user, added))
            _announce_leaving(changing, leaving)
            changing.publish()
        return changing.outcome(user)


def _join(
    group: _LockedGroup,
    by: User,
    people: Sequence[User],
    *,
    sees_all: bool = False,
    but_for: Mapping[str, Iterable[Stay]] | None = None,
) -> list[User]:
    """Returns those who leave at once, having seen nothing: they have blocked who adds them, who
    gets the same response as for anybody else.
    """
    locked, blockers = group.locked, blockers_among([each.pk for each in people], by.pk)
    for person in people:
        if person.pk in blockers:
            before = locked.members.get(person.pk)
            locked.join(person.pk)
            member = locked.members[person.pk]
            # It ends before it begins: parts that `deleted_parts` finds do not.
            member.since, member.until = locked.seq + 1, locked.seq
            member.mark = before.mark if before else 0
            locked.changed_members.add(person.pk)
        else:
            parts = (but_for or {}).get(person.pk, ())
            locked.join(person.pk, sees_all=sees_all, but_for=parts)
    return [each for each in people if each.pk in blockers]


def _announce_leaving(group: _LockedGroup, people: Iterable[User]) -> None:
    for person in people:
        group.announce(SystemDetails("left", NamedPerson(person.pk, person.full_name)))


@repeatable
def remove_member(*, user: User, group: str, person: str) -> None:
    """Removing oneself is leaving. Idempotent.

    Raises DomainError: 403 for who may not, 404 for who never was in the group.
    """
    if person == user.pk:
        _leave(user, group)
        return
    with _changing_as(user, group, Role.OWNER, Role.ADMIN) as changing:
        if person not in changing.locked.members:
            raise no_such_member()
        theirs = changing.role_of(person)
        if theirs is None:
            return
        if theirs != Role.MEMBER and changing.role_of(user.pk) != Role.OWNER:
            raise _forbidden(_("Only the owner of the group may do this."))
        removed = User.objects.get(pk=person)
        changing.locked.leave(person)
        changing.announce(details_of("removed", user, [removed]))
        _publish_leaving(changing, person, removed=True)


def _leave(user: User, group: str) -> None:
    with _changing(group) as changing:
        if user.pk not in changing.locked.members:
            raise no_such_group()
        if changing.role_of(user.pk) is not None:
            _depart(changing, NamedPerson(user.pk, user.full_name))


def _depart(changing: _LockedGroup, who: NamedPerson) -> None:
    """Of an owner somebody else becomes the owner, if anybody is left."""
    locked = changing.locked
    if changing.role_of(who.id) == Role.OWNER and (successor := _successor(changing, who.id)):
        locked.give_role(successor.pk, Role.OWNER.value)
        named = [NamedPerson(successor.pk, successor.full_name)]
        changing.announce(SystemDetails("handedOver", who, named))
    locked.leave(who.id)
    changing.announce(SystemDetails("left", who))
    _publish_leaving(changing, who.id, removed=False)


def _publish_leaving(changing: _LockedGroup, person: str, *, removed: bool) -> None:
    """To whoever has left, on each of their devices, and to those who stay."""
    payload = left_payload(changing.row.pk, removed=removed)
    events.publish(events.GROUP_LEFT, payload, to=recipients.of([person]))
    changing.publish()


def _successor(changing: _LockedGroup, owner: str) -> User | None:
    """The admin who has been there for the longest time, else the member; somebody banned only
    where all are.
    """
    there = Membership.objects.filter(conversation=changing.row.pk, until_seq=None)
    others = there.exclude(user_id=owner).order_by("joined_at", "pk")
    for candidates in (others.filter(user__banned_at=None), others):
        if first := candidates.filter(role=Role.ADMIN).first() or candidates.first():
            return first.user
    return None


@repeatable
def set_role(*, user: User, group: str, person: str, role: str) -> Outcome:
    """An owner who makes somebody else the owner is an admin from then on.

    Raises DomainError 403, 404, and 409 for an owner who would leave the group without one, or to
    somebody who is banned.
    """
    with _changing_as(user, group, Role.OWNER) as changing:
        theirs = changing.role_of(person)
        if theirs is None:
            raise no_such_member()
        if theirs == role:
            return changing.outcome(user)
        if theirs == Role.OWNER:
            message = _("Make somebody else the owner first.")
            raise DomainError(message, 409, code="owner")
        changed = User.objects.get(pk=person)
        if role == Role.OWNER and changed.is_banned:
            message = _("This person cannot be the owner at the moment.")
            raise DomainError(message, 409, code="banned")
        changing.locked.give_role(person, role)
        if role == Role.OWNER:
            changing.locked.give_role(user.pk, Role.ADMIN.value)
        changes: dict[str, Change] = {
            Role.OWNER: "handedOver",
            Role.ADMIN: "promoted",
            Role.MEMBER: "demoted",
        }
        changing.announce(details_of(changes[role], user, [changed]))
        changing.publish()
        return changing.outcome(user)


def leave_all(user: User) -> None:
    """Of an account that is deleted, which nobody adds any more (`_lock_active`). Its messages
    stay.
    """
    groups = Membership.objects.of(user.pk).filter(until_seq=None, conversation__kind=Kind.GROUP)
    for group in sorted(groups.values_list("conversation_id", flat=True)):
        leave_anonymously(user, group)


@repeatable
def leave_anonymously(user: User, group: str) -> None:
    """The same of one group. Idempotent."""
    with _changing(group) as changing:
        if changing.role_of(user.pk) is not None:
            _depart(changing, NamedPerson(user.pk, ""))


def _checked_title(title: str) -> str:
    if not is_storable(title):
        raise field_error("title", _("The name has characters that cannot be stored."), "invalid")
    if is_blank(title):
        raise field_error("title", _("Enter a name for the group."), "required")
    name = one_line(title[:RAW_NAME_LENGTH])
    if len(name) > TITLE_LENGTH or len(title) > RAW_NAME_LENGTH:
        message = _("The name may have at most %(limit)s characters.") % {"limit": TITLE_LENGTH}
        raise field_error("title", message, "too_long")
    check_words(name, "title")
    return name


def _checked_description(description: str) -> str:
    if is_blank(description):
        return ""
    if not is_storable(description):
        message = _("The description has characters that cannot be stored.")
        raise field_error("description", message, "invalid")
    if len(description) > DESCRIPTION_LENGTH:
        message = _("The description may have at most %(limit)s characters.")
        message %= {"limit": DESCRIPTION_LENGTH}
        raise field_error("description", message, "too_long")
    check_words(description, "description")
    return description


def _checked_client_id(client_group_id: str) -> str:
    if client_group_id and not is_client_id(client_group_id):
        message = _("The client group id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.")
        raise field_error("client_group_id", message, "client_id")
    return client_group_id


def _check_people(user: User, people: Sequence[str]) -> None:
    if len(people) >= MEMBERS:
        raise _too_many()
    if len(set(people)) < len(people):
        raise _people_error(_("Somebody is in the list twice."))
    if user.pk in people:
        raise _people_error(_("You are in the group anyway."))


def _check_reach(user: User, people: Sequence[str]) -> None:
    """Raises DomainError 400 for strangers where these cannot be added, and for who is blocked."""
    are_acquainted = may_add_strangers() or acquaintances_of(user.pk).issuperset(people)
    if not are_acquainted or not rules().blocks.get(user.pk, {}).keys().isdisjoint(people):
        raise _cannot_be_added()


def _lock_active(people: Sequence[str], *, are_kept: bool = True) -> list[User]:
    """In the same order, and kept so until the commit: who deletes an account, or bans somebody,
    waits for that. Raises DomainError 400 unless all of them are there, and not banned.
    """
    keys = [key for key in people if is_key(key)]
    there = User.objects.filter(pk__in=keys, banned_at=None)
    if are_kept and settings.MONGODB:  # it locks no row: two that write it meet
        there.update(updated_at=now())
    if are_kept:
        there = there.select_for_update(no_key=True).order_by("pk")
    found = {user.pk: user for user in there}
    if len(found) < len(people):
        raise _cannot_be_added()
    return [found[key] for key in people]


def _cannot_be_added() -> DomainError:
    return _people_error(_("Somebody in the list does not exist or cannot be added."))


def _too_many() -> DomainError:
    message = _("A group may have at most %(limit)s members.") % {"limit": f"{MEMBERS:,}"}
    return _people_error(message)


def _people_error(message: str) -> DomainError:
    return DomainError(message, code="people", errors={"people": [message]})


def _forbidden(message: str) -> DomainError:
    return DomainError(message, 403, code="role")


def _stored(picture: bytes) -> str:
    """Its name. As with people, whoever knows it may see it: it stands beside every message."""
    return storage.save("profiles", square(picture))
