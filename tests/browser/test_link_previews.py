"""The preview of a link: how it looks, and how its sender removes it."""

from playwright.sync_api import expect

from tests.browser.chat import messages, open_pair, send
from tests.browser.link_previews import URL, card, give_preview
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_appearance import PHONE
from tests.browser.test_edits import MARKUP, edit


def test_it_comes_reads_alike_rendered_and_its_sender_removes_it(
    person: PersonFor, live_site: Site
) -> None:
    ada, bo = open_pair(person)
    send(ada.page, f"See {URL}.")
    expect(messages(bo.page)).to_have_count(1)
    give_preview(live_site)
    bo.context.set_offline(True)
    bo.context.set_offline(False)  # it catches up
    preview, item = card(bo.page), messages(bo.page).last
    expect(preview).to_contain_text("Deep and cold.")
    expect(preview.get_by_role("link")).to_have_attribute("href", URL)
    expect(preview.locator("img")).not_to_have_js_property("naturalWidth", 0)
    expect(preview.get_by_role("button")).to_be_hidden()
    made = item.evaluate(MARKUP)
    for each in (ada.page, bo.page):
        each.reload()
        expect(card(each)).to_be_visible()
        assert_accessible(each)
    assert item.evaluate(MARKUP) == made

    preview.evaluate("preview => { preview.isTheSame = true; }")
    edit(ada, ada.get(f"/api/messages/{bo.id}")[0]["_id"], f"Look: {URL}")
    expect(item).to_contain_text("Look:")
    expect(preview).to_have_js_property("isTheSame", True)

    card(ada.page).get_by_role("button", name="Remove the preview").focus()
    ada.page.keyboard.press("Enter")
    for each in (ada.page, bo.page):
        expect(card(each)).to_have_count(0)
    bo.page.reload()
    expect(item).to_contain_text("Look:")
    expect(preview).to_have_count(0)


def test_what_is_long_fits_and_goes_with_its_message(person: PersonFor, live_site: Site) -> None:
    ada, bo = open_pair(person, **PHONE)
    send(ada.page, URL)
    expect(messages(bo.page)).to_have_count(1)
    give_preview(live_site, "Donaudampfschifffahrtsgesellschaftskapitän" * 4, "שלום " * 60)
    for each in (ada.page, bo.page):
        each.reload()
        expect(card(each)).to_be_visible()
        assert each.evaluate("document.documentElement.scrollWidth") == 390
        box, bubble = card(each).bounding_box(), each.locator(".message .bubble").bounding_box()
        assert box
        assert bubble
        assert bubble["x"] <= box["x"]
        assert box["x"] + box["width"] <= bubble["x"] + bubble["width"]
    key = ada.get(f"/api/messages/{bo.id}")[0]["_id"]
    assert ada.context.request.delete(f"/api/messages/{key}").ok
    for each in (ada.page, bo.page):
        expect(card(each)).to_have_count(0)
