"""The picker with all emoji: in the composer, and for reactions."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    composer,
    expect_eventually,
    menu,
    message,
    open_pair,
    send,
    toast,
    touch,
)
from tests.browser.people import AT_REST, Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.environment import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "installed").exists(), reason="make node_modules/installed"
)
THUMB = "👍"


def picker(page: Page) -> Locator:
    return page.locator("#emoji-popover emoji-picker")


def field(page: Page) -> Locator:
    return picker(page).get_by_role("searchbox")


def shown(page: Page) -> Locator:
    return picker(page).locator("section:visible button")


def open_in_composer(person: Person) -> None:
    person.page.get_by_role("button", name="Emoji", exact=True).click()
    expect(field(person.page)).to_be_focused()
    expect(picker(person.page).get_by_text("Smileys", exact=True)).to_be_visible()


def test_is_loaded_when_it_is_first_opened_and_once(person: PersonFor) -> None:
    ada, _bo = open_pair(person, locale="hu-HU")
    asked: list[str] = []
    ada.context.on("request", lambda request: asked.append(request.url))
    open_in_composer(ada)
    ada.page.keyboard.press("Escape")
    expect(picker(ada.page)).to_be_hidden()
    expect(composer(ada.page)).to_be_focused()
    open_in_composer(ada)
    loaded = [url for url in asked if "emoji" in url]
    assert len(loaded) == 4, loaded  # the picker, its sheet, its script and its data
    assert "/static/emoji/hu/cldr/data." in loaded[-1]


def test_finds_emoji_in_the_readers_language_and_writes_at_the_caret(person: PersonFor) -> None:
    ada, _bo = open_pair(person, locale="hu-HU")
    page = ada.page
    composer(page).fill("Guten Morgen!")
    composer(page).press("ArrowLeft")
    open_in_composer(ada)

    field(page).fill("kávé zabpehely")
    expect(picker(page).get_by_text("No emoji found")).to_be_visible()
    field(page).fill("FORRO ITAL")  # neither case nor accents are needed
    expect(shown(page).first).to_have_text("☕")
    assert_accessible(page)  # of all of them it would take long
    page.keyboard.press("Enter")
    expect(picker(page)).to_be_hidden()
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("Guten Morgen☕!")
    page.keyboard.press("Control+z")
    expect(composer(page)).to_have_value("Guten Morgen!")

    open_in_composer(ada)
    expect(picker(page).locator('section[data-group="recent"] button')).to_have_text(["☕"])
    for _ in range(2):  # a mouse may choose several
        shown(page).first.click()
    expect(composer(page)).to_have_value("Guten Morgen☕☕!")
    expect(picker(page)).to_be_visible()
    expect(composer(page)).to_be_focused()


def test_arrow_keys_lead_through_the_grid(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page = ada.page
    open_in_composer(ada)
    smileys = picker(page).locator('section[data-group="0"] button')
    page.keyboard.press("ArrowDown")
    expect(smileys.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(smileys.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    first, below = smileys.nth(1).bounding_box(), page.evaluate("document.activeElement.offsetLeft")
    assert first
    assert below == smileys.nth(1).evaluate("button => button.offsetLeft")
    expect(smileys.nth(1)).not_to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(
        page.locator("#conversation message-composer")
    ).to_be_visible()  # it leaves the picker only


def test_a_skin_tone_is_remembered_and_reactions_take_it(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "Is that all right with you?")
    item = message(ada.page, "Is that all right with you?")
    for page in (ada.page, ada.open_page(f"/chat/{bo.id}")):
        item = message(page, "Is that all right with you?")
        item.hover()
        item.get_by_role("button", name="React", exact=True).click()
        page.get_by_role("button", name="More emoji").click()
        expect(field(page)).to_be_focused()
        if page is ada.page:
            picker(page).get_by_role("radio", name="Medium-dark").check(force=True)
        expect(picker(page).get_by_role("radio", name="Medium-dark")).to_be_checked()
        field(page).fill("thumbs up")
        expect(shown(page).first).to_have_text("👍🏾")
        shown(page).first.click()
        expect(picker(page)).to_be_hidden()
        expect(item).to_be_focused()
        if page is ada.page:
            for each in (ada.page, bo.page):
                pill = message(each, "Is that all right with you?").locator(".reaction")
                expect(pill).to_have_text("👍🏾1")
    expect(message(bo.page, "Is that all right with you?").locator(".reaction")).to_have_count(0)


def test_on_a_phone_it_is_a_sheet_for_reactions(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    send(bo.page, "Did you see that?")
    page = ada.page
    expect(page.get_by_role("button", name="Emoji", exact=True)).to_be_hidden()
    sheet = menu(page)
    touch(message(page, "Did you see that?").locator(".bubble"), hold=sheet)
    sheet.get_by_role("menuitem", name="React").tap()
    page.get_by_role("button", name="More emoji").tap()
    expect(picker(page).get_by_text("Smileys", exact=True)).to_be_visible()
    expect(field(page)).not_to_be_focused()
    page.evaluate(AT_REST)
    box, window = picker(page).bounding_box(), page.viewport_size
    assert box
    assert window
    assert (box["x"], box["width"]) == (0, window["width"])
    assert box["y"] + box["height"] == window["height"]
    field(page).fill("grinning face")
    expect(shown(page).nth(20)).to_be_hidden()
    assert_accessible(page)
    shown(page).first.tap()
    expect(picker(page)).to_be_hidden()
    expect(message(page, "Did you see that?").locator(".reaction")).to_have_text("😀1")


def test_without_its_data_it_says_so_and_tries_again(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page = ada.page
    page.route("**/emoji", lambda route: route.abort(), times=1)
    button = page.get_by_role("button", name="Emoji", exact=True)
    button.click()
    expect(toast(page).first).to_contain_text("could not be loaded")
    page.route("**/cldr/data.*", lambda route: route.abort(), times=1)
    button.click()
    expect(picker(page).get_by_text("Emoji could not be loaded")).to_be_visible()
    page.keyboard.press("Escape")
    open_in_composer(ada)


def test_what_was_used_is_forgotten_with_the_session(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    open_in_composer(ada)
    shown(ada.page).first.click()
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('recent-emoji:')).length"
    assert ada.page.evaluate(kept) == 1
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Sign out").click()
    ada.page.wait_for_url("**/login**")
    expect_eventually(ada.page, lambda: ada.page.evaluate(kept), 0)
