"""What the service worker keeps at hand."""

import re
from collections.abc import Callable

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

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


def test_another_file_makes_it_another_worker(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = version(client)
    assert version(client) == before

    monkeypatch.setattr(offline, "CHAT_FILES", (*offline.CHAT_FILES[:-1], "js/entrance.js"))

    assert version(client) != before
