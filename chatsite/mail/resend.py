"""Resend as a mail backend of Django's, by its own SDK."""

from collections.abc import Sequence
from typing import Any

import resend
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from resend.exceptions import ResendError

MESSAGE_ID = "Message-ID"  # Resend gives its own


class EmailBackend(BaseEmailBackend):
    """Raises ResendError with the code of Resend's response, 500 where there is none.

    Attachments are refused by NotImplementedError: this site sends none.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        # The SDK keeps its settings in its module; they are the same for everybody here.
        resend.api_key = settings.RESEND_API_KEY
        resend.api_url = settings.RESEND_API_URL
        resend.default_http_client = resend.RequestsClient(timeout=settings.EMAIL_TIMEOUT)
        return sum(self._send(message) for message in email_messages)

    def _send(self, message: EmailMessage) -> int:
        try:
            resend.Emails.send(_params(message), _options(message))
        except ResendError:
            if not self.fail_silently:
                raise
            return 0
        return 1


def _params(message: EmailMessage) -> Any:
    if message.attachments:
        raise NotImplementedError("Mail with attachments is not sent through Resend.")
    fields = {
        "from": message.from_email,
        "to": message.to,
        "cc": message.cc,
        "bcc": message.bcc,
        "reply_to": message.reply_to,
        "subject": message.subject,
        "text": message.body,
        "html": _html(message),
        "headers": {
            name: value for name, value in message.extra_headers.items() if name != MESSAGE_ID
        },
    }
    return {name: value for name, value in fields.items() if value}


def _html(message: EmailMessage) -> str:
    if not isinstance(message, EmailMultiAlternatives):
        return ""
    parts = (str(content) for content, kind in message.alternatives if kind == "text/html")
    return next(parts, "")


def _options(message: EmailMessage) -> Any:
    """Resend knows a mail that is tried again by its key, and sends it once."""
    key = message.extra_headers.get(MESSAGE_ID)
    return {"idempotency_key": key.strip("<>")} if key else None
