"""Searching in the side bar: chats, people, and messages, which lead to their places."""

import re

from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.chat import composer, expect_eventually, row
from tests.browser.long_conversations import log
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE


def field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search")


def found(page: Page) -> Locator:
    return page.get_by_role("region", name="Found")


def hits(page: Page) -> Locator:
    return found(page).locator("a.hit")


def shown(page: Page, text: str) -> Locator:
    """A message that one was led to."""
    return log(page).locator(".message.is-highlighted").filter(has_text=text)


def test_leads_to_messages_and_people(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    cy = person("Cy Budge", None)
    bo.send(ada, "The BÜDGET of last year")
    for number in range(60):
        bo.send(ada, f"message {number}")
    ada.send(bo, "https://example.org/budget")
    page = ada.page
    page.goto("/")

    field(page).press_sequentially("budget")
    expect(hits(page)).to_have_count(2)
    expect(hits(page).first).to_contain_text("You: https://example.org/budget")
    expect(hits(page).last.locator("mark")).to_have_text("BÜDGET")
    expect(found(page)).not_to_contain_text("Cy Budge")
    assert_accessible(page)
    expect(found(page).get_by_role("group", name="What")).to_have_css("display", "flex")
    kinds, hit = (
        found(page).get_by_role("group", name="What").bounding_box(),
        hits(page).first.bounding_box(),
    )
    assert kinds
    assert hit
    assert hit["y"] - kinds["y"] - kinds["height"] >= 8  # as between the field and the folders
    found(page).get_by_text("Links", exact=True).click()
    expect(hits(page)).to_have_count(1)
    found(page).get_by_text("All", exact=True).click()
    expect(hits(page)).to_have_count(2)

    # By keyboard to the one far back, which is fetched; the results stay for the next one.
    field(page).press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/chat/{bo.id}#m-"))
    expect(shown(page, "The BÜDGET of last year")).to_be_in_viewport()
    expect(hits(page)).to_have_count(2)
    hits(page).first.click()
    expect(shown(page, "example.org/budget")).to_be_in_viewport()

    field(page).fill('from:"Bo Okonkwo" budget')
    expect(hits(page)).to_have_count(1)
    chip(page, "From Bo Okonkwo").click()
    expect(hits(page)).to_have_count(2)
    field(page).fill("budge")
    expect(found(page)).to_contain_text("Cy Budge")
    field(page).fill("nothing like it")
    expect(found(page)).to_contain_text("No messages found")
    assert_accessible(page)
    field(page).fill("cy")
    found(page).get_by_role("link", name="Cy Budge").click()
    expect(page).to_have_url(re.compile(f"/chat/{cy.id}$"))
    expect(field(page)).to_have_value("")
    expect(found(page)).to_be_hidden()


def test_on_a_phone_the_way_back_leads_to_what_was_found(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None, **PHONE)
    bo = person("Bo Okonkwo", None)
    bo.send(ada, "one budget")
    bo.send(ada, "another budget")
    page = ada.page
    page.goto("/")
    field(page).fill("budget")
    hits(page).last.click()
    expect(shown(page, "one budget")).to_be_in_viewport()
    page.get_by_role("link", name="Back to the list").click()
    expect(hits(page)).to_have_count(2)
    expect(field(page)).to_have_value("budget")


MARKED = "() => [...CSS.highlights.get('found') ?? []].map((range) => range.toString())"


def bar(page: Page) -> Locator:
    return page.get_by_role("search", name="Search in this chat")


def chat_field(page: Page) -> Locator:
    return bar(page).get_by_role("searchbox")


def expect_marked(page: Page, *words: str) -> None:
    expect_eventually(page, lambda: page.evaluate(MARKED), list(words))


def expect_place(page: Page, place: str) -> None:
    expect(bar(page).get_by_role("status")).to_have_text(place)


def test_in_the_open_chat_one_goes_from_hit_to_hit(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    cy = person("Cy Budge", None)
    for number in range(4):
        bo.send(ada, f"The BÜDGET, number {number}")
    for number in range(60):
        bo.send(ada, f"message {number}")
    file: FilePayload = {"name": "minutes.txt", "mimeType": "text/plain", "buffer": b"minutes"}
    sent = bo.context.request.post("/api/attachments", multipart={"file": file}).json()
    about = {"attachments": [sent["id"]], "captions": {sent["id"]: "Our expenses in June"}}
    bo.post(f"/api/messages/send/{ada.id}", **about)
    last = ada.send(bo, "one *budget* more, and budgets")
    cy.send(ada, "another budget")
    page = ada.page
    # Two to a page.
    page.route("**/api/search?*", lambda route: route.continue_(url=_shorter(route)))
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_be_focused()

    page.keyboard.press("Control+f")
    expect(chat_field(page)).to_be_focused()
    chat_field(page).fill("budget")
    expect_place(page, "1 of 2+")
    expect(shown(page, "more, and budgets")).to_be_in_viewport()
    expect_marked(page, "budget", "budget")
    assert_accessible(page)
    for place, number in (("2 of 2+", 3), ("3 of 4+", 2), ("4 of 4+", 1), ("5 of 5", 0)):
        page.keyboard.press("Enter")
        expect_place(page, place)
        expect(shown(page, f"The BÜDGET, number {number}")).to_be_in_viewport()
        expect_marked(page, "BÜDGET")
    page.keyboard.press("ArrowUp")
    expect_place(page, "5 of 5")
    page.keyboard.press("ArrowDown")
    expect_place(page, "4 of 5")
    page.keyboard.press("Shift+Enter")
    expect_place(page, "3 of 5")
    expect(shown(page, "The BÜDGET, number 2")).to_be_in_viewport()
    expect(chat_field(page)).to_be_focused()
    ada.context.request.delete(f"/api/messages/{last['_id']}")
    expect_place(page, "2 of 4")
    bar(page).get_by_role("button", name="Newer message").click()
    expect_place(page, "1 of 4")
    expect(bar(page).get_by_role("button", name="Newer message")).to_be_disabled()

    # In a caption.
    chat_field(page).fill("expense")
    expect_place(page, "1 of 1")
    expect(shown(page, "minutes.txt")).to_be_in_viewport()
    expect_marked(page, "expense")

    chat_field(page).fill("nothing like it")
    expect_place(page, "Nothing found")
    expect_marked(page)
    page.keyboard.press("Escape")
    expect(bar(page)).to_have_count(0)
    expect(composer(page)).to_be_focused()

    # It does not come along to another chat, nor back.
    page.keyboard.press("Control+f")
    chat_field(page).fill("budget")
    expect_place(page, "1 of 2+")
    row(page, cy).click()
    expect(page.locator(".message").filter(has_text="another budget")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    row(page, bo).click()
    expect(page.locator(".message").last).to_be_visible()
    expect(bar(page)).to_have_count(0)


def _shorter(route: Route) -> str:
    return route.request.url.replace("limit=100", "limit=2")


def test_in_a_chat_on_a_phone_and_without_network(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None, **PHONE), person("Bo Okonkwo", None)
    bo.send(ada, "one budget")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    page.get_by_role("button", name="Search in this chat").click()
    page.route("**/api/search?*", lambda route: route.abort())
    chat_field(page).fill("budget")
    expect(bar(page).get_by_role("status")).to_contain_text("There is no response.")
    assert_accessible(page)
    page.unroute("**/api/search?*")
    chat_field(page).press("Enter")
    expect_place(page, "1 of 1")
    expect(shown(page, "one budget")).to_be_in_viewport()
    bar(page).get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Search in this chat")).to_be_focused()


def test_filters_are_chips_that_are_picked_or_typed(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Ottilie Quist", None)
    cy = person("Wanda Marsh", None)
    bo.send(ada, "budget of Bo")
    cy.send(ada, "budget of Cy, and another budget")
    page = ada.page
    page.goto("/")

    # By keyboard: one that is offered while it is typed.
    field(page).press_sequentially("budget from:otti")
    offer = found(page).get_by_role("button", name="Ottilie Quist", exact=True)
    expect(offer).to_be_visible()
    field(page).press("ArrowDown")
    while not offer.evaluate("offer => offer === document.activeElement"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(chip(page, "From Ottilie Quist")).to_be_visible()
    expect(field(page)).to_have_value("budget ")
    expect(field(page)).to_be_focused()
    expect(hits(page)).to_have_count(1)
    expect(hits(page)).to_contain_text("budget of Bo")
    assert_accessible(page)

    # One that is typed to its end replaces it.
    field(page).press_sequentially("from:wanda ")
    expect(chip(page, "From Wanda Marsh")).to_be_visible()
    expect(chip(page, "From Ottilie Quist")).to_have_count(0)
    expect(field(page)).to_have_value("budget ")
    expect(hits(page)).to_contain_text("budget of Cy")

    # A day, by the button for it.
    found(page).get_by_role("button", name="Before").click()
    day = found(page).get_by_label("Before", exact=True)
    expect(day).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    day.press_sequentially("01312020")
    expect(chip(page, "Before 31 Jan 2020")).to_be_visible()
    assert [url for url in asked if "before=0" in url] == []  # 0002, 0020 and 0202 on the way
    expect(found(page)).to_contain_text("No messages found")
    expect(field(page)).to_have_value("budget ")
    found(page).get_by_role("button", name="Remove: Before").click()
    expect(hits(page)).to_have_count(1)

    # Without words; the last chip goes by Backspace.
    field(page).fill("")
    expect(hits(page)).to_have_count(1)
    field(page).press("Backspace")
    expect(found(page)).to_be_hidden()
    field(page).fill("budget")
    expect(hits(page)).to_have_count(2)
    expect(hits(page).first).to_contain_text("of Cy")
    found(page).get_by_label("Order").select_option("Best first")
    expect(found(page).get_by_label("Order")).to_have_value("best")

    # What fails is said there, and tried again.
    page.route("**/search?*", lambda route: route.abort())
    field(page).fill("budget of Bo")
    expect(found(page).get_by_role("alert")).to_contain_text("could not be loaded")
    expect(page.locator("toast-list")).to_be_empty()
    assert_accessible(page)
    page.unroute("**/search?*")
    found(page).get_by_role("button", name="Try again").click()
    expect(hits(page)).to_have_count(1)


def chip(page: Page, label: str) -> Locator:
    return found(page).locator("[data-remove]").filter(has_text=label)
