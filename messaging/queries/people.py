"""People: one by key, and the pages of contacts."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from accounts.record import COLUMNS as PERSON_COLUMNS
from accounts.record import PersonRecord, person_of_row
from chatsite.errors import DomainError
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select, SelectAmong
from chatsite.keys import is_key
from chatsite.text import is_storable
from chatsite.wire import absolute


def find_user(key: str) -> User | None:
    return User.objects.filter(pk=key).first() if is_key(key) else None


_PEOPLE = SelectAmong(lambda keys: User.objects.filter(pk__in=keys).values_list("pk"))


def people_among(keys: Collection[str]) -> set[str]:
    return {key for (key,) in _PEOPLE.rows_among(keys)}


def is_person(key: str) -> bool:
    return is_key(key) and bool(people_among([key]))


@dataclass(frozen=True, slots=True)
class ContactsPage:
    people: list[PersonRecord]
    cursor: str  # of the next page, "" at the end


def contacts_page(
    user: User | Principal, *, search: str = "", limit: int | None = None, cursor: str = ""
) -> ContactsPage:
    """Everyone but `user`, by name. Raises DomainError 400 for a cursor that is none."""
    given = dict(zip(("name", "key"), decode_cursor(cursor), strict=True)) if cursor else {}
    count = None if limit is None else limit + 1
    if words := search.strip():
        rows = list(_contacts(count, words, me=user.pk, **given))
    else:
        rows = _CONTACTS.rows(count, me=user.pk, **given)
    site = absolute("")
    people = [person_of_row(row[:-1], site) for row in rows[:limit]]
    return ContactsPage(people, cursor_of(rows, limit))


def _contacts(
    count: int | None, search: str = "", *, me: Any, name: Any = None, key: Any = None
) -> QuerySet[User, Row]:
    contacts = User.objects.contacts_of(me, search)
    if key is not None:
        contacts = contacts.filter(comes_after(name, key))
    return contacts.values_list(*PERSON_COLUMNS, "sort_name")[:count]


_CONTACTS = Select(_contacts, packed=True)


def comes_after(name: Any, key: Any) -> Q:
    """Of people, those who come later by name."""
    return Q(sort_name__gt=name) | Q(sort_name=name, pk__gt=key)


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
