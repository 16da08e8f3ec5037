"""Reporting, and deciding about a report, as people do it."""

import re

from playwright.sync_api import Browser, Page, expect

from messaging.management.commands.demo import PASSWORD
from tests.browser.chat import composer, menu, message, open_pair
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_groups import details


def dialog(page: Page, name: str) -> None:
    expect(page.get_by_role("dialog", name=name)).to_be_visible()


def test_a_message_is_reported_and_its_writer_silenced(
    person: PersonFor, browser: Browser, live_site: Site
) -> None:
    live_site.manage("demo")
    ada, bo = open_pair(person)
    bo.send(ada, "Buy my ladders")
    page = ada.page
    message(page, "Buy my ladders").hover()
    message(page, "Buy my ladders").get_by_role("button", name="More actions").click()
    menu(page).get_by_role("menuitem", name="Report").click()
    dialog(page, "Report this message")
    assert_accessible(page)
    page.get_by_role("button", name="Report", exact=True).click()  # a reason is asked for
    dialog(page, "Report this message")
    page.get_by_label("Spam or advertising").check()
    page.get_by_label("Anything else?").fill("Every day")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_text("Thank you. Moderators look at it")).to_be_visible()

    mo = browser.new_page(base_url=live_site.url)
    mo.goto("/login?next=/moderation")
    mo.fill("[name=email]", "robin@demo.example")
    mo.fill("[name=password]", PASSWORD)
    mo.keyboard.press("Enter")
    expect(mo.get_by_role("heading", name="Reports")).to_be_visible()
    assert_accessible(mo)
    mo.locator(".cases a").first.click()
    expect(mo.get_by_text("Every day")).to_be_visible()
    mo.get_by_role("button", name="Claim").click()
    expect(mo.get_by_role("button", name="Give back")).to_be_visible()
    mo.locator("summary", has_text="Silence the person").click()
    assert_accessible(mo)
    mo.get_by_role("button", name="Silence the person").click()
    expect(mo.get_by_text("Decided.")).to_be_visible()
    expect(mo.get_by_text("Silenced until")).to_be_visible()
    assert_accessible(mo)

    composer(bo.page).fill("One more")
    bo.page.keyboard.press("Enter")
    expect(bo.page.get_by_text("Moderators have silenced you until").first).to_be_visible()
    mo.get_by_role("button", name="Lift it").click()
    expect(mo.get_by_text("Lifted.")).to_be_visible()
    bo.page.get_by_role("button", name="Retry").click()
    expect(message(page, "One more")).to_be_visible()
    mo.close()


def test_whom_one_talks_to_is_reported_in_the_details(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page = ada.page
    page.get_by_role("button", name="About this").click()
    details(page).get_by_role("button", name="Report").click()
    dialog(page, "Report this person")
    page.get_by_label("Fraud").check()
    page.get_by_role("button", name="Report", exact=True).last.click()
    expect(page.get_by_text("Thank you. Moderators look at it")).to_be_visible()
    expect(page).to_have_url(re.compile("#about$"))
