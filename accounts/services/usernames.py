"""@usernames that cannot be had though nobody has them: those that sound like the site speaking,
and those that somebody gave up, or left behind with their account.
"""

import re
from datetime import timedelta

from accounts.models import FormerUsername, User
from accounts.services.rules import username_taken
from chatsite.db import now

RESERVATION = timedelta(days=90)
MAX_RESERVED = 3  # so that nobody keeps others from many
FORBIDDEN = re.compile(
    "abuse|admin(istrator)?s?|bot|chatsite|every(body|one)|help(desk)?|mail|mod(eration|erator)?s?"
    "|nobody|noreply|official|operator|owner|postmaster|privacy|root|safety|saved|security|staff"
    "|support|sysadmin|system|team|webmaster"
)
_LIKE_LETTERS = str.maketrans("01345", "oieas")
_NO_LETTERS = re.compile(r"[\d_]")


def check_may_have(user: User, username: str) -> None:
    """Raises DomainError 400."""
    spellings = (username, username.translate(_LIKE_LETTERS))  # admin_1, supp0rt
    if not user.role and any(FORBIDDEN.fullmatch(_NO_LETTERS.sub("", each)) for each in spellings):
        raise username_taken()


def record_change(user: User, before: str) -> None:
    """In the transaction that has just stored another username. Raises DomainError 400 for one that
    is kept for somebody else, be it for a moment.
    """
    if user.username:
        reserved = FormerUsername.objects.filter(username=user.username)
        if reserved.filter(freed_at__gt=now() - RESERVATION).exclude(owner=user.pk).exists():
            raise username_taken()
        reserved.delete()
    if before:
        reserve(user.pk, before)


def reserve(owner: str, username: str) -> None:
    """For `owner`, who has it no more."""
    FormerUsername.objects.update_or_create(
        username=username, defaults={"owner": owner, "freed_at": now()}
    )
    theirs = FormerUsername.objects.filter(owner=owner).order_by("-freed_at", "-pk")
    older = list(theirs.values_list("pk", flat=True)[MAX_RESERVED:])
    FormerUsername.objects.filter(pk__in=older).delete()


def free_old() -> None:
    FormerUsername.objects.filter(freed_at__lte=now() - RESERVATION).delete()
