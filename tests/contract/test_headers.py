"""The headers that keep browsers safe, on every kind of answer of a site in production."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from tests.browser.site import ProductionSite, collect_static
from tests.contract.observatory import grade, points
from tests.environment import ROOT, settings_under
from tests.factories import PASSWORD

HOST = ProductionSite.HOST
BY_HTTPS = {"Host": HOST, "X-Forwarded-Proto": "https"}
NOBODY = {"Cookie": ""}
TOO_LARGE = b"x" * 10_485_761
YEAR = 31_536_000

OWNER = "from accounts.models import User; User.objects.update(role='owner')"

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": f"max-age={YEAR}",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
OFF = {"camera=()", "geolocation=()", "payment=()", "usb=()", "display-capture=()"}

BEST = {
    "csp": 10,
    "cookies": 0,
    "hsts": 0,
    "redirection": 0,
    "referrer policy": 5,
    "integrity": 0,
    "nosniff": 0,
    "frames": 5,
    "resources": 10,
}

Ask = Callable[[httpx.Client], httpx.Response]
ANSWERS: dict[str, tuple[int, Ask]] = {
    "page": (200, lambda http: http.get("/")),
    "log-in page": (200, lambda http: http.get("/login", headers=NOBODY)),
    "sign-up page": (200, lambda http: http.get("/signup", headers=NOBODY)),
    "way to a new password": (200, lambda http: http.get("/reset", headers=NOBODY)),
    "profile": (200, lambda http: http.get("/profile")),
    "api docs": (200, lambda http: http.get("/api/docs")),
    "offline page": (200, lambda http: http.get("/offline")),
    "service worker": (200, lambda http: http.get("/sw.js")),
    "version": (200, lambda http: http.get("/version")),
    "reset of the app": (200, lambda http: http.get("/reset-app")),
    "page to share": (200, lambda http: http.get("/share")),
    "shared": (302, lambda http: http.post("/share", data={"text": "Look"})),
    "redirect": (302, lambda http: http.get("/", headers=NOBODY)),
    "admin": (200, lambda http: http.get("/admin/")),
    "forbidden": (403, lambda http: http.post("/login", headers=NOBODY, data={"email": "a"})),
    "not found": (404, lambda http: http.get("/nothing")),
    "too large": (413, lambda http: http.post("/login", content=TOO_LARGE)),
    "host of another": (400, lambda http: http.get("/", headers={"Host": "evil.example"})),
    "api": (200, lambda http: http.get("/api/auth/check")),
    "api, no token": (401, lambda http: http.get("/api/auth/check", headers=NOBODY)),
    "api, foreign": (403, lambda http: http.post("/api/auth/logout", headers={"Origin": "null"})),
    "api, not found": (404, lambda http: http.get("/api/nothing")),
    "api, too large": (413, lambda http: http.post("/api/auth/login", content=TOO_LARGE)),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionSite]:
    site = ProductionSite(tmp_path_factory.mktemp("site"))
    collect_static(site)
    site.migrate()
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def http(site: ProductionSite) -> Iterator[httpx.Client]:
    """The owner, signed in, by way of the proxy."""
    with httpx.Client(base_url=site.url, headers=BY_HTTPS, trust_env=False) as client:
        token = sign_up(client, "ada@example.org").cookies["__Host-jwt"]
        client.headers["Cookie"] = (
            f"__Host-jwt={token}"  # Secure, so by plain http httpx does not send it
        )
        site.manage("shell", "--command", OWNER)
        yield client


def sign_up(client: httpx.Client, email: str) -> httpx.Response:
    account = {"fullName": "Ada Lindqvist", "email": email, "password": PASSWORD}
    response = client.post("/api/auth/signup", json=account)
    client.cookies.clear()
    assert response.status_code == 201, response.text
    return response


def assert_protected(response: httpx.Response) -> None:
    assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS


def led_to_https(http: httpx.Client) -> httpx.Response:
    return http.get("/", headers=NOBODY | {"X-Forwarded-Proto": "http"})


def policy_of(response: httpx.Response) -> set[str]:
    return set(response.headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_protected(http: httpx.Client, name: str) -> None:
    status, ask = ANSWERS[name]
    response = ask(http)
    assert response.status_code == status
    assert_protected(response)
    assert policy_of(response) == POLICY
    assert set(response.headers["Permissions-Policy"].split(", ")) >= OFF | {
        "autoplay=(self)",
        "microphone=(self)",
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_has_the_best_grade(http: httpx.Client, name: str) -> None:
    response = ANSWERS[name][1](http)
    best = BEST | ({"cookies": 5} if "Set-Cookie" in response.headers else {})
    assert points(response, led_to_https(http)) == best
    assert grade(best) == (sum(best.values(), 100), "A+")


@pytest.mark.parametrize(
    ("header", "instead", "letter"),
    [
        ("Content-Security-Policy", None, "B"),
        ("Content-Security-Policy", "default-src 'self' 'unsafe-inline'", "B+"),
        ("Strict-Transport-Security", None, "B+"),
        ("Strict-Transport-Security", "max-age=86400", "A+"),
        ("Referrer-Policy", None, "A+"),
        ("Referrer-Policy", "unsafe-url", "A+"),
        ("X-Content-Type-Options", None, "A+"),
        ("Cross-Origin-Resource-Policy", None, "A+"),
        ("Set-Cookie", "csrftoken=a; HttpOnly; SameSite=Strict", "A+"),
        ("Set-Cookie", "csrftoken=a; HttpOnly; Secure", "B+"),
        ("Set-Cookie", "__Host-jwt=a; Secure; SameSite=Strict", "B"),
    ],
)
def test_less_is_noticed(http: httpx.Client, header: str, instead: str | None, letter: str) -> None:
    """Also where the letter stays what it is."""
    response, by_http = http.get("/login", headers=NOBODY), led_to_https(http)
    best, _ = grade(points(response, by_http))
    del response.headers[header]
    if instead:
        response.headers[header] = instead
    less, found = grade(points(response, by_http))
    assert less < best
    assert found == letter


def test_the_policy_allows_nothing_unsafe() -> None:
    directives = settings_under()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert not any("unsafe" in str(source) for sources in directives.values() for source in sources)


class TestFiles:
    def test_static_files(self, http: httpx.Client) -> None:
        manifest = json.loads((ROOT / "staticfiles" / "staticfiles.json").read_text())
        for path in ("css/site.css", "js/zone.js", "icon.svg"):
            response = http.get(f"/static/{manifest['paths'][path]}")
            assert response.status_code == 200
            assert_protected(response)
            assert "immutable" in response.headers["Cache-Control"]
            assert "Access-Control-Allow-Origin" not in response.headers

    def test_pictures(self, http: httpx.Client) -> None:
        peer = sign_up(http, "bo@example.org").json()["_id"]
        files = {"image": ("a.png", picture(), "image/png")}
        sent = http.post(f"/api/messages/send/{peer}", files=files)
        assert sent.status_code == 201, sent.text
        assert_protected(sent)
        assert sent.headers["Cache-Control"] == "private, no-store"
        image = http.get(urlsplit(sent.json()["image"]).path)
        assert image.status_code == 200
        assert image.headers["Content-Type"] == "image/webp"
        assert image.headers["Cache-Control"].startswith("private, ")
        assert image.headers["Content-Security-Policy"] == "default-src 'none'"
        assert_protected(image)

    def test_avatars(self, http: httpx.Client) -> None:
        avatar = http.get("/media/avatars/3/AL.svg")
        assert avatar.status_code == 200
        assert_protected(avatar)
        assert "unsafe" not in avatar.headers["Content-Security-Policy"]


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "tomato").save(data, "PNG")
    return data.getvalue()


class TestHttps:
    def test_plain_http_is_led_to_https(self, site: ProductionSite) -> None:
        response = httpx.get(f"{site.url}/login?a=b", headers={"Host": HOST}, trust_env=False)
        assert response.status_code == 301
        assert response.headers["Location"] == f"https://{HOST}/login?a=b"
        assert "Strict-Transport-Security" not in response.headers  # counts by https only

    def test_a_foreign_host_is_led_there_too(self, site: ProductionSite) -> None:
        response = httpx.get(f"{site.url}/login", headers={"Host": "evil.example"}, trust_env=False)
        assert response.status_code == 301
        assert response.headers["Location"] == f"https://{HOST}/login"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Traceback" not in site.log.read_text()

    def test_probes_are_answered_by_plain_http(self, site: ProductionSite) -> None:
        response = httpx.get(f"{site.url}/healthz", trust_env=False)
        assert response.status_code == 200
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_cookies_are_for_https_alone(self, http: httpx.Client) -> None:
        responses = [sign_up(http, "cleo@example.org"), http.get("/login", headers=NOBODY)]
        cookies = [
            each for response in responses for each in response.headers.get_list("set-cookie")
        ]
        assert {cookie.partition("=")[0] for cookie in cookies} >= {"__Host-jwt", "csrftoken"}
        for cookie in cookies:
            if "Max-Age=0" in cookie:  # taken away, whatever it is
                continue
            assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))

    @pytest.mark.parametrize("url", ["", "http://chat.example.org"])
    def test_a_site_by_plain_http_works_too(self, url: str) -> None:
        settings = settings_under(PUBLIC_URL=url)
        assert not settings["SECURE_SSL_REDIRECT"]
        assert not settings["SECURE_HSTS_SECONDS"]
        assert not settings["TOKEN_COOKIE_SECURE"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/media/avatars/1/A.svg", "cross-origin"),
        ("/login", "same-origin"),
        ("/api/auth/check", "same-origin"),
    ],
)
def test_other_front_ends_may_show_pictures_and_nothing_else(
    client: Any, settings: Any, path: str, policy: str
) -> None:
    settings.CLIENT_URLS = ["https://app.example.org"]
    assert client.get(path).headers["Cross-Origin-Resource-Policy"] == policy
