"""Browsers that have signed in to an account before: each keeps a signed cookie that says so.

It opens nothing. It keeps strangers who guess at the account from holding its owner up.
"""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import salted_hmac

from accounts.models import Session, normalize_email

COOKIE = "device"
LIFETIME = timedelta(days=365)
KEY_LENGTH = 24
_SALT = "accounts.known_devices"


def account_key(email: str) -> str:
    """Stands for an account, and tells nobody its address. There need not be one."""
    address = normalize_email(email).encode("utf-8", "surrogatepass")
    return salted_hmac(_SALT, address).hexdigest()[:KEY_LENGTH]


def device_token(session: Session) -> str:
    return signing.dumps([account_key(session.user.email), session.pk], salt=_SALT)


def device_key(token: str, account: str) -> str:
    """The same for as long as the browser keeps this token; empty when it is another account's."""
    try:
        known, key = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError):
        return ""
    return str(key) if known == account else ""
