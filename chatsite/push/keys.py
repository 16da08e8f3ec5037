"""The site's own pair of keys, by which push services know it (VAPID, RFC 8292)."""

import time
from base64 import urlsafe_b64encode
from email.utils import parseaddr
from functools import cache
from hashlib import blake2b

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve's points
LIFETIME = 12 * 60 * 60  # seconds; services take up to 24 hours


@cache
def _key() -> EllipticCurvePrivateKey:
    """Derived from the site's secret: made and kept with it, and the same in all processes. With
    another secret all sessions end, and with them the subscriptions that go by this key.
    """
    digest = blake2b(settings.SECRET_KEY.encode(), digest_size=48, person=b"vapid").digest()
    return derive_private_key(int.from_bytes(digest, "big") % (ORDER - 1) + 1, SECP256R1())


@cache
def public_key() -> str:
    """With which a browser subscribes at its service."""
    point = _key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


def authorization(origin: str) -> str:
    """The header for a push service, `https://push.example.org`."""
    site = settings.PUBLIC_URL
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    contact = site if site.startswith("https:") else f"mailto:{address}"
    claims = {"aud": origin, "exp": int(time.time()) + LIFETIME, "sub": contact}
    return f"vapid t={jwt.encode(claims, _key(), algorithm='ES256')}, k={public_key()}"
