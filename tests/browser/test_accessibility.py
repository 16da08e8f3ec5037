"""axe-core finds nothing, on any page and in any of its states."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import (
    SEND,
    banner,
    error_response,
    expect_states,
    expect_texts,
    keep_typing,
    message,
    row,
    send,
    state,
    toast,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.pictures import data_uri, picture

WINDOWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
Pair = tuple[Person, Person]


@pytest.fixture(params=WINDOWS, ids=lambda window: f"{window[0]}-{window[1]}")
def pair(person: PersonFor, request: pytest.FixtureRequest) -> Pair:
    width, scheme = request.param
    options: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    ada = person("Ada Lindqvist", None, reduced_motion="reduce", **options)
    return ada, person("Bo Okonkwo", None)


def full_conversation(ada: Person, bo: Person) -> Page:
    """With one of everything that it may show."""
    bo.send(ada, "plain")
    bo.send(ada, "see https://example.org/")
    bo.send(ada, "👋")
    gone = bo.send(ada, "gone")
    bo.context.request.delete(f"/api/messages/{gone['_id']}")
    bo.post(f"/api/messages/send/{ada.id}", image=data_uri(picture(320, 240)))
    ada.send(bo, "sent")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    return page


def test_lists(pair: Pair) -> None:
    ada, bo = pair
    page = ada.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert_accessible(page)
    bo.send(ada, "Hello")
    expect(row(page, bo)).to_be_visible()
    assert_accessible(page)
    page.goto("/contacts")
    assert_accessible(page)


def test_conversation(pair: Pair) -> None:
    ada, bo = pair
    ada.page.goto(f"/chat/{bo.id}")
    assert_accessible(ada.page)

    page = full_conversation(ada, bo)
    bo.page.goto(f"/chat/{ada.id}")
    expect(state(page, "online")).to_be_visible()
    page.route(SEND, lambda route: route.fulfill(**error_response(400)), times=1)
    send(page, "refused")
    expect(toast(page)).to_be_visible()
    assert_accessible(page)
    page.route(SEND, lambda route: route.abort())
    send(page, "waiting")
    keep_typing(bo.page)
    expect(page.locator(".typing-row")).to_be_visible()
    assert_accessible(page)
    ada.context.set_offline(True)
    expect(banner(page)).to_be_visible()
    assert_accessible(page)
    page.unroute(SEND)


def test_dialogs(pair: Pair) -> None:
    ada, bo = pair
    page = full_conversation(ada, bo)
    message(page, "sent").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")

    page.locator(".bubble__picture").filter(visible=True).click()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    assert_accessible(page)


def test_browsable_api(pair: Pair) -> None:
    ada, bo = pair
    page = ada.page
    for path in ("/api/messages/chats", f"/api/messages/send/{bo.id}"):
        page.goto(path)
        assert_accessible(page)
    page.get_by_label("Text").fill("By hand")
    page.get_by_role("button", name="POST").first.click()
    expect(page.get_by_role("region", name="Response")).to_contain_text("By hand")
    page.goto("/api/auth/update-profile")
    page.get_by_label("fullName").fill("Ada King")
    page.get_by_role("button", name="PUT").first.click()
    expect(page.get_by_role("region", name="Response")).to_contain_text("Ada King")
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/chat/nobody", "/offline", "/reset-app", "/share?text=Look"])
def test_pages_without_a_chat(pair: Pair, path: str) -> None:
    pair[0].page.goto(path)
    assert_accessible(pair[0].page)


def test_messages_are_read_out_as_they_come(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    log = ada.page.get_by_role("log", name="Messages with \u2068Bo Okonkwo\u2069")
    bo.send(ada, "Hello")
    expect_texts(ada.page, ["Hello"])
    expect_states(ada.page, "-")

    expect(log).to_match_aria_snapshot("""
      - list:
        - listitem:
          - button "Today"
        - listitem:
          - text: Bo Okonkwo
          - paragraph: Hello
          - time
    """)
