"""A stranger's first message waits, and tells nothing, until it is accepted."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chat import composer, expect_states, expect_texts, row, send
from tests.browser.link_previews import URL, card, give_preview
from tests.browser.people import PersonFor
from tests.browser.site import Site
from tests.browser.test_attachments import send_files, sound
from tests.pictures import data_uri, picture


@pytest.fixture(scope="module")
def live_site(_static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("strict"), REQUESTS="true").running() as site:
        yield site


def test_a_request_is_read_without_a_trace_and_accepted(person: PersonFor, live_site: Site) -> None:
    ada = person("Ada Lindqvist", "/")
    bo = person("Bo Okonkwo", f"/chat/{ada.id}")
    send(bo.page, f"Hello {URL}")
    give_preview(live_site)
    bo.post(f"/api/messages/send/{ada.id}", text="Look", image=data_uri(picture()))
    send_files(bo, ada, ("before.wav", sound()))
    page = ada.page
    entry = page.locator('[data-folder="requests"]')
    expect(entry).to_be_visible()
    expect(entry).to_have_text("Requests 1", use_inner_text=True)
    expect(page).to_have_title("Chatsite")  # which counts what is unread
    expect(row(page, bo)).to_be_hidden()
    entry.click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    row(page, bo).click()
    expect(page.locator("#conversation audio")).to_have_count(1)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    expect(composer(page)).to_be_hidden()
    send_files(bo, ada, ("after.wav", sound()))
    expect(page.locator("#conversation audio")).to_have_count(2)
    send(bo.page, "Still there?")
    expect_texts(page, [f"Hello {URL}", "Look", "", "", "Still there?"])
    expect(card(page)).to_be_visible()
    expect_states(bo.page, "sssss")
    assert not any(re.search("/media/(messages|previews)/|/api/attachments/", url) for url in asked)
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_role("dialog", name="Report this person")).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_request(lambda request: "/api/attachments/" in request.url):
        page.get_by_role("button", name="Accept").click()
    expect(composer(page)).to_be_visible()
    expect(page.locator(".bubble__picture:not([hidden]) img")).to_be_visible()
    expect(card(page).locator("img")).not_to_have_js_property("naturalWidth", 0)
    expect_states(bo.page, "rrrrr")
    expect(entry).to_be_hidden()
    expect(row(page, bo)).to_be_visible()


def test_a_request_is_blocked(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", "/")
    bo = person("Bo Okonkwo", f"/chat/{ada.id}")
    send(bo.page, "Hello")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    page.get_by_role("button", name="Block", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_text("You have blocked this person.")).to_be_visible()
    send(bo.page, "Still there?")
    expect_states(bo.page, "ss")
    page.reload()
    expect_texts(page, ["Hello"])
