"""What `manage.py check` tells an operator about their settings, at every start."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register()
def unused_variables(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        checks.Warning(
            f"{name} is set, but nothing uses it.",
            hint="Its job is done here without a service from elsewhere; take it out.",
            id="chatsite.W001",
        )
        for name in settings.ENV.unused
    ]


@checks.register()
def mail_without_address(**kwargs: Any) -> list[checks.CheckMessage]:
    mail = settings.ENV.mail
    if settings.PUBLIC_URL or not (mail.resend_api_key or mail.smtp_url):
        return []
    return [
        checks.Warning(
            "Mail leaves this machine, but PUBLIC_URL is not set.",
            hint="Links in mails then name the host that their asker named. Set PUBLIC_URL.",
            id="chatsite.W002",
        )
    ]


@checks.register()
def printed_mail(**kwargs: Any) -> list[checks.CheckMessage]:
    mail = settings.ENV.mail
    if not settings.PRODUCTION or mail.resend_api_key or mail.smtp_url:
        return []
    return [
        checks.Warning(
            "Mail is only printed: nobody gets a link for a new password.",
            hint="Set EMAIL_URL or RESEND_API_KEY. Until then, whoever reads the log can use them.",
            id="chatsite.W003",
        )
    ]
