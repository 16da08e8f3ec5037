"""People at their browsers."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.site import JWT_SECRET
from tests.environment import settings_under
from tests.traps import shown_before

PASSWORD = "correct horse"
# A killed or failing server is part of many tests, and browser and htmx remark on it.
EXPECTED = (
    "Failed to load resource",
    "WebSocket connection to",
    "net::ERR_",
    "An unknown error occurred when fetching the script",  # of the service worker
    "htmx:afterRequest",
    "htmx:sendAbort",
    "htmx:sendError",
    "htmx:responseError",
)
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('draft:'))"
_numbers = itertools.count(1)


@dataclass
class Person:
    name: str
    id: str
    email: str
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    def open_page(self, path: str = "/") -> Page:
        """Another tab of the same browser."""
        page = self.context.new_page()
        page.goto(path)
        return page

    def post(self, path: str, **data: Any) -> Any:
        return self._answer("POST", path, data)

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def send(self, to: "Person", text: str) -> Any:
        """Sends over the API, past the page."""
        return self.post(f"/api/messages/send/{to.id}", text=text)

    def read(self, peer: "Person", seq: int) -> None:
        """Moves the read mark, as another device would."""
        self._answer("PUT", f"/api/messages/read/{peer.id}", {"seq": seq})

    def _answer(self, method: str, path: str, data: Any = None) -> Any:
        response = self.context.request.fetch(path, method=method, data=data)
        assert response.ok, f"{method} {path}: {response.status} {response.text()}"
        return response.json()


PersonFor = Callable[..., Person]
"""What the fixture `person` is."""


def sign_up(browser: Browser, url: str, name: str, **options: Any) -> Person:
    """A new account in a browser of its own. `options` are those of a Playwright context.

    Requests that go by way of a service worker are not always seen by `page.route`: only tests of
    it allow one.
    """
    context = browser.new_context(base_url=url, **{"service_workers": "block", **options})
    email = f"person{next(_numbers)}@example.org"
    account = {"fullName": name, "email": email, "password": PASSWORD}
    response = context.request.post("/api/auth/signup", data=account)
    assert response.status == 201, response.text()
    person = Person(name, response.json()["_id"], email, context, context.new_page())
    _watch(person)
    return person


def fill_sign_up(page: Page, name: str, email: str, seconds: float = 60) -> None:
    """By somebody who takes that long."""
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    send_sign_up(page, seconds)


def send_sign_up(page: Page, seconds: float) -> None:
    key = settings_under(JWT_SECRET=JWT_SECRET)["SECRET_KEY"]
    set_value = "(field, value) => { field.value = value; }"
    page.locator("[name=shown]").evaluate(set_value, shown_before(seconds, key))
    page.get_by_role("button", name="Create my account").click()


def _watch(person: Person) -> None:
    """Errors of scripts and breaches of the content security policy fail the test."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            person.problems.append(message.text)

    person.context.on("console", on_console)
    person.context.on("weberror", lambda error: person.problems.append(str(error.error)))


# What fades in is pale on the way.
AT_REST = """async () => {
  const isPassing = ({ effect }) => effect.getTiming().iterations === 1;
  const passing = document.getAnimations().filter(isPassing);
  await Promise.allSettled(passing.map((each) => each.finished));
}"""


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing, once the page is whole and everything has come to rest."""
    page.wait_for_load_state()
    page.evaluate(AT_REST)
    # Style sheets that import others are not fetched again: that would need inline styles.
    results = Axe().run(page, options={"preload": False})
    assert results.violations_count == 0, results.generate_report()
