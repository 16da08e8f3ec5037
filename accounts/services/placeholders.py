"""People of imported histories: names to stand above what they wrote elsewhere.

Each is a row like that of a deleted account: nobody finds it, writes to it or gets in by it. It is
its importer's alone, so an import puts no words into the mouth of anybody who has an account here.
"""

from collections.abc import Mapping

from django.contrib.auth.hashers import make_password
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import NAME_LENGTH, User
from chatsite.db import now
from chatsite.fastpath.statements import SelectAmong
from chatsite.text import is_blank, is_storable, one_line

_FIRST = "00"
_THERE = SelectAmong(lambda keys: User.objects.filter(pk__in=keys).values_list("pk"))


def placeholder_key(owner: str, source: str, person: str) -> str:
    """The same for the same person of the same source, whenever it is imported. It sorts before
    every account's. Nobody else can derive it, to find out whether somebody has imported that
    person.
    """
    identity = f"{owner}\0{source}\0{person}".encode(errors="replace")
    digest = salted_hmac("accounts.services.placeholders", identity, algorithm="sha256").hexdigest()
    return f"{_FIRST}{digest[:22]}"


def is_placeholder(key: str) -> bool:
    return key.startswith(_FIRST)


def make_placeholders(names: Mapping[str, str]) -> None:
    """By key. Those that are there stay as they are."""
    there = {key for (key,) in _THERE.rows_among(names)}
    moment = now()
    for key, name in names.items():
        if key in there:
            continue
        user = User(
            pk=key, email=key, password=make_password(None), deleted_at=moment, banned_at=moment
        )
        user.rename(_shown(name))
        user.save(force_insert=True)


def _shown(name: str) -> str:
    line = one_line(name)[:NAME_LENGTH] if is_storable(name) else ""
    return _("Unknown person") if is_blank(line) else line
