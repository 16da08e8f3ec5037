"""The rules of the site for words, links and new accounts, in messages and in names. Each process
caches them, so that they cost a send nothing where there are none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from re import Match, Pattern
from urllib.parse import unquote

from django.utils.translation import gettext as _

from accounts.services.admission import site_policy
from chatsite.errors import DomainError
from chatsite.live.cached import CachedValue
from chatsite.text import skeleton, with_invisible_as

_PUNYCODE = re.compile(r"\bxn--([a-z0-9-]{1,59})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Filters:
    refused: Pattern[str] | None
    held: Pattern[str] | None  # what goes through, and is reported
    new_for: timedelta  # how long an account counts as new
    new_messages: int  # an hour, of a new account

    @property
    def are_any(self) -> bool:
        return bool(self.refused or self.held or self.new_for)


def pattern_of(entries: Iterable[str]) -> Pattern[str] | None:
    """Words and domains, to be searched in what `searched` makes of a text: each as a whole, a
    domain with those below it.
    """
    folded = {skeleton(_as_read(entry)).strip() for entry in entries} - {""}
    domains = {entry for entry in folded if "." in entry and " " not in entry}
    parts = []
    # What an entry begins and ends at is looked at once a place, not once an entry.
    if words := "|".join(map(re.escape, sorted(folded - domains))):
        parts.append(rf"(?<!\w)(?:{words})(?!\w)")
    if names := "|".join(map(re.escape, sorted(domains))):
        parts.append(rf"(?<![\w-])(?:{names})(?!\.?[\w-])")
    return re.compile("|".join(parts)) if parts else None


def searched(text: str) -> str:
    """What nobody sees parts words here (some of it shows as a gap), and does not; addresses are
    here as they are written, and as browsers read them.
    """
    together = with_invisible_as("", text)
    forms = [together, _as_read(text)]
    if together != text:
        forms.append(with_invisible_as(" ", text))
    return skeleton("\n".join(dict.fromkeys(forms)))


def _as_read(text: str) -> str:
    """In one piece, with what stands for letters in addresses: `%6c`, and `xn--` with the rest."""
    return with_invisible_as("", _PUNYCODE.sub(_decoded, unquote(text)))


def _decoded(found: Match[str]) -> str:
    try:
        return found[1].encode().decode("punycode")
    except UnicodeError:
        return found[0]


def _query_filters() -> Filters:
    policy = site_policy()
    return Filters(
        refused=pattern_of(policy.refused_words.splitlines()),
        held=pattern_of(policy.held_words.splitlines()),
        new_for=timedelta(hours=policy.new_hours),
        new_messages=policy.new_messages,
    )


filters = CachedValue("filters", _query_filters)


def check_words(text: str, field: str = "") -> bool:
    """Whether it is to be reported. Raises DomainError 400 for what the site refuses, of `field` if
    it is one.
    """
    rules = filters()
    if not (rules.refused or rules.held):
        return False
    words = searched(text)
    if rules.refused and rules.refused.search(words):
        message = _("This has words or links that are not allowed here.")
        raise DomainError(message, code="filtered", errors={field: [message]} if field else None)
    return bool(rules.held and rules.held.search(words))


def is_held(*texts: str) -> bool:
    """Whether one of them is to be reported."""
    held = filters().held
    return bool(held and any(held.search(searched(text)) for text in texts))
