"""Who may make an account: the rules of the site, invitations, and the code of the first owner."""

import logging
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import Error, connections
from django.db.models import F, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import mail
from accounts.canonical import canonical_email, readable_email
from accounts.links import invitation_link, start_link
from accounts.models import ADMINS, Invitation, SignUps, SitePolicy, SiteRole, User
from accounts.services.rules import checked_email, dead_link, field_error
from accounts.trusted_devices import inbox_key
from chatsite.db import atomic, now
from chatsite.errors import DomainError, NotFound
from chatsite.job_queue import JobQueue
from chatsite.keys import is_key
from chatsite.security.ratelimits import MAILS, check

POLICY = (
    *("sign_up", "domains", "members_invite", "confirmed_first", "appeals"),
    *("refused_words", "held_words", "new_hours", "new_messages"),
    *("requests", "strangers_per_day", "lists_everybody", "shows_addresses"),
)
logger = logging.getLogger(__name__)
MAX_INVITATIONS = 50  # of one person at a time
MAX_USES = 1000
MAX_DAYS = 90
_CODE = re.compile(r"[\w-]{22}", re.ASCII)
_OWNER_CODE_LENGTH = 20  # of 5 bits each, in groups of 5

log_queue = JobQueue("owner-code", threads=1, length=1)


def site_policy() -> SitePolicy:
    """As it was decided in the admin, else by the environment."""
    return SitePolicy.objects.first() or SitePolicy(
        sign_up=settings.SIGN_UP,
        domains="\n".join(settings.SIGN_UP_DOMAINS),
        members_invite=settings.MEMBERS_INVITE,
        confirmed_first=settings.CONFIRMED_FIRST,
        requests=settings.REQUESTS,
        strangers_per_day=settings.STRANGERS_PER_DAY,
        lists_everybody=settings.LISTS_EVERYBODY,
        shows_addresses=settings.SHOWS_ADDRESSES,
    )


def check_may_begin(user_id: str, policy: SitePolicy | None = None) -> None:
    """A chat or a group. Raises DomainError 403 where that takes a confirmed address."""
    if not (policy or site_policy()).confirmed_first:
        return
    known = User.objects.filter(pk=user_id)
    if not known.exclude(email_confirmed_at=None, role="").exists():
        words = _("Confirm your e-mail address first: your profile sends you the link.")
        raise DomainError(words, 403, code="unconfirmed")


def stored_policy() -> SitePolicy:
    """As a row, from now on."""
    policy = site_policy()
    values = {name: getattr(policy, name) for name in POLICY}
    return SitePolicy.objects.get_or_create(pk=policy.pk, defaults=values)[0]


@dataclass(frozen=True, slots=True)
class Admission:
    """By what somebody may make an account; by nothing where the site is open."""

    invitation: Invitation | None = None
    is_owner: bool = False

    def check_address(self, email: str) -> None:
        """Raises DomainError 400 where the invitation is somebody else's."""
        bound = self.invitation.email if self.invitation else ""
        if bound and canonical_email(email) != bound:
            words = _("This invitation is for %(address)s.") % {"address": readable_email(bound)}
            raise field_error("email", words, "not_invited")

    @property
    def confirms(self) -> bool:
        """The link went to the address that makes the account."""
        return bool(self.invitation and self.invitation.email)

    def use(self) -> None:
        """In the transaction that makes the account. Raises DomainError 410 when others were
        faster.
        """
        if self.is_owner and has_owner():
            raise dead_link()
        if not self.invitation:
            return
        usable = Invitation.objects.filter(pk=self.invitation.pk, used__lt=F("uses"))
        if not usable.update(used=F("used") + 1):
            raise dead_link()


def admission(code: str) -> Admission:
    """Raises DomainError 403 where it takes an invitation or nobody is let in, 410 for a `code`
    that does not work (any more). Where the site is open, anybody is let in.
    """
    if code and is_owner_code(code):
        return Admission(is_owner=True)
    policy = site_policy()
    if policy.sign_up == SignUps.CLOSED:
        raise DomainError(_("This site takes no new accounts."), 403, code="closed")
    if found := _invitations(code, policy).first():
        return Admission(found)
    if policy.sign_up == SignUps.OPEN:
        return Admission()
    if code:
        raise dead_link()
    raise DomainError(_("An account here takes an invitation."), 403, code="invitation_needed")


def _invitations(code: str, policy: SitePolicy) -> QuerySet[Invitation]:
    usable = Invitation.objects.usable()
    if not policy.members_invite:
        usable = usable.filter(Q(created_by=None) | Q(created_by__role__in=ADMINS))
    return usable.filter(code=code) if _CODE.fullmatch(code) else usable.none()


def owner_code() -> str:
    """Makes whoever signs up with it the owner, as long as the site has none: "ABCDE-FGHIJ-…".

    It is made from the secret of the site, so each process has the same one at any time, and it is
    kept nowhere. Whoever can read the log of a site without an owner can become the owner.
    """
    made = salted_hmac("accounts.services.admission", "owner", algorithm="sha256").digest()
    letters = b32encode(made).decode()[:_OWNER_CODE_LENGTH]
    return "-".join(letters[start : start + 5] for start in range(0, _OWNER_CODE_LENGTH, 5))


def is_owner_code(code: str) -> bool:
    return _fits(code) and not has_owner()


def _fits(code: str) -> bool:
    """However it is typed."""
    return constant_time_compare(_letters(code), _letters(owner_code()))


def _letters(code: str) -> str:
    return "".join(re.findall("[A-Z2-7]", code.upper()))


def check_owner_code(code: str) -> None:
    """Raises DomainError 400 for another code, 410 where the site has an owner."""
    if not _fits(code):
        words = _("That is not the code. It is where the server was started, or in its log.")
        raise field_error("code", words, "wrong_code")
    if has_owner():
        raise dead_link()


def log_owner_code() -> None:
    """Of a site without an owner, as a process begins to serve it."""
    if settings.PRODUCTION:  # elsewhere scripts/start.py prints it
        log_queue.put(_log_owner_code)


def _log_owner_code() -> None:
    try:
        if not has_owner():
            logger.warning("%s", owner_words(settings.PUBLIC_URL))
    except Error as error:  # the next start logs it
        logger.info("nobody knows yet whether there is an owner (%s)", type(error).__name__)
    finally:
        connections.close_all()


def owner_words(site: str) -> str:
    """For whoever starts the site."""
    where = start_link(site)
    return f"This site has no owner yet. Make that account at {where} with the code {owner_code()}"


def has_owner() -> bool:
    return User.objects.filter(role=SiteRole.OWNER).exists()


def may_invite(user: User) -> bool:
    policy = site_policy()
    return policy.sign_up != SignUps.CLOSED and (user.is_admin or policy.members_invite)


def invitations_of(user: User) -> QuerySet[Invitation]:
    return user.invitations.usable().order_by("-created_at", "-pk")


def invite(*, user: User, days: int, uses: int, email: str = "", site: str = "") -> Invitation:
    """A link that makes `uses` accounts (1 to MAX_USES) for `days` (1 to MAX_DAYS), or one that
    is mailed to `email` and makes an account for that address alone.

    Raises DomainError: 403 for who may not invite, 400 for an address that is none or too many
    invitations, TooMany for too many mails.
    """
    if not may_invite(user):
        raise DomainError(_("You cannot invite people here."), 403, code="may_not_invite")
    if not (1 <= days <= MAX_DAYS and 1 <= uses <= MAX_USES):
        raise DomainError(_("An invitation cannot be that large."), code="too_large")
    if invitations_of(user).count() >= MAX_INVITATIONS:
        words = _("You have %(count)s invitations. Withdraw one first.")
        raise DomainError(words % {"count": MAX_INVITATIONS}, code="too_many")
    if not email:
        return _made(user, timedelta(days=days), uses=uses)
    address = checked_email(email)
    check(MAILS, user.pk)
    return _mailed(user, address, site, timedelta(days=days))


def request_invitation(*, email: str, site: str) -> str:
    """Mails one to an address of a listed domain, which is returned. The result is the same
    whether the address has an account or not.

    Raises DomainError 403 where the site is not open to domains, 400 for an address that is none
    or of another domain, TooMany for one that gets too many mails.
    """
    policy = site_policy()
    if policy.sign_up != SignUps.DOMAINS:
        raise DomainError(_("An account here takes an invitation."), 403, code="invitation_needed")
    address = checked_email(email)
    if address.rpartition("@")[2] not in map(_canonical_domain, policy.domain_list):
        words = _("Only addresses at %(domains)s can make an account here.")
        domains = ", ".join(policy.domain_list)
        raise field_error("email", words % {"domains": domains}, "other_domain")
    _mailed(None, address, site, timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
    return address


def withdraw(*, user: User, key: str) -> None:
    """Raises NotFound for what is not one of theirs that still works."""
    invitation = invitations_of(user).filter(pk=key).first() if is_key(key) else None
    if not invitation:
        raise NotFound(_("No such invitation."))
    end(invitation)


def end(invitation: Invitation) -> None:
    invitation.expires_at = now()
    invitation.save(update_fields=["expires_at"])


def _canonical_domain(domain: str) -> str:
    return canonical_email(f"x@{domain}")[2:]


def _mailed(user: User | None, address: str, site: str, time: timedelta) -> Invitation:
    check(MAILS, inbox_key(address))
    with atomic():
        made = _made(user, time, email=address)
        mail.send(mail.invitation(address, invitation_link(site, made.code), made.expires_at))
    return made


def _made(user: User | None, time: timedelta, *, uses: int = 1, email: str = "") -> Invitation:
    Invitation.objects.filter(expires_at__lt=now()).delete()
    code = secrets.token_urlsafe(16)
    return Invitation.objects.create(
        code=code, created_by=user, uses=uses, email=email, expires_at=now() + time
    )
