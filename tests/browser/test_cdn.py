"""Static files may come from a CDN, which fetches them from the site, while all else stays here."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.chat import expect_states, expect_texts, open_pair, send
from tests.browser.people import PersonFor
from tests.browser.site import Site

PASSED_ON = ("content-type", "access-control-allow-origin", "cross-origin-resource-policy")


class Cdn(ThreadingHTTPServer):
    """Passes on what the site answers, and remembers what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Copy)
        self.site = ""
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Copy(BaseHTTPRequestHandler):
    server: Cdn

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = httpx.get(self.server.site + self.path, trust_env=False)
        self.send_response(answer.status_code)
        for name in PASSED_ON:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *args: Any) -> None:
        """Not among the results."""


@pytest.fixture(scope="module")
def cdn() -> Iterator[Cdn]:
    with Cdn() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def live_site(
    _static_files: None, cdn: Cdn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("cdn")
    site = Site(folder, STATIC_URL=f"{cdn.url}/static/")
    cdn.site = site.url
    with site.running():
        yield site


def test_everything_works_with_static_files_from_elsewhere(person: PersonFor, cdn: Cdn) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Hello")
    expect_texts(bo.page, ["Hello"])
    expect_states(ada.page, "r")
    assert any(path.endswith(".js") for path in cdn.asked)
    assert any(path.endswith(".css") for path in cdn.asked)


def test_the_page_for_when_the_network_is_away_is_kept_with_its_style(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", service_workers="allow")
    ada.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    ada.page.reload()
    ada.context.set_offline(True)
    ada.page.goto("/profile")
    heading = ada.page.get_by_role("heading")
    expect(heading).to_be_visible()
    family = heading.evaluate("(element) => getComputedStyle(element).fontFamily")
    assert "Times" not in family
    ada.context.set_offline(False)
