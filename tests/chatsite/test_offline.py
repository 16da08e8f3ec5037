"""What the service worker keeps at hand."""

import re
from collections.abc import Callable

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from chatsite import offline
from tests.factories import make_user

PageFor = Callable[[User], Client]


def version(client: Client) -> str:
    [found] = re.findall(r'"offline-(\w+)"', client.get("/sw.js").content.decode())
    return str(found)


@pytest.mark.django_db
def test_it_has_all_that_the_chat_page_asks_for(page_for: PageFor) -> None:
    page = page_for(make_user()).get("/").content.decode()
    asked = re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', page)
    script = page_for(make_user()).get("/sw.js").content.decode()

    assert len(asked) == len(offline.CHAT_FILES)
    for address in asked:
        assert f'"{address}"' in script
    assert all(finders.find(name) for name in offline.CHAT_FILES)


def test_another_file_makes_it_another_worker_and_another_version(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, page = version(client), client.get("/version").json()
    assert version(client) == before
    assert client.get("/version").json() == page

    monkeypatch.setattr(offline, "CHAT_FILES", (*offline.CHAT_FILES[:-1], "js/entrance.js"))

    assert version(client) != before
    assert client.get("/version").json() != page


@pytest.mark.django_db
def test_a_page_knows_of_which_version_it_is(page_for: PageFor) -> None:
    client = page_for(make_user())
    here = client.get("/version").json()["version"]
    assert f'data-version="{here}"' in client.get("/").content.decode()


@pytest.mark.django_db
def test_where_it_is_switched_off_it_goes_away(page_for: PageFor, settings: Settings) -> None:
    client = page_for(make_user())
    for path in ("/", "/share"):
        assert "data-no-worker" not in client.get(path).content.decode()
    kept = client.get("/sw.js")
    assert "no-store" in kept.headers["Cache-Control"]

    settings.SERVICE_WORKER = False

    gone = client.get("/sw.js")
    assert "unregister()" in gone.content.decode()
    assert "fetch" not in gone.content.decode()
    assert gone.headers["Cache-Control"] == kept.headers["Cache-Control"]
    for path in ("/", "/share"):
        assert "data-no-worker" in client.get(path).content.decode()
