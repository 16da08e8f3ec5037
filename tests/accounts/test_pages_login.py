"""The pages that let people in and out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from accounts.services import moderation
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
ENDED = "You were signed out on this device. Log in again."
NOT_TOGETHER = "That e-mail address and password do not match. Check both and try again."


def log_in(client: Client, email: str, password: str, **options: Any) -> Any:
    return client.post(
        options.pop("address", "/login"), {"email": email, "password": password}, **options
    )


def test_log_in_signs_in_and_leads_to_the_front_page(client: Client) -> None:
    user = make_user(email="ada@example.org")

    response = log_in(client, "  Ada@Example.ORG ", PASSWORD, headers={"User-Agent": "curl/8.5.0"})

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert response.cookies["jwt"]["httponly"]
    assert response.cookies["jwt"]["samesite"] == "Strict"
    session = Session.objects.active_of(user).get()
    assert (session.user_agent, session.address) == ("curl/8.5.0", "127.0.0.1")
    assert client.get("/profile").status_code == 200


def test_log_in_leads_to_where_one_wanted_to_be(client: Client) -> None:
    user = make_user()

    response = log_in(
        client, user.email, PASSWORD, address="/login?next=/chat/abc%3Flist%3Dcontacts"
    )

    assert response["Location"] == "/chat/abc?list=contacts"


def test_log_in_never_leads_elsewhere(client: Client) -> None:
    user = make_user()

    response = log_in(client, user.email, PASSWORD, address="/login?next=https://evil.example/")

    assert response["Location"] == "/"


def test_log_in_by_htmx_moves_the_whole_page(client: Client) -> None:
    user = make_user()

    response = log_in(client, user.email, PASSWORD, address="/login?next=/profile", headers=HTMX)

    assert response.status_code == 200
    assert response["HX-Redirect"] == "/profile"
    assert "jwt" in response.cookies


@pytest.mark.parametrize("known", [True, False])
def test_a_refusal_says_the_same_of_known_and_unknown_people(client: Client, known: bool) -> None:
    email = make_user().email if known else "nobody@example.org"

    response = log_in(client, email, "wrong password")

    assert response.status_code == 400
    assert response.context["form"].non_field_errors() == [NOT_TOGETHER]
    assert "jwt" not in response.cookies
    assert not Session.objects.exists()


def test_a_refusal_keeps_the_address_and_not_the_password(client: Client) -> None:
    response = log_in(client, 'ada"><script>@example.org', "wrong password")
    page = response.content.decode()

    assert 'value="ada&quot;&gt;&lt;script&gt;@example.org"' in page
    assert "wrong password" not in page


def test_a_refusal_takes_the_focus(client: Client) -> None:
    page = log_in(client, "nobody@example.org", "x").content.decode()

    assert '<p class="notice" role="alert" tabindex="-1" autofocus>' in page


def test_a_refusal_by_htmx_comes_as_a_page_that_it_shows(client: Client) -> None:
    response = log_in(client, "nobody@example.org", "x", headers=HTMX)

    assert response.status_code == 200
    assert NOT_TOGETHER in response.content.decode()


def test_missing_fields_are_named_beside_them(client: Client) -> None:
    response = client.post("/login", {})
    page = response.content.decode()

    assert response.status_code == 400
    assert response.context["form"].errors == {
        "email": ["Enter your e-mail address."],
        "password": ["Enter your password."],
    }
    assert 'id="email_error"' in page
    assert 'aria-invalid="true" aria-describedby="email_error"' in page
    assert page.count("autofocus") == 1


def test_a_suspended_person_is_told_why(client: Client) -> None:
    user = make_user()
    moderation.ban(user=user, reason="Sells <ladders>")

    response = log_in(client, user.email, PASSWORD)

    assert response.status_code == 403
    assert "This account is suspended: Sells &lt;ladders&gt;" in response.content.decode()
    assert "jwt" not in response.cookies


def test_a_suspension_is_told_to_nobody_else(client: Client) -> None:
    user = make_user()
    moderation.ban(user=user, reason="Sells ladders")

    response = log_in(client, user.email, "wrong password")

    assert response.context["form"].non_field_errors() == [NOT_TOGETHER]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("\x00@example.org", "x"),
        ("a" * 100_000, "b" * 100_000),
        ('{"$gt": ""}', '{"$gt": ""}'),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)
def test_odd_input_is_refused(client: Client, email: str, password: str) -> None:
    assert log_in(client, email, password).status_code == 400


def test_forms_without_a_token_are_refused() -> None:
    user = make_user()
    client = Client(enforce_csrf_checks=True)

    assert log_in(client, user.email, PASSWORD).status_code == 403
    assert client.post("/logout").status_code == 403
    assert not Session.objects.exists()


def test_the_form_carries_a_token_that_works() -> None:
    user = make_user()
    client = Client(enforce_csrf_checks=True)
    token = client.get("/login").context["csrf_token"]

    response = client.post(
        "/login", {"email": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    )

    assert response.status_code == 302


def test_the_pages_lead_to_each_other_and_keep_the_way(client: Client) -> None:
    assert '<a href="/signup?next=/profile">' in client.get("/login?next=/profile").content.decode()
    assert '<a href="/login?next=/profile">' in client.get("/signup?next=/profile").content.decode()
    assert '<a href="/signup">' in client.get("/login?next=//evil.example").content.decode()


def test_signing_out_ends_the_session_and_no_other(page_for: PageFor) -> None:
    user = make_user()
    here, there = page_for(user), page_for(user)
    token = here.cookies["jwt"].value

    response = here.post("/logout")

    assert response["Location"] == "/login"
    assert response.cookies["jwt"].value == ""
    assert there.get("/profile").status_code == 200
    here.cookies["jwt"] = token
    assert here.get("/profile").status_code == 302


@pytest.mark.parametrize("end", ["ban", "elsewhere"])
def test_who_was_signed_out_by_others_is_told_so(page_for: PageFor, end: str) -> None:
    user = make_user()
    page = page_for(user)
    assert ENDED not in Client().get("/login").content.decode()

    if end == "ban":
        moderation.ban(user=user, reason="Sells ladders")
    else:
        page_for(user).post("/profile/sessions", {"confirmed": "1"})

    words = "This account is suspended: Sells ladders" if end == "ban" else ENDED
    response = page.get("/profile", follow=True)
    assert response.redirect_chain == [("/login?next=/profile", 302)]
    assert words in response.content.decode()
    assert words not in log_in(page, user.email, "wrong password").content.decode()
    page.cookies["jwt"] = page.cookies["jwt"].value[:-4] + "AAAA"
    assert "Sells ladders" not in page.get("/login").content.decode()


def test_who_signed_out_is_told_nothing(page_for: PageFor) -> None:
    page = page_for(make_user())

    assert ENDED not in page.post("/logout", follow=True).content.decode()


def test_one_can_start_writing_at_once(client: Client) -> None:
    page = client.get("/login").content.decode()

    assert page.count(" autofocus") == 1
    assert "autofocus" in page[page.index('name="email"') :].partition(">")[0]


def test_signing_out_twice_does_no_harm(client: Client) -> None:
    assert client.post("/logout")["Location"] == "/login"


def test_a_link_signs_nobody_out(page_for: PageFor, client: Client) -> None:
    signed_in = page_for(make_user())

    assert signed_in.get("/logout")["Location"] == "/profile"
    assert signed_in.get("/profile").status_code == 200
    assert client.get("/logout")["Location"] == "/login"


def test_the_pages_are_never_cached(client: Client) -> None:
    for page in ("/login", "/signup", "/profile"):
        assert "no-store" in client.get(page)["Cache-Control"]
