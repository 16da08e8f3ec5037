"""The mails that people get. Each has a text and an HTML part, from `templates/mail/`.

None but the digest carries a name: anybody can sign up with somebody else's address, and a name can
say anything. The digest goes to confirmed addresses alone.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime, timedelta
from email.utils import make_msgid
from hashlib import blake2b
from typing import Any, TypedDict

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.utils import DNS_NAME
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.languages import read_by
from accounts.models import User
from chatsite import strict_json
from chatsite.db import now
from scheduler.registry import GiveUp
from scheduler.services import schedule

JOB = "mail"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def is_printed() -> bool:
    """For want of a mail server."""
    return bool(settings.EMAIL_BACKEND == CONSOLE)


def send(letter: EmailMultiAlternatives) -> None:
    """Behind the request's back, once the transaction is committed. Its outcome is in the
    log and in the list of jobs.

    It is sent a moment later, so that a response takes as long whoever the mail is for, if anybody.
    All tries carry the same name, so that a mail server that takes it twice can see that.
    """
    letter.extra_headers.setdefault("Message-ID", make_msgid(domain=DNS_NAME.get_fqdn()))
    run_at = now() + timedelta(seconds=settings.EMAIL_DELAY_SECONDS)
    schedule(JOB, run_at=run_at, sealed=_sealed(letter))


def _sealed(letter: EmailMultiAlternatives) -> str:
    """Encrypted: links in mails open accounts, and a copy of the database must not."""
    [(html, _kind)] = letter.alternatives
    parts = [letter.subject, letter.body, html, letter.to, letter.extra_headers]
    return _fernet().encrypt(json.dumps(parts).encode()).decode()


def unsealed(sealed: str) -> EmailMultiAlternatives:
    """Raises GiveUp where the site's secret is another one by now."""
    try:
        subject, body, html, to, headers = strict_json.loads(_fernet().decrypt(sealed))
    except InvalidToken:
        raise GiveUp("it was sealed with another JWT_SECRET") from None
    letter = EmailMultiAlternatives(subject=subject, body=body, to=to, headers=headers)
    letter.attach_alternative(html, "text/html")
    return letter


def _fernet() -> Fernet:
    key = blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"mail").digest()
    return Fernet(urlsafe_b64encode(key))


def welcome(user: User, site: str, confirms: str) -> EmailMultiAlternatives:
    """`confirms` is a link for the address; "" where it takes none."""
    context = {"link": confirms or site, "confirms": bool(confirms), **_lifetime()}
    return _letter("welcome", _("Welcome to Chatsite"), user.email, **context)


def password_reset(user: User, link: str) -> EmailMultiAlternatives:
    with read_by(user.pk):
        subject = _("Choose a new password")
        return _letter("password_reset", subject, user.email, link=link, **_lifetime())


def password_changed(user: User) -> EmailMultiAlternatives:
    return _letter("password_changed", _("Your password was changed"), user.email)


def deletion_planned(user: User, at: datetime) -> EmailMultiAlternatives:
    with read_by(user.pk):
        subject = _("Your account will be deleted")
        return _letter("deletion_planned", subject, user.email, at=at)


def new_log_in(user: User, device: str, place: str, link: str) -> EmailMultiAlternatives:
    context = {"device": device, "place": place, "moment": now(), "link": link}
    with read_by(user.pk):
        return _letter("new_log_in", _("New log-in to your account"), user.email, **context)


def address_confirmation(address: str, link: str) -> EmailMultiAlternatives:
    """To the new address, whoever it belongs to."""
    subject = _("Confirm your e-mail address")
    return _letter("address_confirmation", subject, address, link=link, **_lifetime())


def address_check(address: str, link: str) -> EmailMultiAlternatives:
    """To the address that they have."""
    subject = _("Confirm your e-mail address")
    return _letter("address_check", subject, address, link=link, **_lifetime())


def address_changed(old_address: str) -> EmailMultiAlternatives:
    return _letter("address_changed", _("Your e-mail address was changed"), old_address)


def invitation(address: str, link: str, end: datetime) -> EmailMultiAlternatives:
    return _letter("invitation", _("You are invited to Chatsite"), address, link=link, end=end)


def decided(user: User, words: str, appeals: str) -> EmailMultiAlternatives:
    """To somebody about whom moderators decided something; `appeals`: an address, or ""."""
    with read_by(user.pk):
        subject = _("A decision about your account")
        return _letter("decided", subject, user.email, words=words, appeals=appeals)


def report_handled(user: User) -> EmailMultiAlternatives:
    with read_by(user.pk):
        return _letter("report_handled", _("Your report was handled"), user.email)


class DigestChat(TypedDict):
    name: str
    new: str  # "3 new messages"
    lines: Collection[str]


def digest(
    user: User, *, count: int, chats: Collection[DigestChat], link: str, off: str
) -> EmailMultiAlternatives:
    """What is unread in `count` conversations, of which `chats` are named; `off` ends
    these mails. In the language of the moment.
    """
    subject = ngettext(
        "Unread messages in %(count)s conversation",
        "Unread messages in %(count)s conversations",
        count,
    ) % {"count": count}
    context = {"chats": chats, "more": count - len(chats), "link": link, "off": off}
    letter = _letter("digest", subject, user.email, **context)
    # RFC 8058: the mail program has a button of its own for it.
    letter.extra_headers["List-Unsubscribe"] = f"<{off}>"
    letter.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return letter


def _letter(template: str, subject: str, address: str, **context: Any) -> EmailMultiAlternatives:
    context = {"subject": subject, **context}
    letter = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"mail/{template}.txt", context).strip() + "\n",
        to=[address],
        # Autoresponders leave such mail alone.
        headers={"Auto-Submitted": "auto-generated"},
    )
    letter.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    return letter


def _lifetime() -> dict[str, Any]:
    return {"minutes": settings.PASSWORD_RESET_TIMEOUT // 60}
