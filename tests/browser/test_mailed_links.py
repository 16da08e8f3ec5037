"""Links that come by mail, opened in a real browser. The site prints its mail into its log."""

import re

from django.core import signing
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PASSWORD, Person, PersonFor, assert_accessible
from tests.browser.site import JWT_SECRET, Site
from tests.browser.test_account_pages import fill_login, visitor
from tests.environment import settings_under

NEW = "a new one, at last"


def mailed_link(site: Site, kind: str, person: Person, page: Page, to: str = "") -> str:
    """The latest one to the person, or to that address of theirs, once it is printed."""
    link = re.compile(rf"{site.url}/{kind}/{person.id}/[\w:=-]+(?=\s)")
    for _ in range(300):
        letters = site.log.read_text().split("-" * 79)
        to_them = (each for each in letters if f"To: {to or person.email}" in each)
        if found := link.findall("".join(to_them)):
            return str(found[-1])
        page.wait_for_timeout(50)
    raise AssertionError(f"no mail was printed:\n{site.log.read_text()}")


def test_a_forgotten_password_is_chosen_anew_and_signs_out_elsewhere(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    mira = person("Mira Adeyemi")
    elsewhere = mira.page
    expect(elsewhere.locator("#sidebar")).to_be_visible()
    page = visitor(browser, live_site)
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    assert_accessible(page)
    page.get_by_label("E-mail").fill("mira")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.get_by_label("E-mail").fill(mira.email)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    assert_accessible(page)

    link = mailed_link(live_site, "reset", mira, page)
    page.goto(link)
    expect(page.get_by_text(mira.email)).to_be_visible()
    assert_accessible(page)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("New password")).to_be_focused()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change password").click()

    expect(page).to_have_url(f"{live_site.url}/login")
    expect(page.get_by_role("status")).to_have_text(
        "Your password has been changed. Log in with the new one."
    )
    expect(elsewhere.get_by_text("You were signed out on this device.")).to_be_visible()
    fill_login(page, mira.email, PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    fill_login(page, mira.email, NEW)
    expect(page).to_have_url(f"{live_site.url}/")

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    assert_accessible(page)
    page.get_by_role("link", name="Ask for a new link").click()
    expect(page).to_have_url(f"{live_site.url}/reset")
    page.context.close()


def test_mails_of_what_is_unread_are_turned_off(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    mira = person("Mira Adeyemi", None)
    key = settings_under(JWT_SECRET=JWT_SECRET)["SECRET_KEY"]
    salt = f"accounts.links.digest:{mira.id}:{mira.email}"
    page = visitor(browser, live_site)
    page.goto(f"/digest/{mira.id}/{signing.dumps(mira.id, key=key, salt=salt)}")
    expect(page.get_by_text(mira.email)).to_be_visible()
    assert_accessible(page)
    assert mira.get("/api/auth/notifications")["digestHours"] == 8
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You get no more of these mails")
    assert_accessible(page)
    assert mira.get("/api/auth/notifications")["digestHours"] == 0
    page.goto(f"/digest/{mira.id}/x")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work")
    page.context.close()


def test_an_address_is_changed_in_the_profile(live_site: Site, person: PersonFor) -> None:
    mira = person("Mira Adeyemi", "/profile")
    page, section = mira.page, mira.page.locator("#address")
    page.evaluate("window.stayed = true")
    section.get_by_label("New e-mail").fill("mira@new.example")
    section.get_by_label("Your password").fill("not this one")
    section.get_by_role("button", name="Change e-mail").click()
    expect(section.get_by_label("Your password")).to_be_focused()
    section.get_by_label("Your password").fill(PASSWORD)
    section.get_by_role("button", name="Change e-mail").click()
    expect(section.get_by_role("status")).to_contain_text("mira@new.example")
    assert page.evaluate("window.stayed")
    assert_accessible(page)

    opened = mira.context.new_page()
    opened.goto(mailed_link(live_site, "address", mira, page, "mira@new.example"))
    expect(opened.get_by_text("mira@new.example")).to_be_visible()
    assert_accessible(opened)
    opened.get_by_role("button", name="Use this e-mail address").click()

    expect(opened).to_have_url(f"{live_site.url}/profile")
    expect(opened.locator("#address").get_by_role("status")).to_have_text(
        "Your e-mail address has been changed."
    )
    expect(opened.locator("#address")).to_contain_text("You log in with mira@new.example")


def test_all_of_it_works_without_script(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    mira = person("Mira Adeyemi", None)
    page = visitor(browser, live_site, java_script_enabled=False)
    page.goto("/reset")
    page.get_by_label("E-mail").fill(mira.email)
    page.get_by_role("button", name="Send me a link").click()
    page.goto(mailed_link(live_site, "reset", mira, page))
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_have_text(
        "Your password has been changed. Log in with the new one."
    )
    fill_login(page, mira.email, NEW)
    expect(page).to_have_url(f"{live_site.url}/")
    page.context.close()
