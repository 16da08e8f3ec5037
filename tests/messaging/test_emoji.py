"""The emoji picker as the server renders it, and the data that it is filled with."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from messaging.page.emoji import GROUPS, LANGUAGES, data_url, language_of
from messaging.shapes.reactions import canonical_emoji
from tests.factories import make_user

PageFor = Callable[[User], Client]
VARIANT = "\ufe0f"


@pytest.fixture(scope="module")
def data() -> Path:
    """Where the package is, which `make` fetches."""
    if not settings.PACKAGES["emoji"].exists():
        reason = "emoji-picker-element-data is missing: make node_modules/installed"
        raise (pytest.fail if os.environ.get("CI") == "true" else pytest.skip).Exception(reason)
    return Path(settings.PACKAGES["emoji"])


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("ar,fr;q=0.7", "fr"),  # there is no data in Arabic
        ("pt-BR", "pt"),
        ("en-GB,en;q=0.9", "en-gb"),
        ("es-419", "es-mx"),
        ("zh-TW", "zh-hant"),
        ("zh-CN", "zh"),
        ("no", "nb"),
        ("ja;q=0.1, es;q=0.8", "es"),
        ("xx, ../../etc, *", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_the_first_one_that_there_is_data_for(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def test_every_language_has_data_that_is_served(data: Path) -> None:
    assert {path.parent.parent.name for path in data.glob("*/cldr/data.json")} == LANGUAGES
    assert all(finders.find(f"emoji/{language}/cldr/data.json") for language in LANGUAGES)


def test_every_emoji_in_the_picker_can_be_a_reaction(data: Path) -> None:
    groups = {group.key for group in GROUPS}
    emoji = json.loads((data / "en" / "cldr" / "data.json").read_text())
    shown = [each for each in emoji if str(each["group"]) in groups]
    tones = [tone["emoji"] for each in shown for tone in each.get("skins", ())]
    assert len(shown) > 1800
    assert [each for each in tones if canonical_emoji(each) != each] == []
    for each in (each["emoji"] for each in shown):
        assert canonical_emoji(each) in (each, each.removesuffix(VARIANT))


def test_it_is_known_when_the_data_was_not_fetched(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    storage = "chatsite.staticfiles.HashedStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": storage}}
    with pytest.raises(ValueError, match=r"emoji/de/cldr/data\.json"):
        data_url("de")


@pytest.mark.django_db
class TestPicker:
    def test_names_the_data_in_the_readers_language(self, page_for: PageFor) -> None:
        answer = page_for(make_user()).get("/emoji", headers={"Accept-Language": "fr-CA"})
        assert answer.status_code == 200
        html = answer.content.decode()
        assert 'data-source="/static/emoji/fr/cldr/data.json"' in html
        assert html.count("<section") == len(GROUPS) + 1
        chosen = page_for(make_user(language="pt-br")).get(
            "/emoji", headers={"Accept-Language": "fr"}
        )
        assert 'data-source="/static/emoji/pt/cldr/data.json"' in chosen.content.decode()

    def test_is_for_those_who_are_signed_in(self, client: Client) -> None:
        assert client.get("/emoji").status_code == 302

    def test_changes_nothing(self, page_for: PageFor) -> None:
        assert page_for(make_user()).post("/emoji").status_code == 405
