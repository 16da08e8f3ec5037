"""Why a mail was not taken: whether it is worth another try, and what a log may say of it."""

import ssl
from smtplib import (
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from resend.exceptions import ResendError

# Beside 5xx. 409: the first try with the same idempotency key is still going on.
_PASSING_HTTP = {408, 409, 425, 429}
NO_CODE = 0


def is_passing(error: BaseException) -> bool:
    """Whether the same mail may be taken a little later."""
    if isinstance(error, ResendError):
        return status_of(error) in _PASSING_HTTP or status_of(error) >= 500
    if isinstance(error, SMTPServerDisconnected):
        return True
    if isinstance(error, SMTPException):  # an OSError too, hence before it
        return status_of(error) < 500 and status_of(error) != NO_CODE
    return isinstance(error, OSError) and not isinstance(error, ssl.SSLCertVerificationError)


def describe(error: BaseException) -> str:
    """Its kind and code. The sentences of mail servers repeat addresses and content."""
    code = status_of(error)
    return f"{type(error).__name__} {code}" if code != NO_CODE else type(error).__name__


def status_of(error: BaseException) -> int:
    """The response's code: HTTP's or SMTP's; where some recipients were refused, the mildest."""
    if isinstance(error, ResendError):
        return int(error.code) if str(error.code).isdecimal() else NO_CODE
    if isinstance(error, SMTPRecipientsRefused):
        return min((code for code, _text in error.recipients.values()), default=NO_CODE)
    if isinstance(error, SMTPResponseException):
        return error.smtp_code
    return NO_CODE
