"""What is seen once, as people send, open and lose it."""

import re

from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.chat import (
    SENT,
    composer,
    expect_preview,
    expect_states,
    messages,
    open_pair,
    send,
    toast,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_attachments import painted
from tests.browser.test_texts import SIDEWAYS, markup
from tests.browser.test_voice import button, record
from tests.files import PDF


def attach(page: Page, *files: tuple[str, bytes]) -> None:
    payloads: list[FilePayload] = [
        {
            "name": name,
            "mimeType": "image/jpeg" if "jpg" in name else "application/pdf",
            "buffer": data,
        }
        for name, data in files
    ]
    page.locator('message-composer input[name="image"]').set_input_files(payloads)
    expect(page.locator(".composer__preview")).to_have_count(len(files))


def toggle(page: Page) -> Locator:
    return page.get_by_role("button", name="View once")


def closed(page: Page) -> Locator:
    return messages(page).locator(".view-once")


def viewer(page: Page) -> Locator:
    return page.locator(".view-once-dialog")


def test_pictures_are_sent_opened_once_and_gone(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = bo.page
    attach(page, ("a.jpg", painted(1)), ("notes.pdf", PDF))
    expect(toggle(page)).to_be_hidden()
    page.locator(".composer__preview").last.get_by_role("button", name="Remove").click()
    attach_one_more = page.locator('message-composer input[name="image"]')
    attach_one_more.set_input_files(
        {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": painted(2)}
    )
    expect(page.locator(".composer__caption").first).to_be_visible()
    toggle(page).click()
    expect(toggle(page)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".composer__caption").first).to_be_hidden()
    assert_accessible(page)
    send(page, "Look quickly")
    expect(messages(page)).to_have_count(2)
    expect(messages(page).first).to_have_attribute("data-state", SENT)
    expect(closed(page)).to_have_text(re.compile("2 photos, view once"))
    expect(closed(page)).to_be_disabled()
    expect(page.locator("message-list img[src*=attachments]")).to_have_count(0)

    reader = ada.page
    expect(closed(reader)).to_be_enabled()
    expect(messages(reader).last).to_contain_text("Look quickly")
    expect_states(page, "rr")  # it changes no more, then
    for each in (page, reader):
        drawn_by_script = markup(each)
        each.reload()
        assert drawn_by_script == markup(each)
    assert_accessible(reader)
    other_tab = ada.open_page(f"/chat/{bo.id}")
    expect(closed(other_tab)).to_be_enabled()

    # The answer to the first try is lost, and the first file comes late: nothing is lost by that.
    tries: list[str] = []

    def lose(route: Route) -> None:
        tries.append(route.request.post_data or "")
        route.fetch()
        route.abort()

    reader.route("**/api/opened/*", lose, times=1)
    closed(reader).click()
    expect(toast(reader)).to_be_visible()
    expect(viewer(reader)).to_be_hidden()
    expect(closed(other_tab)).to_have_text(re.compile("Opened"))
    # Nor by leaving the page before anything is shown.
    reader.route("**/api/attachments/**", lambda route: None)
    with reader.expect_response("**/api/opened/*"):
        closed(reader).click()
    reader.reload()
    expect(closed(reader)).to_be_enabled()
    other_tab.reload()
    expect(closed(other_tab)).to_have_text(re.compile("Opened"))
    reader.unroute("**/api/attachments/**")
    reader.route("**/api/attachments/**", lambda route: route.abort(), times=1)
    closed(reader).press("Enter")
    shown = viewer(reader).get_by_role("img")
    expect(shown).to_have_js_property("naturalWidth", 600)
    assert (shown.get_attribute("src") or "").startswith("blob:")
    expect(viewer(reader)).to_contain_text("1 of 2")
    assert_accessible(reader)
    assert reader.evaluate(SIDEWAYS) == []
    first = shown.get_attribute("src")
    reader.keyboard.press("ArrowRight")
    expect(viewer(reader)).to_contain_text("2 of 2")
    assert shown.get_attribute("src") != first
    reader.keyboard.press("Escape")
    expect(viewer(reader)).to_be_hidden()
    for each in (reader, page):
        expect(closed(each)).to_have_text(re.compile("Opened"))
        expect(closed(each)).to_be_disabled()
        each.reload()
        expect(closed(each)).to_have_text(re.compile("Opened"))
    assert len(tries) == 1


def test_what_was_shown_is_not_shown_by_a_page_that_is_loaded_again(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    attach(bo.page, ("a.jpg", painted(1)))
    toggle(bo.page).click()
    send(bo.page, "Look quickly")
    closed(ada.page).click()
    expect(viewer(ada.page).get_by_role("img")).to_have_js_property("naturalWidth", 600)
    ada.page.reload()
    expect(closed(ada.page)).to_have_text(re.compile("Opened"))
    expect(closed(ada.page)).to_be_disabled()


def test_what_was_closed_while_it_was_decoded_was_not_seen(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    attach(bo.page, ("a.jpg", painted(1)))
    toggle(bo.page).click()
    send(bo.page, "Look quickly")
    page = ada.page
    page.evaluate(
        """() => {
            const decoded = { close() {} };
            let begun;
            window.expectOne = () => (window.decoding = new Promise((tell) => (begun = tell)));
            window.createImageBitmap = () =>
                new Promise((done) => {
                    window.finish = () => done(decoded);
                    begun();
                });
            expectOne();
        }"""
    )
    closed(page).click()
    page.evaluate("decoding")
    page.keyboard.press("Escape")
    expect(viewer(page)).to_be_hidden()
    page.evaluate("finish(), expectOne() && new Promise((all) => setTimeout(all))")
    picture = page.locator(".view-once-dialog img")
    assert picture.get_attribute("src") is None
    closed(page).click()
    page.evaluate("decoding.then(() => finish())")
    expect(picture).to_have_js_property("naturalWidth", 600)
    assert toast(page).count() == 0


def test_a_recording_is_heard_once(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bars = record(bo.page)
    once = button(bars, "View once")
    once.click()
    expect(once).to_have_attribute("aria-pressed", "true")
    assert_accessible(bo.page)
    button(bars, "Send").click()
    expect(closed(bo.page)).to_have_text(re.compile("Voice message, view once"))
    expect(messages(bo.page).last).to_have_attribute("data-state", SENT)
    expect(composer(bo.page)).to_be_focused()
    expect_preview(ada.page, bo, "Voice message, view once")
    closed(ada.page).click()
    # It ends by itself, and with it what it was heard in.
    expect(closed(bo.page)).to_have_text(re.compile("Opened"))
    expect(viewer(ada.page)).to_be_hidden()
    expect(closed(ada.page)).to_have_text(re.compile("Opened"))


def test_one_s_own_notes_have_no_such_thing(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None)
    ada.page.goto(f"/chat/ff{ada.id[2:]}")
    attach(ada.page, ("a.jpg", painted(1)))
    expect(ada.page.locator(".composer__previews")).to_be_visible()
    expect(toggle(ada.page)).to_have_count(0)
