"""Drafts follow a person to their other devices."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chat import (
    composer,
    expect_preview,
    expect_texts,
    messages,
    open_pair,
    send,
    state,
)
from tests.browser.people import Person, PersonFor

SAVE = re.compile(r"/api/messages/chats/[0-9a-f]{24}/draft$")
# More quickly than a busy machine would pass on key by key.
AT_ONCE = """(field, text) => {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.form.requestSubmit();
}"""


def other_device(person: Person, path: str) -> Page:
    """The same session in a browser that knows nothing else."""
    browser = person.context.browser
    assert browser
    url = person.page.url.partition("/chat")[0]
    cookies = person.context.storage_state()["cookies"]
    context = browser.new_context(
        base_url=url, service_workers="block", storage_state={"cookies": cookies, "origins": []}
    )
    page = context.new_page()
    page.goto(path)
    return page


def saved(page: Page, text: str) -> None:
    """Types, until the server has it."""
    with page.expect_response(SAVE) as response:
        composer(page).fill(text)
    assert response.value.ok


def test_a_draft_is_in_list_and_composer_of_the_other_device_until_it_is_sent(
    person: PersonFor,
) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Which day?")
    expect_texts(ada.page, ["Which day?"])
    list_page = other_device(ada, "/")
    open_page = other_device(ada, f"/chat/{bo.id}")
    for page in (list_page, open_page):
        expect(page.locator(f"#chats-{bo.id} .is-online")).to_be_visible()

    messages(ada.page).focus()
    ada.page.keyboard.press("r")
    saved(ada.page, "On Sun")

    expect(composer(open_page)).to_have_value("On Sun")
    expect(open_page.locator(".composer__reply")).to_contain_text("Which day?")
    expect_preview(list_page, bo, "Draft: On Sun")
    list_page.reload()
    expect_preview(list_page, bo, "Draft: On Sun")
    list_page.locator(f"#chats-{bo.id}").click()
    expect(composer(list_page)).to_have_value("On Sun")
    expect(list_page.locator(".composer__reply")).to_contain_text("Which day?")
    expect_preview(bo.page, ada, "You: Which day?")
    with list_page.expect_response(SAVE):
        send(list_page, "On Sunday")
    for page in (ada.page, open_page):
        expect(composer(page)).to_have_value("")
        expect(page.locator(".composer__reply")).to_be_hidden()
    expect_texts(bo.page, ["Which day?", "On Sunday"])
    for page in (list_page, open_page):
        page.context.close()


def test_it_never_takes_the_place_of_what_is_being_typed(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Well?")
    page, other = ada.page, other_device(ada, f"/chat/{bo.id}")
    expect(state(other, "online")).to_be_visible()
    other.route(SAVE, lambda route: route.abort())
    composer(other).fill("My words")
    saved(page, "Their words")
    bo.send(ada, "Come on")
    expect_texts(other, ["Well?", "Come on"])  # after the draft was told
    expect(composer(other)).to_have_value("My words")
    other.unroute(SAVE)
    saved(other, "My words, later")
    expect(composer(page)).to_have_value("My words, later")
    other.context.close()


def test_what_was_typed_without_network_is_saved_when_it_is_back(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Well?")
    page = ada.page
    expect_texts(page, ["Well?"])
    page.route(SAVE, lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: bool(SAVE.search(request.url))):
        composer(page).fill("Typed on the train")
    page.unroute(SAVE)
    with page.expect_response(SAVE) as response:
        page.reload()
    assert response.value.ok
    expect(composer(page)).to_have_value("Typed on the train")
    other = other_device(ada, f"/chat/{bo.id}")
    expect(composer(other)).to_have_value("Typed on the train")
    other.context.close()


def test_who_sends_at_once_asks_nothing_more_of_the_server(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Well?")
    expect_texts(ada.page, ["Well?"])
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    composer(ada.page).evaluate(AT_ONCE, "Quick")
    expect_texts(bo.page, ["Well?", "Quick"])
    saved(ada.page, "Next")
    assert len([url for url in asked if SAVE.search(url)]) == 1


def test_an_edit_is_no_draft_for_other_devices(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Sent")
    expect_texts(bo.page, ["Sent"])
    other = other_device(ada, f"/chat/{bo.id}")
    expect(state(other, "online")).to_be_visible()
    composer(ada.page).press("ArrowUp")
    composer(ada.page).fill("An edit")
    composer(ada.page).press("Escape")
    saved(ada.page, "A draft")
    expect(composer(other)).to_have_value("A draft")
    saved(ada.page, "")
    composer(ada.page).press("ArrowUp")
    saved(other, "From the other")
    expect(composer(ada.page)).to_have_value("Sent")
    composer(ada.page).press("Escape")
    expect(composer(ada.page)).to_have_value("From the other")
    other.context.close()
