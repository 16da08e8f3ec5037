"""Tokens unlike those we issue, as anybody may make them up or send them."""

import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from django.conf import settings as site
from jwt.utils import base64url_encode

from accounts.tokens import Claims, InvalidToken, read_claims
from tests.limits import StoppedClock

HEADER = {"alg": "HS256", "typ": "JWT"}
USER, SESSION = "a" * 24, "b" * 24
LONG = 10**6
DAY = 86_400  # seconds: those that are made here may wait long for their turn


def content(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    right = {"token_type": "access", "exp": now + 2 * DAY, "iat": now, "jti": "0" * 32}
    all_of_it = {**right, "userId": USER, "sid": SESSION, **changes}
    return {name: value for name, value in all_of_it.items() if value is not ...}


def text(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64url_encode(raw).decode()


def sealed(head: str, body: str, key: str = site.JWT_SECRET) -> str:
    digest = hmac.digest(key.encode(), f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{text(digest)}"


def token(part: object = None, header: object = HEADER, key: str = site.JWT_SECRET) -> str:
    return sealed(text(header), text(part or content()), key)


def others() -> dict[str, str]:
    """Tokens unlike ours, which are right or wrong."""
    good, later, earlier = token(), int(time.time()) + DAY, int(time.time()) - DAY
    head, body, seal = good.split(".")
    twin = seal[:-1] + chr(ord(seal[-1]) + 1)  # says the same, spelled otherwise
    changed: dict[str, dict[str, Any]] = {
        "refresh": {"token_type": "refresh"},
        "no type": {"token_type": ...},
        "type is a list": {"token_type": ["access"]},
        "no exp": {"exp": ...},
        "exp is text": {"exp": str(later)},
        "exp is null": {"exp": None},
        "exp is huge": {"exp": 10**14},
        "exp is negative": {"exp": -1},
        "no iat": {"iat": ...},
        "iat is text": {"iat": "soon"},
        "from the future": {"iat": later},
        "no jti": {"jti": ...},
        "jti is a number": {"jti": 7},
        "not yet": {"nbf": later},
        "already": {"nbf": earlier},
        "for others": {"aud": "others"},
        "subject is a number": {"sub": 7},
        "no session": {"sid": ...},
        "no user": {"userId": ...},
        "more": {"more": 1},
    }
    parts: dict[str, object] = {
        "content is a list": [1],
        "content is no JSON": b"{",
        "content is no text": b"\xff\xfe",
        "content is spaced": json.dumps(content()).encode() + b" ,",
    }
    heads: dict[str, Any] = {
        "alg none": {**HEADER, "alg": "none"},
        "alg HS512": {**HEADER, "alg": "HS512"},
        "alg RS256": {**HEADER, "alg": "RS256"},
        "alg in capitals": {**HEADER, "alg": "hs256"},
        "no alg": {"typ": "JWT"},
        "critical": {**HEADER, "crit": ["exp"]},
        "detached": {**HEADER, "b64": False, "crit": ["b64"]},
        "other order": {"typ": "JWT", "alg": "HS256"},
        "with a key": {**HEADER, "kid": "../../dev/null"},
        "head is a list": ["HS256"],
    }
    return {
        **{name: token(content(**change)) for name, change in changed.items()},
        **{name: token(part) for name, part in parts.items()},
        **{name: token(header=header) for name, header in heads.items()},
        "other key": token(key="x" * 32),
        "no key": token(key=""),
        "truly HS512": jwt.encode(content(), site.JWT_SECRET, "HS512"),
        "unsigned": f"{text({**HEADER, 'alg': 'none'})}.{body}.",
        "no seal": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{seal}",
        "seal of another": f"{head}.{text(content(sid='c' * 24))}.{seal}",
        "seal is padded": f"{good}=",
        "seal is spelled otherwise": f"{head}.{body}.{twin}",
        "seal is cut": good[:-1],
        "content is padded": sealed(head, f"{body}{'=' * (-len(body) % 4)}"),
        "content is padded too much": sealed(head, f"{body}===="),
        "content has junk": sealed(head, f"{body[:8]}!!!!{body[8:]}"),
        "content has a line break": sealed(head, f"{body[:8]}\n{body[8:]}"),
        "content of five letters": sealed(head, "e30KA"),
        "nothing within": sealed(head, ""),
        "head is padded": sealed(f"{head}=", body),
        "space before": f" {good}",
        "line after": f"{good}\n",
        "letters of others": f"{head}.é.{seal}",
        "half a letter": f"{head}.\udc00.{seal}",
        "huge": f"{head}.{'A' * LONG}.{seal}",
        "huge and sealed": sealed(head, "A" * LONG),
        "dots": "." * LONG,
        "empty": "",
    }


OTHERS = others()


def read(spelling: str) -> Claims | None:
    try:
        return read_claims(spelling)
    except InvalidToken:
        return None


# Signed with our key, and unlike ours in nothing that matters.
RIGHT = {
    "already",
    "content is padded",
    "for others",
    "more",
    "no iat",
    "other order",
    "seal is padded",
    "with a key",
}


@pytest.mark.parametrize("name", OTHERS)
def test_only_what_is_signed_and_whole_is_read(name: str) -> None:
    assert read(OTHERS[name]) == (Claims(SESSION, USER) if name in RIGHT else None)


@pytest.mark.parametrize(("seconds", "is_read"), [(0, True), (-7190, True), (-7210, False)])
def test_a_token_that_has_expired_is_refused_after_the_leeway(seconds: int, is_read: bool) -> None:
    assert bool(read(token(content(exp=int(time.time()) + seconds)))) == is_read


def test_a_token_that_was_read_before_expires_too(monkeypatch: pytest.MonkeyPatch) -> None:
    spelling = token(content(exp=int(time.time()) + DAY))
    assert read(spelling)
    later = StoppedClock(time.time() + DAY + 7210)
    monkeypatch.setattr("accounts.tokens.time", later)
    assert read(spelling) is None


@pytest.mark.parametrize("change", [{"sid": "A" * 24}, {"sid": f"{SESSION}\n"}, {"userId": ""}])
def test_what_is_no_key_names_nobody(change: dict[str, str]) -> None:
    assert read(token(content(**change))) is None


def test_each_changed_letter_is_noticed() -> None:
    good = token()
    for place in range(0, len(good), 7):
        other = "A" if good[place] != "A" else "B"
        assert read(good[:place] + other + good[place + 1 :]) is None
