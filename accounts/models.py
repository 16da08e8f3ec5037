"""People and their sessions."""

import re
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.canonical import (
    EMAIL_LENGTH,
    canonical_email,
    canonical_password,
    is_email,
    password_forms,
    readable_email,
)
from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from chatsite.text import FOLDED_LENGTH, folded, is_storable, isolated, one_line

NAME_LENGTH = 100
USERNAME_LENGTH = 32
ENDPOINT_LENGTH = 1000
FIRST_STEPS = ("picture", "chat", "notifications")
_USERNAME = re.compile(rf"[a-z][a-z0-9_]{{2,{USERNAME_LENGTH - 1}}}")


class SiteRole(models.TextChoices):
    """What somebody does for the whole site. Each may do what those before it may, and acts on
    those below it alone.
    """

    MODERATOR = "moderator", _("Moderator")
    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Owner")  # at most one


_RANKS = ["", *SiteRole.values]
ADMINS = (SiteRole.ADMIN.value, SiteRole.OWNER.value)


def is_username(text: str) -> bool:
    return _USERNAME.fullmatch(text) is not None


def person_matches(words: str, *, by_address: bool = True) -> Q:
    """Whether each word is in the name or the e-mail address, whatever its case and accents."""
    found = Q()
    for word in words.split():
        found &= _word_matches(word) if by_address else Q(sort_name__contains=folded(word))
    return found


def _word_matches(word: str) -> Q:
    found = Q(sort_name__contains=folded(word))
    for part in {canonical_email(word), canonical_email(f"@{word}")[1:]}:  # or a domain
        found |= Q(email__contains=part)
    return found


class UserQuerySet(models.QuerySet["User"]):
    def matching(self, words: str) -> Self:
        return self.filter(person_matches(words))

    def with_username(self, name: str) -> "User | None":
        """Whoever has it, written with or without its @."""
        username = name.strip().removeprefix("@").lower()
        if not is_username(username):
            return None
        return self.filter(username=username).first()

    def with_email(self, email: str) -> "User | None":
        """Whoever has the address, in whatever way it is written.

        Where two accounts turned out to have the same one, the younger kept it as it was written
        once, and is found by that alone.
        """
        written = email.strip().lower()
        if not is_storable(written):
            return None
        forms = {written, canonical_email(email)}
        found = {user.email: user for user in self.filter(email__in=forms)}
        return found.get(written) or next(iter(found.values()), None)

    def contacts_of(self, user_id: str, search: str = "") -> Self:
        """Everyone else, by name; each word of `search` is in the name or the address."""
        contacts = self.filter(deleted_at=None).exclude(pk=user_id).order_by("sort_name", "pk")
        if search:
            contacts = contacts.matching(search)
        return contacts


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def contacts_of(self, user_id: str, search: str = "") -> UserQuerySet:
        return self.get_queryset().contacts_of(user_id, search)

    def matching(self, words: str) -> UserQuerySet:
        return self.get_queryset().matching(words)

    def with_email(self, email: str) -> "User | None":
        return self.get_queryset().with_email(email)

    def with_username(self, name: str) -> "User | None":
        return self.get_queryset().with_username(name)

    def get_by_natural_key(self, username: str | None) -> "User":
        if user := self.with_email(username or ""):
            return user
        raise User.DoesNotExist

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """The owner, for `manage.py createsuperuser`. Raises ValidationError for what is no
        address, and where there is an owner.
        """
        if not is_email(email):
            raise ValidationError(_("This is not an e-mail address."))
        if self.get_queryset().filter(role=SiteRole.OWNER).exists():
            raise ValidationError(_("This site has an owner."))
        user = self.model(email=canonical_email(email), role=SiteRole.OWNER, **fields)
        user.rename(one_line(user.full_name))
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    id = HexIdField(primary_key=True, db_column="_id")
    email = models.EmailField(_("e-mail"), max_length=EMAIL_LENGTH, unique=True)
    # Since when it is known that they read mail there.
    email_confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    full_name = models.CharField(_("name"), max_length=NAME_LENGTH)
    sort_name = models.CharField(max_length=FOLDED_LENGTH, editable=False)
    picture = models.CharField(_("picture"), max_length=200, blank=True)
    role = models.CharField(  # "" of nearly everybody
        _("role"), max_length=10, choices=SiteRole, blank=True, default="", db_default=""
    )
    banned_at = models.DateTimeField(_("banned"), null=True, blank=True)
    ban_reason = models.CharField(_("reason for the ban"), max_length=300, blank=True)
    ban_ends_at = models.DateTimeField(_("end of the ban"), null=True, blank=True)
    silenced_until = models.DateTimeField(_("silenced until"), null=True, blank=True)
    # What moderators have to say to them, until they have seen it.
    warning = models.TextField(blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=now, editable=False)
    # As of now and then while they are online, and when they leave (services/last_seen.py).
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    # What they let others see, as JSON (accounts/privacy.py); "" where that is everything.
    privacy = models.TextField(blank=True, default="", editable=False)
    # Of the pages and mails; "" is their browser's.
    language = models.CharField(_("language"), max_length=10, blank=True, default="", db_default="")
    # How they are notified, as JSON (accounts/notifications.py); "" where they have chosen nothing.
    notifications = models.TextField(blank=True, default="", db_default="", editable=False)
    # Of FIRST_STEPS those that the page still shows, with spaces between; "" of older accounts.
    first_steps = models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False
    )
    # When a mail last said what is unread (messaging/services/digests.py).
    digest_sent_at = models.DateTimeField(null=True, editable=False)
    # By which others find them, folded (services/rules.py); "" where they have chosen none.
    username = models.CharField(
        _("username"), max_length=USERNAME_LENGTH, blank=True, default="", db_default=""
    )

    # When the account is going to be deleted, and whether its messages are, too, for everybody.
    deletion_at = models.DateTimeField(_("to be deleted"), null=True, editable=False)
    deletion_removes = models.BooleanField(
        _("with its messages"), default=False, db_default=False, editable=False
    )
    # Its row stays, for what it wrote, without anything of its owner (services/deletion.py).
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [
            models.Index(fields=["email"], name="user_by_email"),
            models.Index(fields=["sort_name", "id"], name="user_by_name"),
            models.Index(fields=["id"], condition=Q(privacy__gt=""), name="people_who_hide"),
            models.Index(fields=["silenced_until"], name="silenced_people"),
            models.Index(fields=["username"], name="user_by_username"),
            models.Index(fields=["id"], condition=Q(role__gt=""), name="people_with_roles"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["role"], condition=Q(role=SiteRole.OWNER), name="one_owner"
            ),
            models.UniqueConstraint(
                fields=["username"], condition=Q(username__gt=""), name="one_username"
            ),
        ]

    def __str__(self) -> str:
        return isolated(self.full_name)

    @property
    def is_staff(self) -> bool:
        """Django's word for who may open the admin."""
        return bool(self.role)

    @property
    def is_admin(self) -> bool:
        return self.role in ADMINS

    @property
    def is_superuser(self) -> bool:  # type: ignore[override]  # Django's attribute; the role decides
        return self.role == SiteRole.OWNER

    def outranks(self, role: str) -> bool:
        return _RANKS.index(self.role) > _RANKS.index(role)

    def rename(self, full_name: str) -> None:
        """Sets the name, and what it is sorted and found by."""
        self.full_name = full_name
        self.sort_name = folded(full_name)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and canonical_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Makes an old hash anew: one that cost less, or of a password as it was typed once."""
        if raw_password is None:
            return False
        canonical, *as_typed = password_forms(raw_password)
        if check_password(canonical, self.password, self._rehash):
            return True
        fits = any(check_password(form, self.password) for form in as_typed)
        if fits:
            self._rehash(canonical)
        return fits

    def _rehash(self, password: str) -> None:
        """Unless there is a new password by then."""
        old = self.password
        self.set_password(password)
        User.objects.filter(pk=self.pk, password=old).update(password=self.password)

    @property
    def first_name(self) -> str:
        return self.full_name.split()[0] if self.full_name.strip() else self.full_name

    @property
    def shown_email(self) -> str:
        return readable_email(self.email)

    @property
    def is_banned(self) -> bool:
        """A ban that has ended counts no more, though a job is yet to lift it."""
        if self.banned_at is None:
            return False
        return self.ban_ends_at is None or self.ban_ends_at > now()

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django's attribute; here the ban decides
        return not self.is_banned

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name


class FormerUsername(models.Model):
    """Kept for who had it (services/usernames.py), also beyond their account."""

    id = HexIdField(primary_key=True, db_column="_id")
    username = models.CharField(max_length=USERNAME_LENGTH)
    owner = models.CharField(max_length=24)
    freed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["username"], name="one_former_username")]
        indexes = [
            models.Index(fields=["owner", "-freed_at"], name="former_username_of"),
            *on_mongodb(models.Index(fields=["username"], name="former_username_by_name")),
        ]

    def __str__(self) -> str:
        return self.username


class SignUps(models.TextChoices):
    OPEN = "open", _("Anybody")
    DOMAINS = "domains", _("Whoever has an e-mail address of the domains below, or an invitation")
    INVITATION = "invitation", _("Whoever has an invitation")
    CLOSED = "closed", _("Nobody")


class SitePolicy(models.Model):
    """What is decided in the admin for the whole site: at most one row. Without it the environment
    decides (services/admission.py).
    """

    id = models.PositiveSmallIntegerField(
        primary_key=True, db_column="_id", default=1, editable=False
    )
    sign_up = models.CharField(
        _("who may make an account"), max_length=10, choices=SignUps, default=SignUps.OPEN
    )
    domains = models.TextField(
        _("domains"), blank=True, help_text=_("example.org, for instance; one a line.")
    )
    members_invite = models.BooleanField(
        _("everybody may invite"), default=False, help_text=_("Admins always may.")
    )
    confirmed_first = models.BooleanField(
        _("only with a confirmed e-mail address"),
        default=False,
        help_text=_("people begin a chat or a group. They may answer."),
    )
    requests = models.BooleanField(
        _("messages of strangers wait as requests"),
        default=False,
        db_default=False,
        help_text=_("until they are accepted: of people who are in no group with the receiver."),
    )
    lists_everybody = models.BooleanField(
        _("everybody is listed"),
        default=True,
        db_default=True,
        help_text=_(
            "Otherwise people find whom they have written with, who is in a group with them, and"
            " others by their whole e-mail address or @username."
        ),
    )
    shows_addresses = models.BooleanField(
        _("everybody sees e-mail addresses"),
        default=True,
        db_default=True,
        help_text=_("Otherwise those alone to whom somebody has written see theirs."),
    )
    strangers_per_day = models.PositiveIntegerField(
        _("how many strangers somebody may write to in a day"),
        default=0,
        db_default=0,
        help_text=_("0: as many as they like."),
    )

    appeals = models.EmailField(
        _("address for appeals"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Named in mails to people about whom moderators decided something."),
    )

    refused_words = models.TextField(
        _("words and domains that are refused"),
        blank=True,
        default="",
        db_default="",
        help_text=_("One a line: ladder, buy ladders, ladders.example."),
    )
    held_words = models.TextField(
        _("words and domains that are reported to moderators"),
        blank=True,
        default="",
        db_default="",
    )
    new_hours = models.PositiveSmallIntegerField(
        _("hours for which an account is new"),
        default=0,
        db_default=0,
        help_text=_("New accounts send no links and files to people who have not answered yet."),
    )
    new_messages = models.PositiveSmallIntegerField(
        _("messages that a new account sends an hour"),
        default=30,
        db_default=30,
        validators=[MinValueValidator(1)],
    )

    class Meta:
        verbose_name = _("rules of the site")
        verbose_name_plural = _("rules of the site")

    def __str__(self) -> str:
        return str(SignUps(self.sign_up).label)

    @property
    def domain_list(self) -> list[str]:
        return self.domains.lower().replace(",", " ").split()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self) -> Self:
        """Neither expired nor used up, and of nobody who is banned since."""
        alive = self.filter(expires_at__gt=now(), used__lt=F("uses"))
        return alive.filter(Q(created_by=None) | Q(created_by__banned_at=None))


class Invitation(models.Model):
    """A link by which people make an account: so many, until then."""

    id = HexIdField(primary_key=True, db_column="_id")
    code = models.CharField(max_length=22, unique=True, editable=False)
    # None: an address of a listed domain asked for it.
    created_by = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    expires_at = models.DateTimeField(_("works until"))
    email = models.CharField(_("only for"), max_length=EMAIL_LENGTH, blank=True)
    uses = models.PositiveIntegerField(_("accounts"), default=1)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [models.Index(fields=["expires_at"], name="invitation_by_end")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def left(self) -> int:
        return self.uses - self.used


def session_limits() -> dict[str, datetime]:
    """Now, and when the oldest session began that its token still opens, and the least used was
    seen.
    """
    moment = now()
    return {
        "moment": moment,
        "began": moment - settings.TOKEN_LIFETIME,
        "seen": moment - settings.SESSION_IDLE,
    }


class SessionQuerySet(models.QuerySet["Session"]):
    """`limits` are those of `session_limits`, or placeholders for them in a prepared statement."""

    def active(self, **limits: Any) -> "SessionQuerySet":
        """Neither ended, nor older than its token may be, nor unused for too long."""
        limits = limits or session_limits()
        return self.filter(
            revoked_at=None, created_at__gt=limits["began"], last_seen_at__gt=limits["seen"]
        )

    def live(self, **limits: Any) -> "SessionQuerySet":
        """Active, of somebody whom no ban keeps out (`User.is_banned`)."""
        limits = limits or session_limits()
        ban_ended = Q(user__banned_at=None) | Q(user__ban_ends_at__lte=limits["moment"])
        return self.active(**limits).filter(ban_ended)

    def active_of(self, user: User) -> "SessionQuerySet":
        """Where `user` is signed in, the latest seen first."""
        return self.active().filter(user=user).order_by("-last_seen_at", "-pk")


class Session(models.Model):
    """One log-in on one device. A token names it, so ending it ends the token."""

    id = HexIdField(primary_key=True, db_column="_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=now, editable=False)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    # That its owner gave it; "" is the browser's own.
    name = models.CharField(_("name"), max_length=60, blank=True, default="")
    address = models.CharField(_("address"), max_length=45, blank=True)
    # The browser's, for what is written to them when they are not there.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    revoked_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    # Which of its tokens is in use, and since when the one before is not: accounts/tokens.py.
    rotation = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    rotated_at = models.DateTimeField(null=True, editable=False)

    objects = SessionQuerySet.as_manager()
    claims: Any = None  # of the token by which it was read, if it was

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [models.Index(fields=["user", "-last_seen_at"], name="session_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d %H:%M}"


class PushSubscription(models.Model):
    """Where the browser of a session takes push messages. It ends with the session."""

    id = HexIdField(primary_key=True, db_column="_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="push_subscriptions")
    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, related_name="push_subscription"
    )
    # What the browser gives: an address of its push service, and keys in base64url.
    endpoint = models.CharField(max_length=ENDPOINT_LENGTH)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["endpoint"], name="push_subscription_by_end")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def language(self) -> str:
        """That its person chose, or that of the browser."""
        return self.user.language or self.session.language or settings.LANGUAGE_CODE


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Entries are added and read."""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("the audit log is append-only")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise TypeError("the audit log is append-only")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("the audit log is append-only")


class AuditEntry(models.Model):
    """What a moderator did or looked at (services/audit.py). It names people and rows, so that it
    outlives them. SQL databases refuse to change one: migration 0011.
    """

    number = models.PositiveBigIntegerField(_("number"), primary_key=True, db_column="_id")
    at = models.DateTimeField(_("time"), editable=False)
    actor = models.CharField(max_length=24, editable=False)
    actor_name = models.CharField(_("moderator"), max_length=NAME_LENGTH, editable=False)
    what = models.TextField(_("what was done"), editable=False)
    about = models.CharField(_("kind"), max_length=100, editable=False)  # "accounts.user"
    key = models.CharField(_("key"), max_length=24, blank=True, editable=False)
    name = models.CharField(_("whom or what it concerns"), max_length=200, blank=True)
    previous = models.CharField(_("hash before"), max_length=64, blank=True, editable=False)
    hash = models.CharField(_("hash"), max_length=64, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the record")
        verbose_name_plural = _("record")
        indexes = [models.Index(fields=["key"], name="audit_entry_by_key")]

    def __str__(self) -> str:
        return f"{self.number}"

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("the audit log is append-only")
        super().save(**kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("the audit log is append-only")


class AuditHead(models.Model):
    """The only row: the last entry. Whoever adds one holds it, and by it a last entry is missed."""

    id = models.PositiveSmallIntegerField(primary_key=True, db_column="_id")
    number = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.number}"
