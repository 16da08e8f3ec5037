"""In the reader's own language: every text is there in all of them, and each reader gets theirs."""

import re
import shutil
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core import mail as outbox
from django.test import Client
from django.utils.translation import gettext, override, to_locale

from accounts import mail
from accounts.models import Session, User
from chatsite import language
from scripts.languages import APPS, collect
from tests.environment import ROOT
from tests.factories import PASSWORD, make_session, make_user

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
HOLE = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>")
WORDS = re.compile(r"[A-Za-z]{2,}")
# Names, which are the same in all languages, and what no person reads.
UNMARKED = {"Chatsite", "AsyncAPI", "OpenAPI", "HTTP", "GET", "DELETE", "OPTIONS"}


def catalogue(code: str) -> Catalog:
    path = ROOT / "locale" / to_locale(code) / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=to_locale(code))


def forms(message: Message) -> list[str]:
    string = message.string or ""
    return [string] if isinstance(string, str) else list(string)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What the source has to be translated, by the same program that `make words` runs."""
    copy = tmp_path_factory.mktemp("source")
    for name in APPS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "locale" / "de").mkdir(parents=True)
    collect(copy)
    with (copy / "locale" / "de" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file)


class TestCatalogues:
    @pytest.mark.parametrize("code", LANGUAGES)
    def test_have_every_text_and_no_other(self, collected: Catalog, code: str) -> None:
        theirs = catalogue(code)
        keys = {(each.id, each.context) for each in collected if each.id}
        assert {(each.id, each.context) for each in theirs if each.id} == keys, "run `make words`"
        missing = [each.id for each in theirs if each.id and (each.fuzzy or not all(forms(each)))]
        assert not missing
        assert not theirs.fuzzy

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_leave_the_same_room_for_names_and_numbers(self, code: str) -> None:
        wrong = [
            (message.id, form)
            for message in catalogue(code)
            if message.id
            for form in forms(message)
            if not _fits(message, form)
        ]
        assert not wrong

    def test_are_those_of_the_site(self) -> None:
        folders = {path.name for path in (ROOT / "locale").iterdir() if path.is_dir()}
        assert folders == set(map(to_locale, LANGUAGES))


def _fits(message: Message, form: str) -> bool:
    """A form for one thing, or for two, may do without the number."""
    several = not isinstance(message.id, str)
    wanted = Counter(HOLE.findall(message.id[-1] if several else str(message.id)))
    found = Counter(HOLE.findall(form))
    return found == wanted or (several and found <= wanted and sum((wanted - found).values()) == 1)


TAGS = re.compile(
    r"{%\s*(?:blocktranslate|comment)\b.*?{%\s*end\w+\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|&\w+;",
    re.DOTALL,
)
ATTRIBUTES = re.compile(r"\b(?:title|alt|placeholder|aria-label|aria-description)=\"([^\"]*)\"")
UNREAD = re.compile(
    r"<(script|style|svg|code|kbd)\b.*?</\1>|<!--.*?-->|\bdata-[a-z-]+=\"[^\"]*\"", re.DOTALL
)


def test_templates_have_no_words_that_stay_english() -> None:
    found = {}
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            source = UNREAD.sub("", TAGS.sub("", path.read_text()))
            shown = [*ATTRIBUTES.findall(source), re.sub(r"<[^>]*>", " ", source)]
            words = {word for text in shown for word in WORDS.findall(text)} - UNMARKED
            if words:
                found[str(path.relative_to(ROOT))] = words
    assert not found


# Of a sentence that somebody may read.
SENTENCE = re.compile(r"""(["'`])([A-Z][a-z]+(?: [a-z]+)+[.!?…]?)\1""")


def test_scripts_take_their_words_from_the_page() -> None:
    found = {
        f"{path.name}: {sentence}"
        for path in (ROOT / "static" / "js").rglob("*.js")
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith(("//", "*", "/*")) and "Error(" not in line
        for _quote, sentence in SENTENCE.findall(line)
    }
    assert not found


class TestDays:
    MOMENT = datetime(2026, 9, 8, 18, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("code", "full", "short"),
        [
            ("en", "Tuesday, 8 September 2026, 18:30", "8 Sept"),
            ("de", "Dienstag, 8. September 2026, 18:30", "8. Sept."),
            ("pt-br", "terça-feira, 8 de setembro de 2026, 18:30", "8 de set."),
            ("ja", "2026年9月8日火曜日 18:30", "9月8日"),
            ("ar", "الثلاثاء، 8 سبتمبر 2026، 18:30", "8 سبتمبر"),
        ],
    )
    def test_are_written_as_the_language_has_it(self, code: str, full: str, short: str) -> None:
        with override(code):
            assert language.full_date(self.MOMENT) == full
            assert language.short_day_of_year(date(2026, 9, 8)) == short

    @pytest.mark.parametrize(
        ("code", "forms"),
        [
            ("en", ["one", "other"]),
            ("ja", ["other"]),
            ("ar", ["zero", "one", "two", "few", "many", "other"]),
        ],
    )
    def test_numbers_have_the_forms_of_the_language(self, code: str, forms: list[str]) -> None:
        with override(code):
            assert [form for form, _number in language.plural_forms()] == forms


def html(client: Client, path: str, **headers: str) -> Any:
    return client.get(path, headers=headers)


@pytest.mark.django_db
class TestWhoReads:
    def test_a_visitor_reads_the_language_of_the_browser(self, client: Client) -> None:
        german = html(client, "/login", accept_language="de-CH,de;q=0.9,en;q=0.5")
        assert '<html lang="de"' in german.content.decode()
        assert german.headers["Content-Language"] == "de"
        assert "Accept-Language" in german.headers["Vary"]
        arabic = html(client, "/login", accept_language="ar-EG")
        assert '<html lang="ar" dir="rtl"' in arabic.content.decode()
        assert '<html lang="zh-hans"' in html(client, "/login", accept_language="zh-CN").text
        assert '<html lang="en"' in html(client, "/login", accept_language="tlh").text

    def test_what_is_chosen_for_the_account_goes_before_it(self, client: Client) -> None:
        user = make_user()
        sign_in(client, user)
        chosen = client.post("/profile/language", {"language": "fr"}, follow=True)
        assert '<html lang="fr"' in chosen.content.decode()
        assert '<html lang="fr"' in html(client, "/profile", accept_language="de").content.decode()
        other = Client()
        sign_in(other, user)
        assert '<html lang="fr"' in html(other, "/", accept_language="de").content.decode()
        client.post("/profile/language", {"language": ""})
        assert '<html lang="de"' in html(client, "/profile", accept_language="de").content.decode()

    def test_a_language_that_the_site_has_not_is_not_taken(self, client: Client) -> None:
        user = make_user()
        sign_in(client, user)
        client.post("/profile/language", {"language": "xx"})
        user.refresh_from_db()
        assert user.language == ""

    def test_another_person_keeps_theirs(self, client: Client) -> None:
        ada, bo = make_user("Ada"), make_user("Bo")
        sign_in(client, ada)
        client.post("/profile/language", {"language": "ja"})
        other = Client()
        sign_in(other, bo)
        assert '<html lang="en"' in html(other, "/profile").content.decode()

    def test_the_api_refuses_in_the_language_that_is_asked_for(self, client: Client) -> None:
        def refusal(**headers: str) -> str:
            account = {"email": "nobody@example.org", "password": "not this one"}
            path, kind = "/api/auth/login", "application/json"
            response = client.post(path, account, content_type=kind, headers=headers)
            assert response.status_code == 400
            return str(response.json()["message"])

        assert refusal() == "Invalid credentials"
        with override("de"):
            translated = gettext("Invalid credentials")
        assert refusal(accept_language="de") == translated != "Invalid credentials"
        assert refusal() == "Invalid credentials"  # nothing is left of it

    def test_the_api_knows_what_was_chosen_for_the_account(self, client: Client) -> None:
        user = make_user(language="es")
        sign_in(client, user)
        response = client.get(f"/api/messages/{'0' * 24}")
        with override("es"):
            assert response.json()["message"] == gettext("No such person.")


@pytest.mark.django_db
class TestMails:
    def test_are_in_the_language_of_who_gets_them(self) -> None:
        chosen = make_user("Ada", language="fr")
        with override("de"):
            make_session(browsing := make_user("Bo"))
        subjects = {}
        with override("ja"):  # of who caused them
            for user in (chosen, browsing, make_user("Cy")):
                subjects[user.full_name] = mail.report_handled(user).subject
        wanted = {}
        for name, code in (("Ada", "fr"), ("Bo", "de"), ("Cy", "en")):
            with override(code):
                wanted[name] = gettext("Your report was handled")
        assert subjects == wanted
        assert len(set(subjects.values())) == 3
        assert not outbox.outbox


def sign_in(client: Client, user: User) -> None:
    account = {"email": user.email, "password": PASSWORD}
    response = client.post("/api/auth/login", account, content_type="application/json")
    assert response.status_code == 200
    assert Session.objects.filter(user=user).exists()
