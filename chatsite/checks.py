"""What `manage.py check` reports to an operator about their settings, at every start."""

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
def printed_mail(**kwargs: Any) -> list[checks.CheckMessage]:
    if not settings.PRODUCTION or settings.ENV.mail.is_delivered:
        return []
    return [
        checks.Warning(
            "Mail is only printed: nobody gets a link for a new password.",
            hint="Set EMAIL_URL or RESEND_API_KEY. Until then, whoever reads the log can use them.",
            id="chatsite.W003",
        )
    ]
