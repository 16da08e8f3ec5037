"""Which sites may call: this one and those in CLIENT_URL, nobody else."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.record import PersonRecord
from accounts.tokens import issue_token
from chatsite.schema.components import components
from chatsite.wire import PICTURES
from messaging.models import Message
from messaging.shapes.payload_types import ChangedChatPayload, ChatPayload
from messaging.shapes.record import MessageRecord
from tests.contract.shapes import assert_refused
from tests.factories import PASSWORD, ApiFor, make_message, make_pair, make_session, make_user
from tests.pictures import picture

pytestmark = pytest.mark.django_db

FRIEND = "https://app.example.org"
FOREIGN = [
    {"Origin": "https://evil.example.net"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://testserver"},
    {"Origin": "http://testserver:8000"},
    {"Origin": "http://testserver.evil.example.net"},
    {"Origin": "https://app.example.org.evil.example.net"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Referer": "https://evil.example.net/http://testserver/"},
    {"Origin": "https://evil.example.net", "Sec-Fetch-Site": "same-origin"},
]
OWN = [
    {},
    {"Origin": "http://testserver"},
    {"Origin": FRIEND},
    {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Referer": "http://testserver/chat"},
]


@pytest.fixture(autouse=True)
def _friend(settings: Any) -> None:
    settings.CLIENT_URLS = settings.CORS_ALLOWED_ORIGINS = [FRIEND]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
class TestForeign:
    def test_log_in_is_refused(self, headers: dict[str, str]) -> None:
        make_user(email="ada@example.org")
        body = {"email": "ada@example.org", "password": PASSWORD}
        response = APIClient().post("/api/auth/login", body, headers=headers)
        assert_refused(response, 403)
        assert "jwt" not in response.cookies

    def test_writes_are_refused(self, api_for: ApiFor, headers: dict[str, str]) -> None:
        ada, bo = make_pair()
        client = api_for(ada)
        url = f"/api/messages/send/{bo.pk}"
        assert_refused(client.post(url, {"text": "Hi"}, headers=headers), 403)
        assert_refused(client.put("/api/auth/update-profile", {}, headers=headers), 403)
        assert_refused(client.post("/api/auth/logout", headers=headers), 403)
        assert not Message.objects.exists()
        assert client.get("/api/auth/check").status_code == 200

    def test_reads_are_answered(self, api_for: ApiFor, headers: dict[str, str]) -> None:
        response = api_for(make_user()).get("/api/auth/check", headers=headers)
        assert response.status_code == 200
        assert "Access-Control-Allow-Origin" not in response.headers

    def test_a_bearer_header_is_enough(self, headers: dict[str, str]) -> None:
        ada, bo = make_pair()
        bearer = {"Authorization": f"Bearer {issue_token(make_session(ada))}"}
        url = f"/api/messages/send/{bo.pk}"
        response = APIClient().post(url, {"text": "Hi"}, headers={**headers, **bearer})
        assert response.status_code == 201

    @pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer \xa0", "Basic YTpi"])
    def test_one_without_a_token_is_not(
        self, api_for: ApiFor, headers: dict[str, str], authorization: str
    ) -> None:
        ada, bo = make_pair()
        response = api_for(ada).post(
            f"/api/messages/send/{bo.pk}",
            {"text": "Hi"},
            headers={**headers, "Authorization": authorization},
        )
        assert_refused(response, 403)


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_own_and_listed_sites_may_write(headers: dict[str, str]) -> None:
    body = {"fullName": "Grace Hopper", "email": "grace@example.org", "password": "cobol-1959"}
    assert APIClient().post("/api/auth/signup", body, headers=headers).status_code == 201
    assert User.objects.count() == 1


class TestCors:
    def test_listed_sites_may_read_with_the_cookie(self, api_for: ApiFor) -> None:
        response = api_for(make_user()).get("/api/auth/check", headers={"Origin": FRIEND})
        assert response.headers["Access-Control-Allow-Origin"] == FRIEND
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert "origin" in response.headers["Vary"].lower()

    def test_listed_sites_are_told_so_beforehand(self) -> None:
        asked = {"Origin": FRIEND, "Access-Control-Request-Method": "DELETE"}
        response = APIClient().options("/api/messages/" + "0" * 24, headers=asked)
        assert response.status_code == 200
        assert "DELETE" in response.headers["Access-Control-Allow-Methods"]

    @pytest.mark.parametrize("origin", ["https://evil.example.net", "null", "*"])
    def test_others_are_not(self, origin: str) -> None:
        asked = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
        response = APIClient().options("/api/messages/" + "0" * 24, headers=asked)
        assert "Access-Control-Allow-Origin" not in response.headers

    def test_pages_are_for_nobody_else(self, api_for: ApiFor) -> None:
        response = api_for(make_user()).get("/login", headers={"Origin": FRIEND})
        assert "Access-Control-Allow-Origin" not in response.headers


NEIGHBOUR = "http://testserver:5173"
TRAP = '"image":"/media/x'


class TestPictures:
    """A front end on another port of the same host needs addresses, where PUBLIC_URL gives none."""

    @pytest.fixture(autouse=True)
    def _listed(self, settings: Any) -> None:
        settings.CLIENT_URLS = settings.CORS_ALLOWED_ORIGINS = [NEIGHBOUR]
        settings.PUBLIC_URL = ""

    @pytest.fixture
    def addresses(self, api_for: ApiFor) -> Any:
        ada, bo = make_pair()
        make_message(ada, bo, text=TRAP, image=picture())

        def addresses(**headers: str) -> list[str]:
            """Of all pictures in all answers."""
            found: list[str] = []
            client = api_for(ada)
            for call in ("messages/contacts", "messages/chats", f"messages/{bo.pk}", "auth/check"):
                answer = client.get(f"/api/{call}", headers=headers)
                assert answer.status_code == 200
                _collect(answer.json(), found)
            assert len(found) == 7
            return found

        return addresses

    def test_a_listed_origin_gets_whole_addresses(self, addresses: Any) -> None:
        found = addresses(Origin=NEIGHBOUR)
        assert all(address.startswith("http://testserver/media/") for address in found)

    @pytest.mark.parametrize(
        "headers", [{}, {"Origin": "http://testserver"}, *FOREIGN[:2]], ids=str
    )
    def test_nobody_else_does(self, addresses: Any, headers: dict[str, str]) -> None:
        assert all(address.startswith("/media/") for address in addresses(**headers))

    def test_with_a_public_address_it_is_that(self, addresses: Any, settings: Any) -> None:
        settings.PUBLIC_URL = "https://chat.example.org"
        found = addresses(Origin=NEIGHBOUR)
        assert all(address.startswith("https://chat.example.org/media/") for address in found)

    def test_fields_that_are_pictures_are_known(self) -> None:
        """By their names, which is how answers are gone through."""
        schemas = components([PersonRecord, MessageRecord, ChatPayload, ChangedChatPayload])
        fields = {
            name
            for schema in schemas.values()
            for name, kind in schema["properties"].items()
            if "uri-reference" in str(kind)
        }
        assert fields == set(PICTURES)


def _collect(data: Any, found: list[str]) -> None:
    """The pictures; a text that looks like one stays as it is."""
    for each in data if isinstance(data, list) else [data]:
        found += [each[name] for name in PICTURES if each.get(name)]
        assert each.get("text") in (None, TRAP)
        if each.get("lastMessage"):
            _collect(each["lastMessage"], found)
