"""A real server and real browsers. All sync: Playwright has an event loop of its own."""

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.people import Person, sign_up
from tests.browser.site import Site, collect_static
from tests.environment import ROOT
from tests.services import find

expect.set_options(timeout=15_000)  # milliseconds, on a machine that is busy with other tests
FAILURES = ROOT / "var" / "browser-failures"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@pytest.fixture(scope="session")
def _static_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    collect_static(Site(tmp_path_factory.mktemp("static")))


@pytest.fixture(scope="package")
def _shared_site(_static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")).running() as site:
        yield site


@pytest.fixture(scope="module")
def live_site(_shared_site: Site) -> Site:
    """With nobody there yet. It goes on to the next file, so who stops it starts it again."""
    _shared_site.empty()
    return _shared_site


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the last file here: as long as it is there, no async test can run in this process.

    The headless shell does with a third of the work what the whole Chromium does.
    """
    program = find("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def person(
    live_site: Site, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """Makes somebody with an account, at their open chat page, or with none open yet."""
    people: list[Person] = []

    def make(name: str, path: str | None = "/", **options: Any) -> Person:
        somebody = sign_up(browser, live_site.url, name, **options)
        people.append(somebody)
        if path:
            somebody.page.goto(path)
        return somebody

    yield make
    if request.node.stash.get(_failed, False):
        _keep_screens(people, request.node.name)
    problems = [problem for somebody in people for problem in somebody.problems]
    for somebody in people:
        somebody.context.close()
    assert not problems, f"the browser complained: {problems}"


_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "setup":
        item.stash[_failed] = False  # it may be the second try
    if report.failed:
        item.stash[_failed] = True
        if site := getattr(item, "funcargs", {}).get("live_site"):
            report.sections.append(("The site's log", site.log.read_text()[-5000:]))
    return report


def _keep_screens(people: list[Person], test: str) -> None:
    FAILURES.mkdir(parents=True, exist_ok=True)
    for somebody in people:
        for number, page in enumerate(somebody.context.pages, start=1):
            name = re.sub(r"\W+", "-", f"{test}-{somebody.name}-{number}")
            page.screenshot(path=Path(FAILURES, f"{name}.png"), timeout=5000)
