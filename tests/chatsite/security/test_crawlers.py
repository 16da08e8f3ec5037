"""Crawlers make no accounts; programs and browsers do."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chatsite.security.crawlers import is_crawler
from tests.factories import PASSWORD, make_user

GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
GOOGLE_AS_PHONE = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)
CRAWLERS = [
    GOOGLE,
    GOOGLE_AS_PHONE,
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
    "CCBot/2.0 (https://commoncrawl.org/faq/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Scrapy/2.11 (+https://scrapy.org)",
    "ia_archiver",
]
LIBRARIES = [
    "",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-httpx/0.27.0",
    "python-requests/2.31.0",
    "Python/3.11 aiohttp/3.9.1",
    "Python-urllib/3.11",
    "axios/1.7.2",
    "node",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "okhttp/4.12.0",
    "Go-http-client/2.0",
    "Java/17.0.2",
    "Java-http-client/17.0.2",
    "Apache-HttpClient/4.5.13 (Java/11.0.2)",
    "Google-HTTP-Java-Client/1.42.0 (gzip)",
    "my-program Google-HTTP-Java-Client/1.42.0 (gzip)",
    "Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)",
    "Dart/3.2 (dart:io)",
    "PostmanRuntime/7.36.0",
    "insomnia/8.4.5",
]
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSERS = [
    f"{LINUX} Chrome/130.0.0.0 Safari/537.36",
    f"{LINUX} HeadlessChrome/130.0.0.0 Safari/537.36",
    f"{LINUX} Silk/108.4.4 like Chrome/108.0.5359.128 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Linux; Android 9; CUBOT X18 Plus) AppleWebKit/537.36 Chrome/80 Mobile",
]
ACCOUNT = {"fullName": "Ada", "email": "ada@example.org", "password": PASSWORD}


def log_in(client: Client, user_agent: str) -> Any:
    headers = {"User-Agent": user_agent}
    body = {"email": "ada@example.org", "password": PASSWORD}
    return client.post("/api/auth/login", body, "application/json", headers=headers)


@pytest.mark.parametrize("user_agent", CRAWLERS)
def test_a_crawler_is_known(user_agent: str) -> None:
    assert is_crawler(user_agent)


@pytest.mark.parametrize("user_agent", LIBRARIES + BROWSERS)
def test_programs_and_browsers_are_none(user_agent: str) -> None:
    assert not is_crawler(user_agent)


def test_only_the_beginning_of_a_name_is_looked_at() -> None:
    assert is_crawler("Googlebot/2.1 " + "x" * 100_000)
    assert not is_crawler("x" * 100_000 + " Googlebot/2.1")


@pytest.mark.django_db
class TestRefusal:
    def test_crawlers_enter_no_account(self, client: Client) -> None:
        make_user(email="ada@example.org")
        refused = log_in(client, GOOGLE)
        assert refused.status_code == 403
        assert set(refused.json()) == {"message"}
        assert "jwt" not in client.cookies
        assert log_in(client, "curl/8.5.0").status_code == 200

    def test_crawlers_make_no_account(self, client: Client) -> None:
        headers = {"User-Agent": GOOGLE}
        refused = client.post("/api/auth/signup", ACCOUNT, "application/json", headers=headers)
        assert refused.status_code == 403
        assert not User.objects.exists()

    @pytest.mark.parametrize("path", ["/signup", "/login"])
    def test_pages_refuse_their_forms_but_can_be_read(self, client: Client, path: str) -> None:
        headers = {"User-Agent": GOOGLE}
        assert client.post(path, {}, headers=headers).status_code == 403
        assert client.get(path, headers=headers).status_code == 200

    def test_other_calls_are_answered(self, client: Client) -> None:
        headers = {"User-Agent": GOOGLE}
        assert client.post("/api/auth/logout", headers=headers).status_code == 200
        assert client.get("/api/auth/check", headers=headers).status_code == 401

    def test_it_can_be_switched_off(self, client: Client, settings: Any) -> None:
        settings.BLOCK_CRAWLERS = False
        make_user(email="ada@example.org")
        assert log_in(client, GOOGLE).status_code == 200
