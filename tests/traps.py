"""The sign-up page's minimum time, without waiting for it."""

import time

from django.core import signing

from accounts.forms.traps import SALT


def shown_before(seconds: float, key: str | None = None) -> str:
    """The hidden field of a page that was opened so many seconds ago.

    `key` is the SECRET_KEY of a site that is not this process.
    """
    return signing.dumps(time.time() - seconds, key=key, salt=SALT)
