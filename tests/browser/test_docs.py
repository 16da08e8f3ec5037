"""The documentation of the API: complete, under the strict policy, and to be tried."""

import json
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person

METHODS = {"get", "post", "put", "patch", "delete"}


def test_it_shows_every_call(person: Callable[..., Person]) -> None:
    ada = person("Ada", "/api/docs")
    page = ada.page
    paths = ada.get("/api/schema")["paths"].values()
    calls = sum(len(METHODS & path.keys()) for path in paths)
    assert calls > 80
    expect(page.locator(".opblock")).to_have_count(calls)
    expect(page.get_by_role("link", name="/api/events.yaml")).to_be_visible()


def test_calls_are_tried_as_whoever_is_signed_in(person: Callable[..., Person]) -> None:
    ada, bo = person("Ada", None), person("Bo", None)
    page = ada.open_page("/api/docs")
    assert _tried(page, "Accounts-checkAuth")["_id"] == ada.id
    call = _opened(page, "Messages-sendMessage")
    call.get_by_placeholder("peer").fill(bo.id)
    call.locator("textarea").fill('{"text": "From the page"}')
    assert _answer(call)["text"] == "From the page"
    assert bo.get(f"/api/messages/{ada.id}")[0]["text"] == "From the page"


def test_without_a_session_it_says_so(person: Callable[..., Person]) -> None:
    ada = person("Ada", None)
    ada.context.clear_cookies()
    page = ada.open_page("/api/docs")
    assert _tried(page, "Accounts-checkAuth") == {"message": "Unauthorized - No token provided"}


def test_it_is_dark_where_the_site_is(person: Callable[..., Person]) -> None:
    page = person("Ada", "/api/docs", color_scheme="dark").page
    expect(page.locator("html.dark-mode")).to_be_attached()


def _tried(page: Page, name: str) -> dict[str, object]:
    return _answer(_opened(page, name))


def _opened(page: Page, name: str) -> Locator:
    call = page.locator(f"#operations-{name}")
    call.locator(".opblock-summary-control").click()
    return call


def _answer(call: Locator) -> dict[str, object]:
    call.get_by_role("button", name="Execute").click()
    body = call.locator(".live-responses-table .highlight-code pre")
    expect(body.first).to_be_visible()
    answer: dict[str, object] = json.loads(body.first.inner_text())
    return answer
