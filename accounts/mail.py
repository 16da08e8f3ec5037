"""Mail to people. Sent from a thread of its own: it neither delays nor fails the request."""

import logging
from concurrent.futures import ThreadPoolExecutor

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.db import on_commit

logger = logging.getLogger(__name__)
_outbox = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send_welcome(user: User) -> None:
    context = {"name": user.first_name}
    message = EmailMultiAlternatives(
        subject=_("Welcome to Chatsite"),
        body=render_to_string("mail/welcome.txt", context),
        to=[user.email],
    )
    message.attach_alternative(render_to_string("mail/welcome.html", context), "text/html")
    on_commit(lambda: _outbox.submit(_send, message))


def _send(message: EmailMultiAlternatives) -> None:
    try:
        message.send()
    except (
        Exception
    ) as error:  # whatever the mail server's library raises: the person has their account
        logger.warning("a mail was not sent: %s", type(error).__name__)
