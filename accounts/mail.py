"""The mails that people get. Each has a text and an HTML part, from `templates/mail/`.

None carries a name: anybody can sign up with somebody else's address, and a name can say anything.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.db import now, on_commit
from chatsite.mail.delivery import deliver


def send(letter: EmailMessage) -> None:
    """After the commit, behind the request's back; a failure is logged and changes nothing."""
    on_commit(lambda: deliver(letter))


def welcome(user: User, site: str, confirms: str) -> EmailMessage:
    """`confirms` is a link for the address; "" where it takes none."""
    context = {"link": confirms or site, "confirms": bool(confirms), **_lifetime()}
    return _letter("welcome", _("Welcome to Chatsite"), user.email, **context)


def password_reset(user: User, link: str) -> EmailMessage:
    subject = _("Choose a new password")
    return _letter("password_reset", subject, user.email, link=link, **_lifetime())


def password_changed(user: User) -> EmailMessage:
    return _letter("password_changed", _("Your password was changed"), user.email)


def new_log_in(user: User, device: str, place: str, link: str) -> EmailMessage:
    context = {"device": device, "place": place, "moment": now(), "link": link}
    return _letter("new_log_in", _("New log-in to your account"), user.email, **context)


def address_confirmation(address: str, link: str) -> EmailMessage:
    """To the new address, whoever it belongs to."""
    subject = _("Confirm your e-mail address")
    return _letter("address_confirmation", subject, address, link=link, **_lifetime())


def address_check(address: str, link: str) -> EmailMessage:
    """To the address that they have."""
    subject = _("Confirm your e-mail address")
    return _letter("address_check", subject, address, link=link, **_lifetime())


def address_changed(old_address: str) -> EmailMessage:
    return _letter("address_changed", _("Your e-mail address was changed"), old_address)


def invitation(address: str, link: str, end: datetime) -> EmailMessage:
    return _letter("invitation", _("You are invited to Chatsite"), address, link=link, end=end)


def _letter(template: str, subject: str, address: str, **context: Any) -> EmailMessage:
    context = {"subject": subject, **context}
    letter = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"mail/{template}.txt", context).strip() + "\n",
        to=[address],
        # Answering machines leave such mail alone.
        headers={"Auto-Submitted": "auto-generated"},
    )
    letter.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    return letter


def _lifetime() -> dict[str, Any]:
    return {"minutes": settings.PASSWORD_RESET_TIMEOUT // 60}
