"""What people change about themselves."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from tests.factories import PASSWORD, make_session, make_user

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/profile"}


@pytest.fixture
def user() -> User:
    return make_user("Ada Lindqvist", email="ada@example.org")


@pytest.fixture
def page(page_for: PageFor, user: User) -> Client:
    return page_for(user)


def picture(width: int = 30, height: int = 20) -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "tomato").save(data, "PNG")
    return SimpleUploadedFile("me.png", data.getvalue(), "image/png")


def change_password(client: Client, old: str, new: str, **options: Any) -> Any:
    fields = {"old_password": old, "new_password": new}
    return client.post("/profile/password", fields, **options)


def part(response: Any, name: str) -> str:
    """The section of the page with this id."""
    page: str = response.content.decode()
    return page[page.index(f'id="{name}"') :].partition("</section>")[0]


def test_the_page_shows_who_one_is(page: Client) -> None:
    about = part(page.get("/profile"), "about")

    assert 'value="Ada Lindqvist"' in about
    assert "Signed in as <bdi>ada@example.org</bdi>" in about
    assert 'src="/media/avatars/' in about


@pytest.mark.parametrize("path", ["/login", "/signup", "/profile"])
def test_a_page_carries_the_icons_that_it_shows(
    page: Client, client: Client, user: User, path: str
) -> None:
    make_session(user, user_agent=IPHONE)

    shown = (page if path == "/profile" else client).get(path).content.decode()

    drawn = set(re.findall(r'<symbol id="([\w-]+)"', shown))
    assert set(re.findall(r'<use href="#([\w-]+)"', shown)) | {"alert"} == drawn


def test_a_name_is_saved_and_said_to_be(page: Client, user: User) -> None:
    response = page.post("/profile", {"full_name": "  Ada  King "}, follow=True)

    assert response.redirect_chain == [("/profile", 302)]
    assert 'role="status">Saved</p>' in part(response, "about")
    assert "Saved" not in part(response, "password")
    user.refresh_from_db()
    assert user.full_name == "Ada King"


def test_saved_is_said_once(page: Client) -> None:
    page.post("/profile", {"full_name": "Ada"}, follow=True)

    assert "Saved" not in page.get("/profile").content.decode()


@pytest.mark.parametrize("name", ["", "   ", "\u200b"])
def test_a_blank_name_is_refused_beside_its_field(page: Client, user: User, name: str) -> None:
    response = page.post("/profile", {"full_name": name})
    about = part(response, "about")

    assert response.status_code == 400
    assert "Enter the name that others will see." in about
    assert 'aria-invalid="true" aria-describedby="full_name_error"' in about
    user.refresh_from_db()
    assert user.full_name == "Ada Lindqvist"


def test_a_refusal_by_htmx_comes_as_a_page_that_it_shows(page: Client) -> None:
    response = page.post("/profile", {"full_name": ""}, headers=HTMX)

    assert response.status_code == 200
    assert "Enter the name that others will see." in part(response, "about")


def test_a_picture_is_cut_to_a_square(page: Client, user: User) -> None:
    response = page.post("/profile", {"full_name": "Ada", "picture": picture(30, 20)}, follow=True)

    user.refresh_from_db()
    address = f"/media/profiles/{user.picture}"
    assert f'src="{address}"' in part(response, "about")
    width, height = Image.open(io.BytesIO(page.get(address).getvalue())).size
    assert width == height


def test_a_name_alone_keeps_the_picture(page: Client, user: User) -> None:
    page.post("/profile", {"full_name": "Ada", "picture": picture()})
    page.post("/profile", {"full_name": "Ada King"})

    user.refresh_from_db()
    assert user.picture


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "This file is empty."),
        (b"no picture", "This is not a picture that can be read."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is not a picture that can be read."),
    ],
)
def test_what_is_no_picture_is_refused_beside_it(
    page: Client, user: User, data: bytes, words: str
) -> None:
    upload = SimpleUploadedFile("me.png", data, "image/png")

    response = page.post("/profile", {"full_name": "Ada King", "picture": upload})
    about = part(response, "about")

    assert response.status_code == 400
    assert words in about
    assert 'aria-describedby="picture_error"' in about
    assert 'value="Ada King"' in about
    user.refresh_from_db()
    assert (user.full_name, user.picture) == ("Ada Lindqvist", "")


@pytest.mark.parametrize(
    ("wanted", "back"),
    [
        ("/chat/abc?list=contacts", "/chat/abc?list=contacts"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_arrow_leads_back_and_never_elsewhere(page: Client, wanted: str, back: str) -> None:
    response = page.get("/profile", {"next": wanted})

    assert f'<a class="icon-button" href="{back}"' in response.content.decode()


def test_names_are_shown_as_they_are_written(page: Client, user: User) -> None:
    page.post("/profile", {"full_name": "<b>عائشة</b>"})

    about = part(page.get("/profile"), "about")
    assert 'value="&lt;b&gt;عائشة&lt;/b&gt;"' in about
    assert 'dir="auto"' in about


def test_a_new_password_ends_the_other_sessions(
    page: Client, page_for: PageFor, user: User
) -> None:
    elsewhere, stranger = page_for(user), page_for(make_user())

    response = change_password(page, PASSWORD, "another one", follow=True)

    assert response.redirect_chain == [("/profile", 302)]
    assert "Your password has been changed." in part(response, "password")
    assert elsewhere.get("/profile").status_code == 302
    assert stranger.get("/profile").status_code == 200
    user.refresh_from_db()
    assert user.check_password("another one")


def test_a_wrong_old_password_changes_nothing(page: Client, page_for: PageFor, user: User) -> None:
    elsewhere = page_for(user)

    response = change_password(page, "a guess", "another one")
    section = part(response, "password")

    assert response.status_code == 400
    assert "That is not your password. Check it and try again." in section
    assert 'aria-describedby="old_password_error"' in section
    assert "a guess" not in section
    assert "another one" not in section
    assert elsewhere.get("/profile").status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_short_new_password_is_refused(page: Client, user: User) -> None:
    response = change_password(page, PASSWORD, "short")

    assert response.status_code == 400
    assert 'aria-describedby="new_password_error"' in part(response, "password")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_refused_password_leaves_the_rest_of_the_page_alone(page: Client) -> None:
    about = part(change_password(page, "", ""), "about")

    assert 'value="Ada Lindqvist"' in about
    assert "aria-invalid" not in about


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_theme_is_kept_without_script(page: Client, chosen: str) -> None:
    response = page.post("/profile/theme", {"theme": chosen}, follow=True)

    assert f'data-theme="{chosen}"' in response.content.decode()
    assert f'value="{chosen}" checked' in part(response, "looks")


@pytest.mark.parametrize("chosen", ["", 'dark" onload="x', "blue"])
def test_any_other_theme_is_that_of_the_system(page: Client, chosen: str) -> None:
    page.post("/profile/theme", {"theme": "dark"})

    response = page.post("/profile/theme", {"theme": chosen}, follow=True)

    assert "data-theme" not in response.content.decode()
    assert 'value="" checked' in part(response, "looks")


@pytest.mark.parametrize("address", ["/profile/password", "/profile/theme", "/profile/sessions"])
def test_a_part_of_the_profile_is_no_page_of_its_own(
    page: Client, client: Client, address: str
) -> None:
    assert page.get(address)["Location"] == "/profile"
    assert client.get(address)["Location"] == f"/login?next={address}"


@pytest.mark.parametrize(
    "address", ["/profile", "/profile/password", "/profile/theme", "/profile/sessions"]
)
def test_visitors_change_nothing(client: Client, user: User, address: str) -> None:
    response = client.post(address, {"full_name": "Eve", "old_password": PASSWORD})

    assert response.status_code == 302
    assert response["Location"].startswith("/login")
    user.refresh_from_db()
    assert user.full_name == "Ada Lindqvist"


def test_the_link_to_write_to_somebody_leads_to_their_chat(page_for: PageFor) -> None:
    ada, bo = make_user("Ada Lovelace"), make_user("Bo Diddley")
    shown = page_for(ada).get("/profile").content.decode()
    [link] = set(re.findall(r'value="http://testserver(/chat/[^"]+)"', shown))
    assert 'class="qr"' in shown
    assert "Ada Lovelace" in page_for(bo).get(link).content.decode()
    assert Client().get(link)["Location"] == f"/login?next={link}"
