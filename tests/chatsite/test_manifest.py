"""What browsers ask for before they install the site as an app."""

from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import resolve
from PIL import Image

from messaging.views.share import WORDS, share


@pytest.fixture
def manifest(client: Client) -> Any:
    response = client.get("/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    return response.json()


def test_it_has_what_browsers_want_of_an_app(manifest: Any) -> None:
    assert manifest["display"] == "standalone"
    assert manifest["id"] == manifest["start_url"] == "/"
    assert {(each["sizes"], each["purpose"]) for each in manifest["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for each in [manifest["start_url"], *(each["url"] for each in manifest["shortcuts"])]:
        resolve(each)  # raises for what is no page


def test_it_takes_what_other_apps_share(manifest: Any) -> None:
    target = manifest["share_target"]
    assert resolve(target["action"]).func is share
    assert (target["method"], target["enctype"]) == ("POST", "multipart/form-data")
    *words, files = target["params"].items()
    assert words == [(name, name) for name in WORDS]
    assert files == ("files", [{"name": "files", "accept": ["*/*"]}])


def test_its_icons_are_as_large_as_it_says(manifest: Any) -> None:
    for each in manifest["icons"]:
        path = finders.find(each["src"].removeprefix("/static/"))
        assert isinstance(path, str)
        with Image.open(path) as image:
            assert "{}x{}".format(*image.size) == each["sizes"]


def test_it_speaks_the_language_of_the_browser(client: Client) -> None:
    arabic = client.get("/manifest.webmanifest", headers={"Accept-Language": "ar"}).json()
    assert (arabic["lang"], arabic["dir"]) == ("ar", "rtl")


@pytest.mark.django_db
def test_pages_name_it(client: Client) -> None:
    page = client.get("/login").content.decode()
    assert 'rel="manifest" href="/manifest.webmanifest"' in page
    assert 'rel="apple-touch-icon"' in page
