"""What the rules of the site say of words, links and new accounts. A process knows them, so that
they cost a send nothing where there are none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from re import Pattern

from accounts.services.admission import site_policy
from chatsite.live.known import Known
from chatsite.text import folded_text


@dataclass(frozen=True, slots=True)
class Filters:
    refused: Pattern[str] | None
    held: Pattern[str] | None  # what goes through, and is reported
    new_for: timedelta  # how long an account counts as new
    new_messages: int  # an hour, of a new account


def pattern_of(entries: Iterable[str]) -> Pattern[str] | None:
    """Words and domains, folded as for searching: each as a whole, a domain with those below it."""
    parts = []
    for entry in filter(None, map(str.strip, entries)):
        is_domain = "." in entry and " " not in entry
        ends = r"(?!\.?[\w-])" if is_domain else r"(?!\w)"
        begins = r"(?<![\w-])" if is_domain else r"(?<!\w)"
        parts.append(begins + re.escape(folded_text(entry)) + ends)
    return re.compile("|".join(parts)) if parts else None


def _asked() -> Filters:
    policy = site_policy()
    return Filters(
        refused=pattern_of(policy.refused_words.splitlines()),
        held=pattern_of(policy.held_words.splitlines()),
        new_for=timedelta(hours=policy.new_hours),
        new_messages=policy.new_messages,
    )


filters = Known("filters", _asked)
