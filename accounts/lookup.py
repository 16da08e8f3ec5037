"""Finds people by what a moderator knows of them."""

from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.errors import DomainError
from chatsite.text import is_storable

MAX_RESULTS = 50


def find_people(words: str) -> list[str]:
    """Keys of whoever has this key or e-mail address, else of all whose name or address is like it.

    Raises DomainError when too many fit: half of them would look like all.
    """
    words = words.strip()
    if not words or not is_storable(words):
        return []
    if one := User.objects.filter(pk=words).first() or User.objects.with_email(words):
        return [one.pk]
    keys = list(User.objects.matching(words).values_list("pk", flat=True)[: MAX_RESULTS + 1])
    if len(keys) > MAX_RESULTS:
        raise DomainError(
            _("Too many people match. Enter more of the name, or the e-mail address.")
        )
    return keys
