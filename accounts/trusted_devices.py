"""Browsers that have signed in to an account before, or set its password by a link: each keeps a
signed cookie that says so.

It opens nothing. It keeps strangers who guess at the account from holding its owner up. So it dies
with the password, and is no good to whoever had the account's address before.
"""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import salted_hmac

from accounts.canonical import canonical_email
from accounts.models import User
from chatsite.keys import new_key

COOKIE = "device"
LIFETIME = timedelta(days=365)
KEY_LENGTH = 24
_SALT = "accounts.trusted_devices"


def account_key(email: str) -> str:
    """Stands for an account without its address. There need not be one."""
    address = canonical_email(email).encode("utf-8", "surrogatepass")
    return salted_hmac(_SALT, address).hexdigest()[:KEY_LENGTH]


def inbox_key(email: str) -> str:
    """Stands for whoever reads the mail: `ann+1@` and `a.nn@` are usually in the inbox of `ann@`.
    Others share no more than a limit by it.
    """
    local, at, domain = canonical_email(email).rpartition("@")
    return account_key(local.partition("+")[0].replace(".", "") + at + domain)


def device_token(user: User) -> str:
    return signing.dumps([_seal(user), new_key()], salt=_SALT)


def device_key(token: str, email: str) -> str:
    """The same for as long as the browser keeps this token; empty when whoever has the address now
    is somebody else, nobody, or has another password.

    Queries the database only for a token of ours, and then for any address alike.
    """
    try:
        seal, key = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError):
        return ""
    return str(key) if seal == _seal(_owner(email)) else ""


def _owner(email: str) -> User:
    """Of an address that nobody has: somebody whom no token fits."""
    return User.objects.with_email(email) or User()


def _seal(user: User) -> str:
    return salted_hmac(_SALT, f"{user.pk} {user.password}").hexdigest()[:KEY_LENGTH]
