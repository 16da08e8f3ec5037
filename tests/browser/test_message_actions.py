"""What can be done with a message: by mouse, by touch, by keys."""

import re
from itertools import product

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chat import (
    SEND,
    choose_action,
    composer,
    expect_states,
    expect_texts,
    menu,
    message,
    messages,
    open_pair,
    send,
    wait_for_held_request,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_groups import make_group, open_group, three
from tests.pictures import data_uri, picture


def toolbar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Message actions")


def expect_pasted(page: Page, text: str) -> None:
    composer(page).focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("ControlOrMeta+V")
    expect(composer(page)).to_have_value(text)


def offered(place: Locator) -> Locator:
    return place.locator("[data-action]:visible")


def within(page: Page, place: Locator) -> bool:
    """Whether all of it is in the window."""
    size, box = page.viewport_size, place.bounding_box()
    assert size
    assert box
    across = 0 <= box["x"] <= box["x"] + box["width"] <= size["width"]
    return across and 0 <= box["y"] <= box["y"] + box["height"] <= size["height"]


def test_each_message_offers_what_may_be_done_with_it(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "*Theirs*")
    send(ada.page, "Mine")
    expect_states(ada.page, "-r")
    page, keys = ada.page, ada.page.keyboard
    theirs, mine = message(page, "*Theirs*"), message(page, "Mine")
    always = ["React", "Reply", "Forward", "Copy text", "Copy link", "Select", "Pin"]
    always += ["Remind me", "Report", "Delete message"]

    theirs.hover()
    expect(offered(theirs)).to_have_count(4)
    for name in ("React", "Reply", "Forward", "More actions"):
        expect(theirs.get_by_role("button", name=name)).to_be_visible()
    assert_accessible(page)
    theirs.get_by_role("button", name="More actions").click()
    expect(menu(page).get_by_role("menuitem")).to_have_text(always)
    for name in always:  # which the keys that are shown beside them are no part of
        expect(menu(page).get_by_role("menuitem", name=name, exact=True)).to_be_visible()
    assert within(page, menu(page))
    assert_accessible(page)
    keys.press("Escape")
    mine.hover()
    expect(toolbar(page)).to_have_count(1)
    expect(offered(mine)).to_have_count(4)
    expect(mine.get_by_role("button", name="Edit")).to_be_visible()
    mine.locator(".bubble").click(button="right")
    expect(menu(page).get_by_role("menuitem")).to_have_text(
        [*always[:2], "Edit", *always[2:-2], "Info", always[-1]]
    )
    assert within(page, menu(page))
    page.mouse.click(5, 5)
    expect(menu(page)).to_be_hidden()
    page.locator("conversation-header").hover()
    composer(page).focus()
    expect(toolbar(page)).to_have_count(0)


def test_the_right_button_leaves_words_links_and_pictures_to_the_browser(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.post(f"/api/messages/send/{ada.id}", text="The view", image=data_uri(picture(80, 60)))
    bo.send(ada, "See https://example.org there")
    expect(messages(ada.page)).to_have_count(2)
    page = ada.page
    link, image = messages(page).locator("p a"), messages(page).get_by_role("img", name="Picture")
    page.evaluate(
        """() => addEventListener("contextmenu", (event) => {
          window.isOurs = event.defaultPrevented;
        })"""
    )

    def is_ours(place: Locator) -> bool:
        place.click(button="right", position={"x": 10, "y": 10})
        ours: bool = page.evaluate("isOurs")
        expect(menu(page)).to_be_visible(visible=ours)
        if ours:
            page.keyboard.press("Escape")
            expect(menu(page)).to_be_hidden()
        return ours

    words = messages(page).last.locator('[data-field="text"]')
    assert is_ours(words)
    assert not is_ours(link)
    assert not is_ours(image)
    words.evaluate("each => getSelection().selectAllChildren(each)")
    assert not is_ours(words)
    page.evaluate("getSelection().removeAllRanges()")
    assert is_ours(messages(page).first.get_by_text("The view"))


def test_the_source_is_copied_by_button_and_by_keys(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "*Bold* words")
    bo.send(ada, "Others")
    expect_texts(ada.page, ["*Bold* words", "Others"])
    page = ada.page

    choose_action(message(page, "Others"), "Copy text")
    expect(page.locator(".toast")).to_have_text(re.compile("Copied"))
    expect_pasted(page, "Others")
    page.locator("message-list .message").first.focus()
    page.keyboard.press("Control+C")
    expect_pasted(page, "*Bold* words")


def test_without_a_clipboard_of_its_own_a_page_copies_too(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo", None)
    bo.send(ada, "By plain http")
    page = ada.page
    page.add_init_script("Clipboard.prototype.writeText = async () => { throw new Error(); }")
    page.goto(f"/chat/{bo.id}")

    choose_action(message(page, "By plain http"), "Copy text")

    expect(page.locator(".toast")).to_have_text(re.compile("Copied"))
    expect_pasted(page, "By plain http")


def test_keys_lead_into_the_menu_and_back(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    send(ada.page, "Mine")
    expect_states(ada.page, "r")
    page, keys, mine = ada.page, ada.page.keyboard, message(ada.page, "Mine")
    item = menu(page).get_by_role("menuitem")
    expect(mine).to_have_attribute("aria-keyshortcuts", "Enter")

    mine.focus()
    keys.press("Enter")
    expect(item.first).to_be_focused()
    keys.press("End")
    expect(item.filter(has_text="Delete message")).to_be_focused()
    expect(item.filter(has_text="Delete message")).to_have_attribute("aria-keyshortcuts", "Delete")
    keys.press("ArrowUp")
    expect(item.filter(has_text="Info")).to_be_focused()
    keys.press("r")
    expect(item.filter(has_text="React")).to_be_focused()
    keys.press("r")
    expect(item.filter(has_text="Reply")).to_be_focused()
    keys.press("Escape")
    expect(menu(page)).to_be_hidden()
    expect(mine).to_be_focused()
    for name in ("Shift+F10", "ContextMenu"):
        keys.press(name)
        expect(item.first).to_be_focused()
        keys.press("Tab")
        expect(menu(page)).to_be_hidden()
        mine.focus()
    keys.press("Enter")
    keys.press("End")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    keys.press("Escape")
    # The buttons beside it, too.
    mine.focus()
    keys.press("Tab")
    expect(toolbar(page).get_by_role("button", name="React")).to_be_focused()
    keys.press("ArrowLeft")
    expect(toolbar(page).get_by_role("button", name="React")).to_be_focused()
    keys.press("End")
    keys.press("Enter")
    expect(item.first).to_be_focused()
    keys.press("Escape")
    expect(mine).to_be_focused()


def test_the_toolbar_of_what_is_being_sent_fills_once_it_is_sent(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    page, held = ada.page, list[Route]()
    page.route(SEND, lambda route: held.append(route))
    page.goto(f"/chat/{bo.id}")
    send(page, "On its way")
    expect_states(page, "p")
    mine = message(page, "On its way")
    mine.hover()
    expect(offered(mine)).to_have_count(0)
    mine.focus()
    page.keyboard.press("Enter")
    expect(menu(page)).to_be_hidden()

    wait_for_held_request(page, held)
    held[0].continue_()
    expect(mine.get_by_role("button", name="React")).to_be_visible()
    expect(offered(mine)).to_have_count(4)


def test_a_click_while_messages_come_hits_no_other_message(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for number in range(20):
        bo.send(ada, f"message {number}")
    page, item = ada.page, message(ada.page, "message 18")
    expect(messages(page)).to_have_count(20)
    item.hover()
    more = item.get_by_role("button", name="More actions")
    more.hover()
    box = more.bounding_box()
    assert box
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    bo.send(ada, "What comes in between")
    expect(messages(page)).to_have_count(21)
    page.mouse.move(place[0] + 2, place[1] + 1)  # of a hand that is about to press
    expect(toolbar(page)).to_have_count(0)
    page.mouse.down()
    page.mouse.up()
    expect(menu(page)).to_be_hidden()
    page.mouse.move(place[0] + 30, place[1])
    expect(toolbar(page)).to_have_count(1)


def test_the_menu_goes_with_its_message(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    gone, taken = bo.send(ada, "Soon gone")["_id"], bo.send(ada, "Soon taken back")["_id"]
    page = ada.page
    choose = menu(page).get_by_role("menuitem")
    expect(messages(page)).to_have_count(2)
    messages(page).last.focus()
    page.keyboard.press("Enter")
    expect(choose.first).to_have_text("React")
    bo._answer("DELETE", f"/api/messages/{taken}")
    expect(choose).to_have_text(["Delete message"])
    expect(choose).to_be_focused()
    page.keyboard.press("Escape")
    messages(page).first.focus()
    page.keyboard.press("Enter")
    expect(choose.first).to_be_focused()
    ada.post("/api/messages/deletions", messageIds=[gone], whom="me")
    expect(menu(page)).to_be_hidden()
    expect(messages(page)).to_have_count(1)


def test_a_system_line_and_a_tombstone_can_be_deleted_for_me(person: PersonFor) -> None:
    ada, bo, _cy = three(person)
    group = make_group(ada, bo)
    slip = ada.post(f"/api/messages/send/{group}", text="A slip")["_id"]
    ada._answer("DELETE", f"/api/messages/{slip}")
    open_group(group, ada, bo)
    page = bo.page
    expect(messages(page)).to_have_count(2)
    for left in (1, 0):
        messages(page).last.hover()
        expect(offered(messages(page).last)).to_have_count(1)
        assert_accessible(page)
        choose_action(messages(page).last, "Delete message")
        expect(messages(page)).to_have_count(left)
        page.get_by_role("button", name="Close").click()  # the notice would cover the next one
    page.reload()
    expect(page.locator("message-list .empty")).to_be_visible()
    expect(messages(page)).to_have_count(0)
    expect(messages(ada.page)).to_have_count(2)


def test_the_menu_is_never_cut_off(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for number in range(20):
        (ada if number % 2 else bo).send(bo if number % 2 else ada, f"message {number}")
    page = ada.page
    expect(messages(page)).to_have_count(20)
    for width, height, place in product((1280, 390, 320), (844, 480), (18, 19)):
        page.set_viewport_size({"width": width, "height": height})
        messages(page).nth(place).locator(".bubble").click(button="right")
        expect(menu(page).get_by_role("menuitem").first).to_be_focused()
        assert within(page, menu(page))
        page.keyboard.press("End")
        expect(menu(page).get_by_role("menuitem", name="Delete message")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(menu(page)).to_be_hidden()
