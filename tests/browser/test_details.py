"""The details of a conversation: who it is with, and what is shared there."""

import re
from base64 import b64encode

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chat import composer, message, open_pair, row, wait_for_held_request
from tests.browser.long_conversations import send_many
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.browser.test_groups import details, make_group, open_group
from tests.pictures import picture

ABOUT = re.compile(r"#about$")


def opener(page: Page) -> Locator:
    return page.get_by_role("button", name="About this")


def tab(page: Page, name: str) -> Locator:
    return details(page).get_by_role("tab", name=name)


def pictures(page: Page) -> Locator:
    return details(page).locator(".is-pictures .shared__item > a")


def links(page: Page) -> Locator:
    return details(page).locator(".is-links .shared__item")


def show_picture(sender: Person, peer: str) -> str:
    """Over the API: the key of the message."""
    image = f"data:image/png;base64,{b64encode(picture()).decode()}"
    return str(sender.post(f"/api/messages/send/{peer}", image=image)["_id"])


def test_a_click_on_the_name_tells_about_a_person(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    group = make_group(bo, ada, name="Lindqvist and Okonkwo")
    page = ada.page

    opener(page).click()
    expect(page.get_by_role("heading", name="About this person")).to_be_focused()
    expect(details(page).get_by_role("heading", name="Bo Okonkwo")).to_be_visible()
    expect(details(page)).to_contain_text("Here since")
    expect(details(page).get_by_text("online", exact=True)).to_be_visible()
    expect(page).to_have_url(ABOUT)
    assert_accessible(page)
    tab(page, "Groups").click()
    expect(details(page).get_by_role("link", name="Lindqvist and Okonkwo")).to_be_visible()
    assert_accessible(page)

    page.reload()
    expect(details(page)).to_be_visible()
    tab(page, "Groups").click()
    details(page).get_by_role("link", name="Lindqvist and Okonkwo").click()
    expect(page).to_have_url(re.compile(f"/chat/{group}$"))
    expect(page.locator("conversation-header h1")).to_have_text("Lindqvist and Okonkwo")
    expect(details(page)).to_have_count(0)
    page.go_back()
    expect(details(page).get_by_role("heading", name="Bo Okonkwo")).to_be_visible()


def test_what_was_closed_or_left_while_it_loaded_is_not_shown(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "Hello")
    page, held = ada.page, list[Route]()
    page.route(re.compile("/details"), lambda route: held.append(route))

    with page.expect_request(re.compile("/details")):
        opener(page).click()
    page.go_back()
    expect(page).not_to_have_url(ABOUT)
    wait_for_held_request(page, held)
    held.pop().continue_()
    # One is asked for after the other: this one is asked for once the first has come.
    with page.expect_request(re.compile("/details")):
        opener(page).click()
    expect(details(page)).to_have_count(0)

    row(page, cy).click()
    expect(page.locator("conversation-header h1")).to_have_text("Cy Weber")
    wait_for_held_request(page, held)
    held.pop().continue_()
    page.unroute(re.compile("/details"))
    opener(page).click()
    expect(details(page).get_by_role("heading", name="Cy Weber")).to_be_visible()
    expect(page.get_by_role("heading", name="About this person")).to_be_focused()
    expect(page).to_have_url(re.compile(f"/chat/{cy.id}#about$"))


def test_whether_somebody_is_online_is_shown_live(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    opener(ada.page).click()
    expect(details(ada.page).get_by_text("online", exact=True)).to_be_visible()
    bo.page.goto("about:blank")
    expect(details(ada.page).get_by_text("last seen today")).to_be_visible(timeout=20_000)
    expect(details(ada.page).get_by_role("heading", name="About this person")).to_be_focused()


def test_pictures_come_and_go_and_lead_to_their_messages(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    key = show_picture(bo, ada.id)
    send_many(ada, bo, 1, 120)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    opener(page).click()
    expect(pictures(page)).to_have_count(1)
    other = show_picture(bo, ada.id)
    expect(pictures(page)).to_have_count(2)
    assert_accessible(page)

    pictures(page).last.click()
    lightbox = page.locator("picture-lightbox .lightbox")
    expect(lightbox.locator("img")).to_be_visible()
    expect(lightbox).to_contain_text("Bo Okonkwo")
    page.keyboard.press("Escape")
    expect(lightbox).to_be_hidden()
    expect(pictures(page).last).to_be_focused()
    pictures(page).last.press("Enter")
    lightbox.get_by_role("link", name="Show in chat").click()
    shown = page.locator(f'message-list .message[data-message-id="{key}"]')
    expect(shown).to_be_focused()
    expect(shown).to_be_in_viewport()
    expect(page).to_have_url(re.compile(f"/chat/{bo.id}#m-{key}$"))

    bo.context.request.delete(f"/api/messages/{other}")
    expect(pictures(page)).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(ABOUT)
    expect(details(page)).to_be_visible()
    # A picture of the conversation itself needs no such way.
    page.locator("message-list .bubble__picture").first.click()
    expect(lightbox.locator("img")).to_be_visible()
    expect(lightbox.get_by_role("link", name="Show in chat")).to_be_hidden()


def test_links_are_addresses_that_lead_out_or_to_their_messages(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    bo.send(ada, "Nothing")
    bo.send(ada, "(See https://example.org/a, or www.example.org/b.)")
    bo.send(ada, "`https://example.org/code`")
    for number in range(31):
        bo.send(ada, f"https://example.org/{number}")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    opener(page).click()
    tab(page, "Links").click()
    expect(links(page).first.get_by_role("link").first).to_have_text("https://example.org/30")
    details(page).locator(".details__body").evaluate("body => body.scrollTo(0, body.scrollHeight)")
    expect(links(page)).to_have_count(33)  # the rest came by itself
    addresses = links(page).last.locator(".shared__link")
    expect(addresses).to_have_text(["https://example.org/a", "www.example.org/b"])
    expect(addresses.first).to_have_attribute("target", "_blank")
    expect(links(page).nth(31).locator("p").first).to_have_text("`https://example.org/code`")
    assert_accessible(page)
    links(page).last.get_by_role("link", name="Show in chat").click()
    shown = page.locator("message-list .message.is-highlighted")
    expect(shown).to_contain_text("See https://example.org/a")


def test_by_keyboard_alone(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    for _ in range(3):
        show_picture(bo, ada.id)
    bo.send(ada, "https://example.org")
    page, keys = ada.page, ada.page.keyboard
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_be_focused()
    opener(page).focus()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="About this person")).to_be_focused()
    expect(pictures(page)).to_have_count(3)

    tab(page, "Pictures").focus()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(tab(page, "Links")).to_be_focused()
    expect(links(page)).to_have_count(1)
    expect(pictures(page).first).to_be_hidden()
    keys.press("ArrowLeft")
    keys.press("ArrowLeft")
    keys.press("ArrowLeft")
    keys.press("Tab")
    expect(pictures(page).first).to_be_focused()
    keys.press("ArrowRight")
    keys.press("ArrowDown")
    expect(pictures(page).nth(2)).to_be_focused()
    keys.press("Escape")
    expect(details(page)).to_have_count(0)
    expect(opener(page)).to_be_focused()
    expect(page).to_have_url(re.compile(f"/chat/{bo.id}$"))


def test_a_chat_is_muted_from_there(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    opener(page).click()
    details(page).get_by_role("button", name="Mute", exact=True).click()
    page.get_by_role("menuitem", name="For 8 hours").click()
    unmute = details(page).get_by_role("button", name="Unmute")
    expect(unmute).to_be_visible()
    expect(row(page, bo)).to_have_attribute("data-muted-until", re.compile("."))
    unmute.click()
    expect(details(page).get_by_role("button", name="Mute", exact=True)).to_be_visible()
    details(page).get_by_role("button", name="Chat options").click()
    page.get_by_role("menuitem", name="Pin", exact=True).click()
    expect(row(page, bo)).to_have_attribute("data-pinned-at", re.compile("."))


def test_on_a_phone_it_is_a_screen_with_a_way_back(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None, **PHONE), person("Bo Okonkwo", None)
    key = show_picture(bo, ada.id)
    page = ada.page
    page.goto("/")
    row(page, bo).tap()
    expect(page.locator(f'message-list [data-message-id="{key}"]')).to_be_visible()
    opener(page).tap()
    expect(details(page)).to_be_visible()
    expect(page.locator("message-list")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert_accessible(page)
    page.go_back()
    expect(details(page)).to_have_count(0)
    expect(page.locator("message-list")).to_be_visible()

    opener(page).tap()
    details(page).get_by_role("button", name="Close").tap()
    expect(page).to_have_url(re.compile(f"/chat/{bo.id}$"))
    opener(page).tap()
    pictures(page).tap()
    page.locator("picture-lightbox .lightbox").get_by_role("link", name="Show in chat").tap()
    expect(details(page)).to_have_count(0)
    expect(page.locator(f'message-list [data-message-id="{key}"]')).to_be_focused()
    page.go_back()  # to where one came from
    expect(details(page)).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Back to the list").tap()
    expect(row(page, bo)).to_be_visible()


def test_the_place_stays_when_the_group_changes(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    group = make_group(ada, bo, name="Stays")
    bo.post(f"/api/messages/send/{group}", text="https://example.org")
    open_group(group, ada)
    page = ada.page
    opener(page).click()
    expect(details(page).locator(".member")).to_have_count(2)
    tab(page, "Links").click()
    expect(links(page)).to_have_count(1)
    ada.context.request.patch(f"/api/groups/{group}", data={"name": "Renamed"})
    expect(details(page).get_by_role("heading", name="Renamed")).to_be_visible()
    expect(links(page)).to_have_count(1)
    expect(tab(page, "Links")).to_have_attribute("aria-selected", "true")


def test_who_has_left_a_group_finds_what_they_shared(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    group = make_group(ada, bo, name="Left behind")
    show_picture(ada, group)
    bo.context.request.delete(f"/api/groups/{group}/members/{bo.id}")
    show_picture(ada, group)
    open_group(group, bo)
    opener(bo.page).click()
    expect(pictures(bo.page)).to_have_count(1)
    expect(details(bo.page).get_by_role("tab")).to_have_text(
        ["Pictures", "Files", "Voice", "Links"]
    )


def test_its_script_is_asked_for_when_it_is_first_opened(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    opener(ada.page).click()
    expect(details(ada.page)).to_be_visible()
    details(ada.page).get_by_role("button", name="Close").click()
    opener(ada.page).click()
    expect(details(ada.page)).to_be_visible()
    expect(tab(ada.page, "Pictures")).to_be_visible()
    assert len([url for url in asked if "details-pane" in url]) == 1
    assert bo.id
    expect(message(ada.page, "about")).to_have_count(0)
