"""Addresses that open something. Those that come by mail are one person's, and work for a while.

What they carry is signed over what they change, so that they die with that change and nothing has
to be kept: a new password or address ends all of them (a new address alone the one that ends
digests). Invitations are rows of their own.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.request import Request

from accounts.models import User
from chatsite.keys import is_key

NOT_ME_LIFETIME = timedelta(days=7)


def site_of(request: HttpRequest | Request) -> str:
    """`https://chat.example.org`, as it belongs into a mail. The Host header is used only where
    there is no PUBLIC_URL: then mail is printed, and goes to nobody.
    """
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def reset_link(site: str, user: User) -> str:
    """Unlike Django's it outlives a log-in: whoever knows the password could end each by one."""
    token = signing.dumps(user.pk, salt=_reset_salt(user))
    return site + reverse("reset-link", args=[user.pk, token])


def reset_owner(key: str, token: str) -> User | None:
    """Whose password the link may set; None when it is used up, too old or made up."""
    return _signer(key, token, _reset_salt, timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))


def address_link(site: str, user: User, address: str) -> str:
    token = signing.dumps(address, salt=_address_salt(user))
    return site + reverse("address-link", args=[user.pk, token])


def address_owner(key: str, token: str) -> tuple[User, str] | None:
    """Whose e-mail address the link changes, and to what; None as above."""
    user = _owner(key)
    if not user:
        return None
    try:
        age = settings.PASSWORD_RESET_TIMEOUT
        address = signing.loads(token, salt=_address_salt(user), max_age=age)
    except signing.BadSignature:
        return None
    return user, address


def not_me_link(site: str, user: User) -> str:
    """Ends all sessions and leads on to a new password. It works longer than others, since such
    mail is read late, and dies with the password or the address.
    """
    token = signing.dumps(user.pk, salt=_not_me_salt(user))
    return site + reverse("not-me-link", args=[user.pk, token])


def not_me_owner(key: str, token: str) -> User | None:
    return _signer(key, token, _not_me_salt, NOT_ME_LIFETIME)


def digest_off_link(site: str, user: User) -> str:
    """Ends the digests. It works as long as they go to that address."""
    token = signing.dumps(user.pk, salt=_digest_salt(user))
    return site + reverse("digest-off", args=[user.pk, token])


def digest_owner(key: str, token: str) -> User | None:
    return _signer(key, token, _digest_salt)


def chat_link(site: str, user: User) -> str:
    if user.username:
        return site + reverse("by-username", args=[user.username])
    return site + reverse("conversation", args=[user.pk])


def invitation_link(site: str, code: str) -> str:
    return f"{site}{reverse('signup')}?invitation={code}"


def start_link(site: str) -> str:
    """Where the owner's account of a new site is made. Its code is not in there: logs of proxies
    have addresses.
    """
    return site + reverse("start")


def _signer(
    key: str, token: str, salt: Callable[[User], str], lifetime: timedelta | None = None
) -> User | None:
    """Whose token it is, which says nothing else."""
    user = _owner(key)
    if not user:
        return None
    try:
        signing.loads(token, salt=salt(user), max_age=lifetime)
    except signing.BadSignature:
        return None
    return user


def _owner(key: str) -> User | None:
    user = User.objects.filter(pk=key).first() if is_key(key) else None
    return None if user and user.is_banned else user


def _reset_salt(user: User) -> str:
    return f"accounts.links.reset:{user.pk}:{user.email}:{user.password}"


def _not_me_salt(user: User) -> str:
    return f"accounts.links.not_me:{user.pk}:{user.email}:{user.password}"


def _digest_salt(user: User) -> str:
    return f"accounts.links.digest:{user.pk}:{user.email}"


def _address_salt(user: User) -> str:
    return f"accounts.links.address:{user.pk}:{user.email}:{user.password}"
