"""What is not sent yet outlives a reload, the network and the tab, and stays with its writer."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chat import (
    RETURN,
    SEND,
    banner,
    composer,
    expect_outbox_saved,
    expect_preview,
    expect_states,
    expect_texts,
    messages,
    open_pair,
    row,
    send,
    stored,
)
from tests.browser.people import PASSWORD, Person, PersonFor
from tests.pictures import picture


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()


def sign_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name=person.name)).to_be_visible()


def add_picture(page: Page) -> None:
    file = {"name": "red.png", "mimeType": "image/png", "buffer": picture(640, 480)}
    page.get_by_label("Add a picture").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_text("640 × 480")).to_be_visible()


def test_a_reload_without_network_loses_nothing(person: PersonFor) -> None:
    ada, bo = open_pair(person, service_workers="allow")
    page = ada.page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    ada.context.set_offline(True)
    expect(banner(page)).to_be_visible()

    send(page, "one", "two")
    add_picture(page)
    send(page, "three, with a picture")
    expect_states(page, "ppp")
    expect_outbox_saved(page)
    page.reload()
    expect_texts(page, ["one", "two", "three, with a picture"])
    expect_states(page, "ppp")
    assert stored(bo, ada) == []

    ada.context.set_offline(False)
    expect(composer(page)).to_be_visible()
    for side in (bo.page, page):
        side.goto(f"/chat/{ada.id if side is bo.page else bo.id}")
    expected = ["one", "two", "three, with a picture"]
    expect_texts(bo.page, expected, timeout=RETURN)
    expect_texts(page, expected)
    expect_states(page, "rrr")
    expect(messages(bo.page).nth(2).get_by_role("img")).to_be_visible()
    assert stored(bo, ada) == expected


def test_what_waits_is_shown_again_after_a_reload(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.abort())

    send(ada.page, "one", "two")
    expect_outbox_saved(ada.page)
    ada.page.reload()
    expect_texts(ada.page, ["one", "two"])
    expect_states(ada.page, "pp")
    ada.page.unroute(SEND)

    expect_states(ada.page, "rr", timeout=RETURN)
    expect_texts(bo.page, ["one", "two"])
    assert stored(bo, ada) == ["one", "two"]


def test_two_tabs_send_all_that_waits_exactly_once(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    first, second = ada.page, ada.open_page(f"/chat/{bo.id}")
    ada.context.set_offline(True)
    for tab in (first, second):
        expect(banner(tab)).to_be_visible()

    send(first, "one")
    expect_texts(second, ["one"])
    send(second, "two")
    expect_texts(first, ["one", "two"])
    send(first, "three")
    for tab in (first, second):
        expect_texts(tab, ["one", "two", "three"])
        expect_states(tab, "ppp")
    ada.context.set_offline(False)

    for tab in (first, second):
        expect_states(tab, "rrr", timeout=RETURN)
        expect_texts(tab, ["one", "two", "three"])
    expect_texts(bo.page, ["one", "two", "three"])
    assert stored(bo, ada) == ["one", "two", "three"]


def test_what_a_closed_tab_left_the_other_one_sends(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = ada.open_page(f"/chat/{bo.id}")
    ada.page.route(SEND, lambda route: route.abort())

    send(ada.page, "Carry me over")
    expect_texts(other, ["Carry me over"])
    expect_outbox_saved(ada.page)
    ada.page.close()

    expect_states(other, "r", timeout=RETURN)
    expect_texts(bo.page, ["Carry me over"])
    assert stored(bo, ada) == ["Carry me over"]


def test_another_account_in_the_same_browser_neither_sees_nor_sends_it(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    page = ada.page
    page.route(SEND, lambda route: route.abort())
    send(page, "From Ada")
    composer(page).fill("A draft of Ada's")
    expect_states(page, "p")
    expect_outbox_saved(page)

    sign_out(page)
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    sign_in(page, cy)
    page.unroute(SEND)
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_be_empty()
    send(page, "From Cy")
    expect_states(page, "s")
    expect_texts(page, ["From Cy"])
    assert stored(bo, ada) == []

    sign_out(page)
    sign_in(page, ada)
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_be_empty()
    expect_texts(bo.page, ["From Ada"], timeout=RETURN)
    assert stored(bo, ada) == ["From Ada"]
    assert stored(bo, cy) == ["From Cy"]


def test_a_draft_stays_with_its_conversation(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "Hello from Cy")
    bo.send(ada, "Hello from Bo")

    composer(ada.page).fill("Dear Bo,")
    row(ada.page, cy).click()
    expect(ada.page).to_have_title(re.compile("Cy Weber"))
    expect(composer(ada.page)).to_be_empty()
    expect_preview(ada.page, bo, "Draft: Dear Bo,")
    composer(ada.page).fill("Dear Cy,")
    ada.page.reload()
    expect(composer(ada.page)).to_have_value("Dear Cy,")

    row(ada.page, bo).click()
    expect(composer(ada.page)).to_have_value("Dear Bo,")
    composer(ada.page).press("Enter")
    expect_states(ada.page, "-r")
    expect_preview(ada.page, bo, "You: Dear Bo,")
    ada.page.reload()
    expect(composer(ada.page)).to_be_empty()
