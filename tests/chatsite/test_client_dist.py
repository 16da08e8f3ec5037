"""A front end of somebody else's in place of our own pages: its files, its page, no more."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver
from pytest_django import Settings
from whitenoise.responders import StaticFile

from chatsite import urls
from chatsite.client_dist import ClientFilesMiddleware, url_patterns
from chatsite.conf import client as conf
from chatsite.conf import headers
from chatsite.urls import handler404 as handler404  # of the URLs below
from tests.adapters import leaning_on
from tests.environment import settings_under

pytestmark = pytest.mark.django_db
urlpatterns: list[URLPattern | URLResolver] = []
SCRIPT = "console.log('here');\n"
YEARS = "max-age=315360000, public, immutable"
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FILES = {
    "index.html": "<!doctype html><title>Theirs</title>",
    "assets/index-BxY3k2Zs.js": SCRIPT,
    "assets/index-BxY3k2Zs.js.gz": "smaller",
    "assets/photo-20260101.jpg": "a date",
    "assets/my-component.js": "a word",
    "assets/icon-DarkMode.svg": "two words",
    "assets/logo-small-24.svg": "a word and a size",
    "assets/photo-section2.jpg": "a word and a number",
    "about.html": "<!doctype html><title>About</title>",
    "favicon.svg": "<svg/>",
    ".env": "SECRET=1",
    ".git/config": "secret",
    "deep/.hidden/x.js": "secret",
    "api/auth/check": "theirs",
    "static/x.js": "theirs",
    "reset": "theirs",
}


@pytest.fixture
def dist(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dist"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "secret.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "outside").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder)
    (folder / "loop").symlink_to("loop")
    (folder / "about.html.gz").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "pipe")
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "own.css").write_text("/* ours */")
    settings.CLIENT_DIST = folder
    settings.CLIENT_POLICY = headers.client_policy(site="https://chat.example.org")
    monkeypatch.setitem(globals(), "urlpatterns", [*url_patterns(), *urls.urlpatterns])
    settings.ROOT_URLCONF = __name__
    return folder


@pytest.fixture(params=[True, False], ids=["looked up", "listed at start"])
def site(request: pytest.FixtureRequest, dist: Path, settings: Settings) -> Client:
    settings.WHITENOISE_AUTOREFRESH = request.param
    return Client()


@pytest.mark.parametrize("is_looked_up", [True, False])
def test_whitenoise_takes_files_from_us_alone(
    dist: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, is_looked_up: bool
) -> None:
    """Else it would serve what links lead to, outside of the folder."""
    settings.WHITENOISE_AUTOREFRESH = is_looked_up
    asked: set[str] = set()

    class Files(ClientFilesMiddleware):
        def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
            asked.add(url)
            return super().get_static_file(path, url, stat_cache)

    with leaning_on(
        "whitenoise",
        "chatsite/client_dist.py",
        "`find_file`, `files`, `update_files_dictionary`, `get_static_file` or `serve`",
    ):
        files = Files(lambda _request: HttpResponse(status=404))
        for path, status in (("/favicon.svg", 200), ("/secret.txt", 404), ("/outside/dist", 404)):
            response = files(RequestFactory().get(path))
            assert (path, response.status_code) == (path, status)
            response.close()
        assert "/favicon.svg" in asked
        assert ("/secret.txt" in asked) == is_looked_up
        assert bool(files.files) != is_looked_up


def body(response: HttpResponseBase) -> str:
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return bytes(content).decode()


def is_theirs(response: HttpResponseBase) -> bool:
    return response.status_code == 200 and "<title>Theirs</title>" in body(response)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/login",
            "/signup",
            "/profile",
            "/chat/1",
            "/index.html",
            "/deep/",
            "/apis",
            "/wsx",
        ),
        *("/می\u200cخواهم", "/👨\u200d👩"),
    ],
)
def test_its_page_is_wherever_it_may_have_one(site: Client, path: str) -> None:
    assert is_theirs(site.get(path))


def test_a_name_with_a_dot_is_a_page_for_who_opens_one(site: Client) -> None:
    assert is_theirs(site.get("/people/jane.doe", headers=PAGE))
    assert site.get("/people/jane.doe").status_code == 404
    assert site.get("/picture.png", headers={"Accept": "image/avif,*/*"}).status_code == 404


def test_a_script_that_is_gone_is_no_page(site: Client) -> None:
    for path in ("/assets/index-00000000.js", "/assets/", "/assets/x"):
        response = site.get(path, headers=PAGE)
        assert response.status_code == 404
        assert "Theirs" not in body(response)


def test_the_page_is_asked_for_again_each_time(site: Client) -> None:
    response = site.get("/login")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Last-Modified"]
    again = site.get("/login", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"]


def test_head_says_the_same_without_a_body(site: Client) -> None:
    for path in ("/login", "/assets/index-BxY3k2Zs.js"):
        head, get = site.head(path), site.get(path)
        get.close()
        assert (head.status_code, body(head)) == (200, "")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize(
    ("path", "kind", "kept_for"),
    [
        ("/assets/index-BxY3k2Zs.js", 'text/javascript; charset="utf-8"', YEARS),
        ("/assets/photo-20260101.jpg", "image/jpeg", "max-age=60, public"),
        ("/assets/my-component.js", 'text/javascript; charset="utf-8"', "max-age=60, public"),
        ("/assets/icon-DarkMode.svg", "image/svg+xml", "max-age=60, public"),
        ("/assets/logo-small-24.svg", "image/svg+xml", "max-age=60, public"),
        ("/assets/photo-section2.jpg", "image/jpeg", "max-age=60, public"),
        ("/about.html", 'text/html; charset="utf-8"', "no-cache"),
        ("/favicon.svg", "image/svg+xml", "max-age=60, public"),
    ],
)
def test_files_have_their_type_and_are_kept_as_long_as_they_may(
    site: Client, path: str, kind: str, kept_for: str
) -> None:
    response = site.get(path)
    assert body(response) == FILES[path[1:]]
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cache-Control"] == kept_for
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Content-Security-Policy"]
    unchanged = site.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (unchanged.status_code, body(unchanged)) == (304, "")


def test_a_smaller_copy_beside_a_file_is_sent_to_who_takes_it(site: Client) -> None:
    path = "/assets/index-BxY3k2Zs.js"
    response = site.get(path, headers={"Accept-Encoding": "gzip"})
    assert (body(response), response.headers["Content-Encoding"]) == ("smaller", "gzip")
    assert response.headers["Vary"] == "Accept-Encoding"
    assert site.get(path + ".gz").status_code == 404


def test_a_part_of_a_file(site: Client) -> None:
    response = site.get("/assets/index-BxY3k2Zs.js", headers={"Range": "bytes=0-6"})
    assert (response.status_code, body(response)) == (206, "console")


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/.git/config",
        "/deep/.hidden/x.js",
        "/secret.txt",
        "/outside/secret.txt",
        "/../secret.txt",
        "/deep/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/%00",
        "/index.html%00.js",
        "/assets/index-BxY3k2Zs.js%00",
    ],
)
def test_nothing_hidden_or_outside_is_told(site: Client, path: str) -> None:
    for asked in ({}, PAGE):
        response = site.get(path, headers=asked)
        assert "secret" not in body(response).lower()
        assert response.status_code == 404 or is_theirs(response)
    assert site.get("/.env", headers=PAGE).status_code == 404


def test_a_smaller_copy_is_not_taken_from_outside(site: Client) -> None:
    response = site.get("/about.html", headers={"Accept-Encoding": "gzip"})
    assert body(response) == FILES["about.html"]
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("path", ["/loop", "/loop/x", "/pipe", "/" + "a" * 5000])
def test_what_is_no_file_is_left_to_its_page(site: Client, path: str) -> None:
    assert is_theirs(site.get(path))


def test_a_file_that_a_build_took_away_is_gone(dist: Path, settings: Settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = False
    site = Client()
    path = "/assets/index-BxY3k2Zs.js"
    site.get(path).close()
    (dist / path[1:]).unlink()

    assert site.get(path).status_code == 404


def test_nobody_sees_what_is_in_a_folder(site: Client) -> None:
    for path in ("/assets", "/deep/", "/round/"):
        assert "index-BxY3k2Zs" not in body(site.get(path))


def test_what_changes_something_is_not_asked_of_its_pages(site: Client) -> None:
    site.handler.enforce_csrf_checks = True
    for path in ("/login", "/profile/theme", "/nothing", "/"):
        response = site.post(path)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"
    assert site.post("/favicon.svg").status_code == 405


def test_what_is_the_site_s_own_stays(site: Client) -> None:
    assert site.get("/api/auth/check").status_code == 401
    assert site.get("/api/nothing").json() == {"message": "Not found."}
    assert site.get("/healthz").status_code == 200
    assert site.get("/readyz").status_code in (200, 503)
    assert site.get("/metrics").status_code == 200
    assert site.get("/static/x.js").status_code == 404
    assert body(site.get("/static/own.css")) == "/* ours */"
    assert site.get("/media/nothing").status_code == 404
    assert site.get("/socket.io/").status_code == 404
    assert site.get("/admin/").status_code == 302
    assert site.get("/sw.js").headers["Content-Type"].startswith("text/javascript")
    for path in ("/reset", "/reset/sent", "/reset/x/y", "/address/x/y", "/digest/x/y", "/offline"):
        response = site.get(path)
        assert not is_theirs(response), path
        assert "Chatsite" in body(response)
        assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_figures_that_somebody_may_not_see_are_no_page(site: Client) -> None:
    response = site.get("/metrics", REMOTE_ADDR="203.0.113.9")
    assert response.status_code == 404
    assert not is_theirs(response)


def test_a_service_worker_of_its_own_goes_before_ours(dist: Path) -> None:
    (dist / "sw.js").write_text("// theirs")
    assert body(Client().get("/sw.js")) == "// theirs"


@pytest.mark.parametrize("path", ["/", "/about.html", "/favicon.svg", "/assets/index-BxY3k2Zs.js"])
def test_its_policy_lets_a_build_work_and_no_foreign_script(site: Client, path: str) -> None:
    response = site.get(path)
    response.close()
    parts = response.headers["Content-Security-Policy"].split("; ")
    policy = dict(part.split(" ", 1) for part in parts)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["connect-src"] == "'self' wss://chat.example.org"
    assert policy["frame-ancestors"] == "'none'"


def test_without_one_our_own_pages_stay(client: Client) -> None:
    assert url_patterns() == []
    assert "Chatsite" in body(client.get("/login"))
    assert client.get("/nothing").status_code == 404


def test_a_folder_that_is_none_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, sources = tmp_path / "empty", tmp_path / "sources"
    for folder in (empty, sources):
        folder.mkdir()
    for name in ("index.html", "package.json"):
        (sources / name).touch()
    for folder in (tmp_path / "none", empty, sources):
        monkeypatch.setenv("CLIENT_DIST", str(folder))
        with pytest.raises(ImproperlyConfigured, match="CLIENT_DIST"):
            conf.read()


def test_a_path_counts_from_where_the_site_is_started(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(dist.parent)
    assert settings_under(CLIENT_DIST="dist")["CLIENT_DIST"] == Path(os.path.realpath(dist))
    assert settings_under(CLIENT_DIST=" ")["CLIENT_DIST"] is None
