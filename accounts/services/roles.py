"""What people do for the site, and who decides it: each acts on those below them alone, so nobody
on themselves, and nobody on the owner, who hands the site over.
"""

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import SiteRole, User
from accounts.services.admission import check_owner_code
from accounts.services.rules import check_password, dead_link
from chatsite.db import atomic, repeatable
from chatsite.errors import DomainError


def may_act_on(moderator: User, person: User) -> bool:
    return bool(moderator.role) and moderator.outranks(person.role)


def may_give(moderator: User, person: User, role: str) -> bool:
    """`role`: "" takes away the one they have."""
    if not moderator.is_admin or person.is_banned or role == person.role:
        return False
    return may_act_on(moderator, person) and moderator.outranks(role)


def may_hand_over(owner: User, person: User) -> bool:
    """To an admin: somebody who was trusted before."""
    return owner.is_superuser and person.role == SiteRole.ADMIN and not person.is_banned


@repeatable
def give_role(*, by: User, user: User, role: str) -> None:
    """Raises DomainError 403."""
    if not may_give(by, user, role):
        raise not_allowed()
    with atomic():
        _set(by, by.role)  # so nobody acts by a role that is taken away meanwhile
        _set(user, role)
    user.role = role


@repeatable
def hand_over(*, by: User, user: User) -> None:
    """`user` becomes the owner, and the owner an admin. Raises DomainError 403."""
    if not may_hand_over(by, user):
        raise not_allowed()
    with atomic():
        _set(by, SiteRole.ADMIN)
        _set(user, SiteRole.OWNER)
    by.role, user.role = SiteRole.ADMIN, SiteRole.OWNER


@repeatable
def become_owner(*, user: User, code: str, password: str) -> None:
    """Of a site without one, by its code. Raises DomainError: 400 for another code or password, 403
    where they are not what they were any more, 410 where somebody was faster.
    """
    check_owner_code(code)
    check_password(user, password)
    try:
        with atomic():
            _set(user, SiteRole.OWNER)
    except IntegrityError:
        raise dead_link() from None
    user.role = SiteRole.OWNER


def _set(user: User, role: str) -> None:
    """Unless they have another one by now."""
    as_known = User.objects.filter(pk=user.pk, role=user.role, banned_at=None)
    if not as_known.update(role=role):
        raise not_allowed()


def not_allowed() -> DomainError:
    words = _("This has already been done, or you are not allowed to do it.")
    return DomainError(words, 403, code="not_allowed")
