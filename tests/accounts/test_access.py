"""Who may open a page, and where log-in leads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html,*/*;q=0.8"}
RELOADED = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html,*/*;q=0.8"}


def is_arrival(response: Any) -> bool:
    return b'http-equiv="refresh"' in response.content


def login_with(client: Client, next_address: str) -> Any:
    return client.get("/login", {"next": next_address})


def test_a_visitor_is_led_to_log_in_and_back(client: Client) -> None:
    response = client.get("/profile?tab=1")

    assert response.status_code == 302
    assert response["Location"] == "/login?next=/profile%3Ftab%3D1"


def test_the_front_page_needs_no_mention(client: Client) -> None:
    assert client.get("/")["Location"] == "/login"


def test_a_part_of_a_page_moves_the_whole_page_to_log_in(client: Client) -> None:
    response = client.post(
        "/profile/sessions",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/profile"},
    )

    assert response.status_code == 200
    assert response["HX-Redirect"] == "/login?next=/profile"
    assert not response.content


def test_a_forged_current_page_leads_nowhere(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/profile"}

    assert client.get("/profile", headers=headers)["HX-Redirect"] == "/login"


def test_an_ended_session_is_a_visitor(page_for: PageFor) -> None:
    user = make_user()
    client = page_for(user)
    assert client.get("/profile").status_code == 200

    user.sessions.update(revoked_at=user.created_at)

    assert client.get("/profile")["Location"] == "/login?next=/profile"


@pytest.mark.parametrize("page", ["/login", "/signup"])
def test_whoever_is_signed_in_goes_on(page_for: PageFor, page: str) -> None:
    client = page_for(make_user())

    assert client.get(page)["Location"] == "/"
    assert client.get(page, {"next": "/profile"})["Location"] == "/profile"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://testserver@evil.example/",
        " //evil.example",
        "\x00//evil.example",
        "/" + "a" * 5000,
    ],
)
def test_log_in_leads_to_this_site_only(page_for: PageFor, address: str) -> None:
    assert login_with(page_for(make_user()), address)["Location"] == "/"


def test_a_line_break_starts_no_header(page_for: PageFor) -> None:
    response = login_with(page_for(make_user()), "/profile\r\nSet-Cookie: jwt=forged")

    assert "\n" not in response["Location"]
    assert "jwt" not in response.cookies


def test_a_link_elsewhere_is_reloaded_before_log_in(client: Client) -> None:
    response = client.get("/profile?a=1", headers=FROM_ELSEWHERE)

    assert response.status_code == 200
    assert is_arrival(response)
    assert b'content="0;url=/profile?a=1"' in response.content
    assert "no-store" in response["Cache-Control"]


def test_the_reload_of_a_visitor_leads_to_log_in(client: Client) -> None:
    client.get("/profile", headers=FROM_ELSEWHERE)

    assert client.get("/profile", headers=RELOADED)["Location"] == "/login?next=/profile"


def test_a_browser_that_calls_the_reload_foreign_is_not_sent_in_circles(client: Client) -> None:
    client.get("/profile", headers=FROM_ELSEWHERE)

    response = client.get("/profile", headers=FROM_ELSEWHERE)
    assert response["Location"] == "/login?next=/profile"
    assert not is_arrival(client.get(response["Location"], headers=FROM_ELSEWHERE))


def test_the_next_link_elsewhere_starts_afresh(client: Client, page_for: PageFor) -> None:
    client.get("/profile", headers=FROM_ELSEWHERE)
    signed_in = page_for(make_user())
    signed_in.cookies["arrival"] = client.cookies["arrival"].value

    response = signed_in.get("/profile", headers=RELOADED)

    assert response.status_code == 200
    assert response.cookies["arrival"]["max-age"] == 0


@pytest.mark.parametrize("page", ["/login", "/signup"])
def test_the_entrance_is_reloaded_too(client: Client, page: str) -> None:
    assert is_arrival(client.get(page, headers=FROM_ELSEWHERE))


def test_a_cookie_that_came_along_needs_no_reload(client: Client) -> None:
    client.cookies["jwt"] = "expired"

    assert client.get("/profile", headers=FROM_ELSEWHERE)["Location"] == "/login?next=/profile"


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_a_visit_of_ones_own_accord_needs_no_reload(client: Client, site: str) -> None:
    response = client.get("/profile", headers={**FROM_ELSEWHERE, "Sec-Fetch-Site": site})

    assert response.status_code == 302


def test_what_is_no_page_is_not_reloaded(client: Client) -> None:
    headers = {**FROM_ELSEWHERE, "Accept": "application/json"}

    assert client.get("/profile", headers=headers).status_code == 302
    assert client.post("/profile", headers=FROM_ELSEWHERE).status_code == 302


def test_the_reloading_page_cannot_be_written_to(client: Client) -> None:
    response = client.get('/profile?"><script>alert(1)</script>', headers=FROM_ELSEWHERE)

    assert b"<script" not in response.content


def test_a_page_of_another_account_starts_afresh(page_for: PageFor) -> None:
    ada, bo = make_user(), make_user()
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/contacts"}

    own = page_for(ada).get("/contacts/rows", headers={**part, "X-Expected-User": ada.pk})
    others = page_for(ada).get("/contacts/rows", headers={**part, "X-Expected-User": bo.pk})

    assert own.status_code == 200
    assert "HX-Redirect" not in own
    assert others["HX-Redirect"] == "/contacts"
    assert not others.content
