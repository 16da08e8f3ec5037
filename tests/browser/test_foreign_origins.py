"""What pages of other sites can do with a person's session here: nothing, unless CLIENT_URL lists
them.

Another port of this address is another origin but the same site, so the Strict cookie goes along:
there the rules for origins stand alone. The name localhost is another site altogether.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.people import PASSWORD, Person, sign_up
from tests.browser.site import Site, collect_static

CALL = """async ([url, options]) => {
  try {
    const answer = await fetch(url, { credentials: "include", ...options });
    return { status: answer.status, headers: Object.fromEntries(answer.headers) };
  } catch (error) {
    return { error: error.name };
  }
}"""
CONNECT = """(url) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => { resolve(JSON.parse(data).event); socket.close(); };
  socket.onclose = () => resolve("refused");
})"""
LOAD = """([kind, attribute, url]) => new Promise((resolve) => {
  const element = document.createElement(kind);
  element.onload = () => resolve("loaded");
  element.onerror = () => resolve("refused");
  element[attribute] = url;
  document.body.append(element);
})"""
SUBMIT = """(url) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url });
  document.body.append(form);
  form.submit();
}"""
UNREADABLE = {"error": "TypeError"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Origins:
    site: Site
    listed: str
    other: str
    elsewhere: str


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another site</title><body>")

    def log_message(self, *args: Any) -> None:
        """Not among the results."""


@contextmanager
def _served() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origins]:
    with ExitStack() as stack:
        listed, other = (stack.enter_context(_served()) for _number in range(2))
        friend = f"http://127.0.0.1:{listed}"
        site = Site(tmp_path_factory.mktemp("site"), CLIENT_URL=friend, LIMIT_LOG_INS="1")
        collect_static(site)
        stack.enter_context(site.running())
        yield Origins(site, friend, f"http://127.0.0.1:{other}", f"http://localhost:{other}")


@pytest.fixture
def ada(origins: Origins, browser: Browser) -> Iterator[Person]:
    person = sign_up(browser, origins.site.url, "Ada Lindqvist")
    yield person
    person.context.close()


@pytest.fixture
def bo(origins: Origins, browser: Browser) -> Iterator[Person]:
    person = sign_up(browser, origins.site.url, "Bo Strand")
    yield person
    person.context.close()


def call(page: Page, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(CALL, [url, options])
    return answer


def connect(page: Page, site: Site) -> str:
    event: str = page.evaluate(CONNECT, f"{site.url.replace('http', 'ws')}/ws/chat/")
    return event


def assert_not_framed(page: Page, url: str) -> None:
    with page.expect_event("framenavigated", lambda frame: "chrome-error://" in frame.url):
        page.evaluate(LOAD, ["iframe", "src", url])


class TestUnlisted:
    @pytest.fixture(params=["other", "elsewhere"])
    def page(self, request: pytest.FixtureRequest, origins: Origins, ada: Person) -> Page:
        ada.page.goto(getattr(origins, request.param))
        return ada.page

    def test_answers_cannot_be_read(self, origins: Origins, page: Page) -> None:
        for path in ("/api/auth/check", "/api/messages/chats", "/login", "/healthz"):
            assert call(page, origins.site.url + path) == UNREADABLE

    def test_nothing_is_sent(self, origins: Origins, page: Page, ada: Person, bo: Person) -> None:
        url = f"{origins.site.url}/api/messages/send/{bo.id}"
        body = '{"text": "Forged"}'
        assert call(page, url, method="POST", headers=JSON, body=body) == UNREADABLE
        assert call(page, url, method="POST", body=body) == UNREADABLE
        assert call(page, url, method="POST", body=body, mode="no-cors") == UNREADABLE
        assert ada.get(f"/api/messages/{bo.id}") == []

    def test_nobody_is_signed_in_or_out(
        self, origins: Origins, page: Page, ada: Person, bo: Person
    ) -> None:
        api = f"{origins.site.url}/api/auth"
        body = f'{{"email": "{bo.email}", "password": "{PASSWORD}"}}'
        call(page, f"{api}/login", method="POST", body=body, mode="no-cors")
        call(page, f"{api}/logout", method="POST", mode="no-cors")
        assert ada.get("/api/auth/check")["_id"] == ada.id

    def test_no_socket_is_opened(self, origins: Origins, page: Page) -> None:
        assert connect(page, origins.site) == "refused"

    @pytest.mark.parametrize("path", ["/api/auth/logout", "/logout", "/login", "/profile"])
    def test_a_form_is_refused(self, origins: Origins, page: Page, ada: Person, path: str) -> None:
        with page.expect_navigation() as navigation:
            page.evaluate(SUBMIT, origins.site.url + path)
        assert navigation.value.status == 403
        assert ada.get("/api/auth/check")["_id"] == ada.id

    @pytest.mark.parametrize("path", ["/", "/login", "/offline", "/admin/", "/nothing"])
    def test_no_page_is_framed(self, origins: Origins, page: Page, path: str) -> None:
        assert_not_framed(page, origins.site.url + path)

    def test_no_script_is_embedded(self, origins: Origins, page: Page) -> None:
        for path in ("/sw.js", "/static/django_htmx/htmx-2.min.js", "/api/auth/check"):
            assert page.evaluate(LOAD, ["script", "src", origins.site.url + path]) == "refused"


class TestListed:
    @pytest.fixture
    def page(self, origins: Origins, ada: Person) -> Page:
        ada.page.goto(origins.listed)
        return ada.page

    def test_it_acts_for_who_is_signed_in(
        self, origins: Origins, page: Page, ada: Person, bo: Person
    ) -> None:
        api = f"{origins.site.url}/api"
        assert call(page, f"{api}/auth/check")["status"] == 200
        url = f"{api}/messages/send/{bo.id}"
        assert call(page, url, method="POST", headers=JSON, body='{"text": "Hi"}')["status"] == 201
        read = call(
            page, f"{api}/messages/read/{bo.id}", method="PUT", headers=JSON, body='{"seq":1}'
        )
        assert read["status"] == 200
        (message,) = ada.get(f"/api/messages/{bo.id}")
        deleted = call(page, f"{api}/messages/{message['_id']}", method="DELETE")
        assert deleted["status"] == 200

    def test_it_reads_where_the_older_page_is(
        self, origins: Origins, page: Page, ada: Person, bo: Person
    ) -> None:
        ada.send(bo, "One")
        ada.send(bo, "Two")
        answer = call(page, f"{origins.site.url}/api/messages/{bo.id}?limit=1")
        assert 'rel="prev"' in answer["headers"]["link"]

    def test_it_reads_how_long_to_wait(self, origins: Origins, page: Page) -> None:
        url = f"{origins.site.url}/api/auth/login"
        body = '{"email": "nobody@example.org", "password": "nothing"}'
        tries = [call(page, url, method="POST", headers=JSON, body=body) for _number in range(2)]
        assert tries[-1]["status"] == 429
        assert int(tries[-1]["headers"]["retry-after"]) > 0

    def test_it_reads_why_it_is_refused(self, origins: Origins, page: Page, bo: Person) -> None:
        url = f"{origins.site.url}/api/messages/send/{bo.id}"
        assert call(page, url, method="POST", headers=JSON, body="{")["status"] == 400
        assert call(page, f"{origins.site.url}/api/nothing")["status"] == 404

    def test_it_opens_a_socket(self, origins: Origins, page: Page) -> None:
        assert connect(page, origins.site) == "getOnlineUsers"

    def test_it_shows_pictures(self, origins: Origins, page: Page) -> None:
        url = f"{origins.site.url}/media/avatars/1/AL.svg"
        assert page.evaluate(LOAD, ["img", "src", url]) == "loaded"

    def test_pages_are_not_for_it(self, origins: Origins, page: Page) -> None:
        assert call(page, f"{origins.site.url}/login") == UNREADABLE
        assert_not_framed(page, f"{origins.site.url}/login")


def test_the_site_itself_opens_a_socket(origins: Origins, ada: Person) -> None:
    ada.page.goto("/")
    assert connect(ada.page, origins.site) == "getOnlineUsers"
