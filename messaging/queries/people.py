"""People: one by key, the pages of contacts, and who finds whom (`SitePolicy`)."""

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from accounts.canonical import canonical_email
from accounts.models import User, person_matches
from accounts.principal import Principal
from accounts.record import COLUMNS as PERSON_COLUMNS
from accounts.record import PersonRecord, person_of, person_of_row, picture_path
from accounts.services.admission import site_policy
from accounts.services.placeholders import is_placeholder
from chatsite.errors import DomainError, NotFound
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select, SelectAmong
from chatsite.keys import is_key
from chatsite.text import folded, has_words, is_storable
from chatsite.wire import absolute
from messaging.models import FIRST_GROUP, Conversation, Membership, Message, direct_key, peer_in
from messaging.queries.privacy import Face, rules


def find_user(key: str) -> User | None:
    return User.objects.filter(pk=key).first() if is_key(key) else None


_PEOPLE = SelectAmong(lambda keys: User.objects.filter(pk__in=keys).values_list("pk"))


def people_among(keys: Collection[str]) -> set[str]:
    return {key for (key,) in _PEOPLE.rows_among(keys)}


_LIVING = SelectAmong(
    lambda keys: User.objects.filter(pk__in=keys, deleted_at=None).values_list("pk")
)


def living_among(keys: Collection[str]) -> set[str]:
    """Without accounts that were deleted."""
    return {key for (key,) in _LIVING.rows_among(keys)}


def is_person(key: str) -> bool:
    return is_key(key) and bool(people_among([key]))


def find_by_username(me: str, username: str) -> User | None:
    """Whoever has exactly this @username, as far as `me` knows, be it `me`."""
    person, changed = User.objects.with_username(username), _changed(me)
    if person and person.pk not in changed:
        return person
    return next(map(find_user, _with_username(username, changed)), None)


def find_by_email(me: str, email: str) -> User | None:
    """Whoever has exactly this address, as far as `me` knows, be it `me`."""
    person, changed = User.objects.with_email(email), _changed(me)
    if person and person.pk not in changed:
        return person
    return next(map(find_user, _with_email(email, changed)), None)


def person_by_username(user: User, username: str) -> PersonRecord:
    """The same. Raises NotFound."""
    person = find_by_username(user.pk, username)
    if person is None:
        raise NotFound(_("No such person."))
    record = person_of(person)
    redact_for(user.pk, [record])
    return record


@dataclass(frozen=True, slots=True)
class ContactsPage:
    people: list[PersonRecord]
    cursor: str  # of the next page, "" at the end


def contacts_page(
    user: User | Principal, *, search: str = "", limit: int | None = None, cursor: str = ""
) -> ContactsPage:
    """Everyone but `user` whom they may find, by name. Raises DomainError 400 for a cursor that is
    none.
    """
    me, words, shown = user.pk, search.strip(), rules()
    if words or not shown.lists_everybody or shown.faces_of(me):
        people, by = _contacts_by_name(me, words)
        return ContactsPage(*named_page(people, by, me, limit=limit, cursor=cursor))
    given = dict(zip(("name", "key"), decode_cursor(cursor), strict=True)) if cursor else {}
    rows = _CONTACTS.rows(None if limit is None else limit + 1, me=me, **given)
    return ContactsPage(_shown(rows[:limit], me), cursor_of(rows, limit))


def _contacts(
    count: int | None, *, me: Any, name: Any = None, key: Any = None
) -> QuerySet[User, Row]:
    contacts = User.objects.contacts_of(me)
    if key is not None:
        contacts = contacts.filter(_comes_after(name, key))
    return contacts.values_list(*PERSON_COLUMNS, "sort_name")[:count]


def named_page(
    people: QuerySet[User], by: str, me: str, *, limit: int | None, cursor: str = ""
) -> tuple[list[PersonRecord], str]:
    """Of people who are sorted by this name of theirs, with the cursor of the next page. Raises
    DomainError 400.
    """
    if cursor:
        people = people.filter(_comes_after(*decode_cursor(cursor), by=by))
    rows = list(people.values_list(*PERSON_COLUMNS, by)[: None if limit is None else limit + 1])
    return _shown(rows[:limit], me), cursor_of(rows, limit)


def _shown(rows: Iterable[Row], me: str) -> list[PersonRecord]:
    site = absolute("")
    people = [person_of_row(row[:-1], site) for row in rows]
    redact_for(me, people)
    return people


def contacts_of(me: str, search: str = "") -> QuerySet[User]:
    """Everyone else whom they may find, by name; each word of `search` is in the name or, where
    addresses are shown, in the address. A whole address or username finds its owner in any case.
    """
    return _contacts_by_name(me, search)[0]


def _contacts_by_name(me: str, search: str) -> tuple[QuerySet[User], str]:
    changed = _changed(me)
    found = _found_by(search, changed)
    if not rules().lists_everybody:
        found &= Q(pk__in=acquaintances_of(me))
    if search and (owners := _owners(search, changed)):
        found |= Q(pk__in=owners)
    return _by_name(User.objects.contacts_of(me).filter(found), changed)


def found_among(me: str, keys: Collection[str], search: str = "") -> tuple[QuerySet[User], str]:
    """Of these people, those who are found by `search`, by name; and by which."""
    changed = _changed(me)
    people = User.objects.filter(_found_by(search, changed), pk__in=list(keys))
    return _by_name(people, changed)


# By key, how somebody sees those who have changed their name, @username or address since one of the
# two blocked the other: all else is searched in the database, as for anybody.
_Changed = Mapping[str, Face]
_CURRENT_FACES = SelectAmong(
    lambda keys: User.objects.filter(pk__in=keys).values_list(
        "pk", "full_name", "username", "email"
    )
)


def _changed(me: str) -> _Changed:
    faces = rules().faces_of(me)
    return {
        key: faces[key]
        for key, *current in (_CURRENT_FACES.rows_among(faces) if faces else ())
        if current != [faces[key].name, faces[key].username, faces[key].email]
    }


def _found_by(search: str, changed: _Changed) -> Q:
    by_address = rules().shows_addresses
    found = person_matches(search, by_address=by_address)
    if not changed:
        return found
    keys = {key for key, face in changed.items() if _has_words(face, search, by_address)}
    return (found & ~Q(pk__in=list(changed))) | Q(pk__in=keys)


def _has_words(face: Face, search: str, by_address: bool) -> bool:
    return all(
        has_words(face.name, word) or (by_address and has_words(face.email, word))
        for word in search.split()
    )


def _owners(words: str, changed: _Changed) -> set[str]:
    """Whoever has exactly this address or @username."""
    owner = User.objects.with_email(words) or User.objects.with_username(words)
    keys = _with_email(words, changed) | _with_username(words, changed)
    return keys if owner is None or owner.pk in changed else {owner.pk, *keys}


def _with_username(username: str, changed: _Changed) -> set[str]:
    name = username.strip().removeprefix("@").lower()
    return {key for key, face in changed.items() if name and face.username == name}


def _with_email(email: str, changed: _Changed) -> set[str]:
    addresses = {email.strip().lower(), canonical_email(email)}
    return {key for key, face in changed.items() if face.email and face.email in addresses}


def _by_name(people: QuerySet[User], changed: _Changed) -> tuple[QuerySet[User], str]:
    if not changed:
        return people.order_by("sort_name", "pk"), "sort_name"
    names = (When(pk=key, then=Value(folded(face.name))) for key, face in changed.items())
    named = people.annotate(visible_name=Case(*names, default="sort_name"))
    return named.order_by("visible_name", "pk"), "visible_name"


def acquaintances_of(me: str) -> set[str]:
    """Whom they have written with, but for requests that wait, and who is in a group with them."""
    mine = Membership.objects.of(me).filter(until_seq=None)
    groups = list(mine.filter(conversation__gte=FIRST_GROUP).values_list("conversation", flat=True))
    members = Membership.objects.filter(conversation__in=groups, until_seq=None)
    return correspondents_of(me) | set(members.values_list("user_id", flat=True))


def visible_people_among(me: str, keys: Collection[str]) -> set[str]:
    """Whose names and pictures they may see by their keys alone: with `lists_everybody` anybody's,
    else of whoever is or was in a conversation with them. Of a placeholder, whoever has the key has
    imported it.
    """
    if rules().lists_everybody:
        return set(keys)
    mine = list(Membership.objects.of(me).values_list("conversation", flat=True))
    there = Membership.objects.filter(conversation__in=mine, user_id__in=list(keys))
    theirs = {key for key in keys if key == me or is_placeholder(key)}
    return theirs.union(there.values_list("user_id", flat=True))


def correspondents_of(me: str) -> set[str]:
    mine = Membership.objects.of(me).filter(conversation__lt=FIRST_GROUP)
    begun = Conversation.objects.filter(
        pk__in=list(mine.values_list("conversation", flat=True)), last_seq__gt=0
    )
    keys = dict(begun.values_list("pk", "key"))
    waiting = Membership.objects.filter(conversation__in=list(keys), is_request=True)
    for key in waiting.values_list("conversation_id", flat=True):
        del keys[key]
    return {peer_in(key, me) for key in keys.values()}


def may_add_strangers() -> bool:
    """Whether people may have strangers in their groups: where these are kept from writing, a group
    would be a way around that.
    """
    policy = site_policy()
    return policy.lists_everybody and not (policy.requests or policy.strangers_per_day)


def candidates_of(me: str, search: str = "") -> QuerySet[User]:
    """Contacts whom they may add to a group."""
    people = contacts_of(me, search).filter(banned_at=None)
    if blocked := rules().blocks.get(me):
        people = people.exclude(pk__in=list(blocked))
    return people if may_add_strangers() else people.filter(pk__in=acquaintances_of(me))


def redact_for(
    me: str, people: Iterable[PersonRecord], *, writers: Collection[str] = frozenset()
) -> None:
    """Leaves in the records what `me` may see: of who is blocked or has blocked them no change, and
    no address, where not everybody sees these, of those who have not written to them. `writers` are
    known to have, and are not looked up.
    """
    shown = rules()
    if faces := shown.faces_of(me):
        people = list(people)
        for each in people:
            if face := faces.get(each.id):
                each.full_name = face.name
                each.profile_pic = absolute(picture_path(each.id, face.name, face.picture))
                each.email = each.email and face.email
    if shown.shows_addresses:
        return
    others = {
        direct_key(me, each.id): each
        for each in people
        if each.email and each.id != me and each.id not in writers
    }
    have_incoming = _which_have_incoming(me, list(others))
    for key, each in others.items():
        if key not in have_incoming:
            each.email = ""


def _with_incoming(keys: list[Any], *, me: Any) -> QuerySet[Conversation, Row]:
    # The first such message is enough.
    sent = Message.objects.filter(conversation=OuterRef("pk")).exclude(sender=me)
    return Conversation.objects.filter(Exists(sent), key__in=keys).values_list("key")


_WITH_INCOMING = SelectAmong(_with_incoming)


def _which_have_incoming(me: str, keys: list[str]) -> set[str]:
    """Those of the direct chats in which the other one has written."""
    if settings.MONGODB:
        ours = dict(Conversation.objects.filter(key__in=keys).values_list("pk", "key"))
        sent = Message.objects.filter(conversation__in=list(ours)).exclude(sender=me)
        return {ours[pk] for pk in sent.values_list("conversation", flat=True).distinct()}
    return {key for (key,) in _WITH_INCOMING.rows_among(keys, me=me)}


_CONTACTS = Select(_contacts, packed=True)


def _comes_after(name: Any, key: Any, by: str = "sort_name") -> Q:
    """Of people, those who come later by name."""
    return Q((f"{by}__gt", name)) | Q((by, name), pk__gt=key)


def cursor_of(rows: Sequence[Row], limit: int | None) -> str:
    """Of people by name, whose rows begin with the key and end with the name: where the next page
    begins, if there is one.
    """
    if limit is None or len(rows) <= limit:
        return ""
    key, *_person, name = rows[limit - 1]
    return base64.urlsafe_b64encode(f"{key}{name}".encode()).decode()


def decode_cursor(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    key, name = text[:24], text[24:]
    if not is_key(key) or not is_storable(name):
        raise bad_cursor()
    return name, key


def bad_cursor() -> DomainError:
    message = _("This cursor is not valid.")
    return DomainError(message, code="cursor", errors={"cursor": [message]})
