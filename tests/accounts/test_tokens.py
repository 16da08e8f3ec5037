"""Tokens: whose session they open, and what opens nothing."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings as site
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.services.moderation import ban
from accounts.services.sessions import end_session
from accounts.tokens import InvalidToken, issue_token, read_session
from chatsite.keys import new_key
from tests.contract.shapes import INVALID_TOKEN, NO_TOKEN, assert_refused
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def claims(session: Session, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    right = {
        "token_type": "access",
        "jti": "0" * 32,
        "iat": now,
        "exp": now + HOUR,
        "userId": session.user_id,
        "sid": session.pk,
    }
    return {name: value for name, value in {**right, **changes}.items() if value is not ...}


def signed(payload: dict[str, Any], key: str = site.JWT_SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, key, algorithm=algorithm)


def unsigned(payload: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {**payload, "iat": 0, "exp": 9_999_999_999})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(part.rstrip("=") for part in encoded) + "."


def test_a_token_opens_its_session() -> None:
    session = make_session(make_user())
    assert read_session(issue_token(session)) == session
    assert read_session(signed(claims(session))) == session


def test_a_token_of_a_worker_whose_clock_is_ahead_opens_its_session() -> None:
    session = make_session(make_user())
    moment = datetime.now(UTC) + HOUR
    times = {"iat": moment, "exp": moment + HOUR}
    assert read_session(signed(claims(session, **times))) == session


def test_a_token_from_further_in_the_future_opens_nothing() -> None:
    session = make_session(make_user())
    with pytest.raises(InvalidToken):
        read_session(signed(claims(session, iat=datetime.now(UTC) + 3 * HOUR)))


def test_a_token_names_person_and_session_and_lasts_a_week() -> None:
    session = make_session(make_user())
    content = jwt.decode(issue_token(session), options={"verify_signature": False})
    assert (content["userId"], content["sid"]) == (session.user_id, session.pk)
    assert content["exp"] - content["iat"] == 7 * 24 * 60 * 60


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": ...},
        {"exp": 10**400},
        {"exp": 10**18},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": "soon"},
        {"iat": 10**400},
        {"nbf": 10**400},
        {"sid": ...},
        {"userId": ...},
        {"sid": "0" * 24},
        {"userId": "0" * 24},
        {"sid": None},
        {"sid": 7},
        {"sid": {"$gt": ""}},
        {"userId": ["x"]},
        {"sid": "' OR 1=1 --"},
        {"sid": "A" * 24},
        {"token_type": "refresh"},
        {"token_type": ...},
    ],
    ids=str,
)
def test_wrong_claims_open_nothing(changes: dict[str, Any]) -> None:
    session = make_session(make_user())
    with pytest.raises(InvalidToken):
        read_session(signed(claims(session, **changes)))


def test_somebody_elses_session_opens_nothing() -> None:
    mine, theirs = make_session(make_user()), make_session(make_user())
    with pytest.raises(InvalidToken):
        read_session(signed(claims(mine, sid=theirs.pk)))


def test_forged_tokens_open_nothing() -> None:
    session = make_session(make_user())
    head, body, signature = issue_token(session).split(".")
    other = signed(claims(session), key="x" * 32)
    forged = [
        other,
        signed(claims(session), algorithm="HS512"),
        unsigned({**claims(session)}),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{other.split('.')[2]}",
        f"{head}.{signed(claims(session, userId=new_key())).split('.')[1]}.{signature}",
        "",
        ".",
        "..",
        "é.é.é",
        "\x00",
        "x" * 100_000,
    ]
    for token in forged:
        with pytest.raises(InvalidToken):
            read_session(token)


def test_an_ended_session_opens_nothing() -> None:
    session = make_session(make_user())
    end_session(session=session)
    with pytest.raises(InvalidToken):
        read_session(issue_token(session))


def test_a_banned_person_s_token_opens_nothing() -> None:
    session = make_session(make_user())
    ban(user=session.user, reason="Spam.")
    with pytest.raises(InvalidToken):
        read_session(issue_token(session))


class TestTransport:
    def token(self) -> str:
        return issue_token(make_session(make_user()))

    @pytest.mark.parametrize("header", ["Bearer {}", "Bearer  {}"])
    def test_a_bearer_header_is_read(self, header: str) -> None:
        client = APIClient(headers={"Authorization": header.format(self.token())})
        assert client.get("/api/auth/check").status_code == 200

    @pytest.mark.parametrize("header", ["Basic {}", "Token {}", "{}", "Bearer", ""])
    def test_other_headers_are_no_token(self, header: str) -> None:
        client = APIClient(headers={"Authorization": header.format(self.token())})
        assert_refused(client.get("/api/auth/check"), 401, NO_TOKEN)

    def test_a_bad_bearer_header_goes_before_a_good_cookie(self) -> None:
        client = APIClient(headers={"Authorization": "Bearer a.b.c"})
        client.cookies["jwt"] = self.token()
        assert_refused(client.get("/api/auth/check"), 401, INVALID_TOKEN)

    @pytest.mark.parametrize("name", ["token", "jwt", "access_token"])
    def test_the_address_is_no_place_for_a_token(self, name: str) -> None:
        response = APIClient().get("/api/auth/check", {name: self.token()})
        assert_refused(response, 401, NO_TOKEN)
