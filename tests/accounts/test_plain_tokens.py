"""Tokens read without the library, which would let each of them in, and alone refuses others."""

import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings as site
from jwt.utils import base64url_encode
from pytest_django import Settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from accounts import plain_tokens
from accounts.models import Session
from accounts.tokens import Claims, InvalidToken, issue_token, read_claims

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


def library(spelling: str) -> Claims | None:
    """Its judgement; a text that it cannot even encode is none of ours."""
    try:
        judged = AccessToken(spelling)  # type: ignore[arg-type]
        return Claims(judged["sid"], judged["userId"])
    except (TokenError, KeyError, ValueError, TypeError):
        return None


def house(spelling: str) -> Claims | None:
    try:
        return read_claims(spelling)
    except InvalidToken:
        return None


def test_what_we_issue_needs_no_library() -> None:
    issued = issue_token(Session(pk=SESSION, user_id=USER))
    plain = plain_tokens.read(issued)
    assert plain
    judged = AccessToken(issued)  # type: ignore[arg-type]
    assert (plain.session_id, plain.user_id) == (SESSION, USER)
    assert (plain.exp, plain.iat, plain.jti) == (judged["exp"], judged["iat"], judged["jti"])
    assert house(issued) == library(issued) == Claims(SESSION, USER)


@pytest.mark.parametrize("name", OTHERS)
def test_all_others_are_left_to_it(name: str) -> None:
    assert plain_tokens.read(OTHERS[name]) is None


@pytest.mark.parametrize("name", OTHERS)
def test_both_judge_alike(name: str) -> None:
    assert house(OTHERS[name]) == library(OTHERS[name])


def test_there_are_right_and_wrong_ones_among_them() -> None:
    right = {name for name, spelling in OTHERS.items() if house(spelling)}
    assert {"already", "more", "other order"} <= right
    assert not {"alg none", "refresh", "other key", "no exp", "not yet", "seal is cut"} & right


@pytest.mark.parametrize(("seconds", "is_let_in"), [(0, True), (-7190, True), (-7210, False)])
def test_a_token_that_has_expired_is_refused_after_the_leeway(
    seconds: int, is_let_in: bool
) -> None:
    spelling = token(content(exp=int(time.time()) + seconds))
    assert bool(house(spelling)) == bool(library(spelling)) == is_let_in


@pytest.mark.parametrize("change", [{"sid": "A" * 24}, {"sid": f"{SESSION}\n"}, {"userId": ""}])
def test_what_is_no_key_names_nobody(change: dict[str, str]) -> None:
    assert house(token(content(**change))) is None


def test_each_changed_letter_is_noticed() -> None:
    good = token()
    for place in range(0, len(good), 7):
        other = "A" if good[place] != "A" else "B"
        assert house(good[:place] + other + good[place + 1 :]) is None


@pytest.mark.parametrize("is_used", [True, False])
def test_left_out_the_library_reads_all(
    is_used: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(plain_tokens, "read", read.append)  # and leaves it to the library
    settings.FAST = replace(settings.FAST, tokens=is_used)
    fresh = token(content(jti=uuid4().hex))
    assert read_claims(fresh) == Claims(SESSION, USER)
    assert read == [fresh] * is_used
