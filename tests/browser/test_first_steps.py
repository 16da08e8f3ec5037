"""A start that explains itself: the owner of a new site, and a new person's first steps."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat import composer, send
from tests.browser.people import PersonFor, assert_accessible, fill_sign_up
from tests.browser.site import Site
from tests.browser.test_notifications import with_push

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def step(page: Page, name: str) -> Locator:
    return page.locator(f'.step[data-step="{name}"]:visible')


def test_the_first_visitor_makes_the_owners_account(browser: Browser, live_site: Site) -> None:
    printed = live_site.manage("owner_link")
    code = printed.partition("with the code ")[2].strip()
    context = browser.new_context(base_url=live_site.url, service_workers="block")
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Make the owner’s account").click()
    expect(page).to_have_url(f"{live_site.url}/start")
    expect(page.get_by_label("One-time code")).to_be_focused()
    assert_accessible(page)

    page.get_by_label("One-time code").fill("AAAAA-BBBBB-CCCCC-DDDDD")
    fill_sign_up(page, "Grace Hopper", "grace@example.org")
    expect(page.get_by_label("One-time code")).to_be_focused()
    expect(page.locator("#code_error")).to_contain_text("That is not the code.")

    page.get_by_label("One-time code").fill(code)
    fill_sign_up(page, "Grace Hopper", "grace@example.org")
    expect(page).to_have_url(f"{live_site.url}/")
    expect(page.get_by_role("link", name="Moderation")).to_be_visible()

    other = browser.new_context(base_url=live_site.url).new_page()
    other.goto("/start")
    expect(other).to_have_url(f"{live_site.url}/login")
    expect(other.get_by_text("owner")).to_have_count(0)
    for each in (context, other.context):
        each.close()


def test_three_steps_tick_off_and_go(person: PersonFor) -> None:
    ada = with_push(person("Ada Lindqvist", None, service_workers="allow"))
    bo = person("Bo Okonkwo", None)
    page = ada.page
    page.goto("/")
    expect(page.locator(".step:visible")).to_have_count(3)
    assert_accessible(page)

    with page.expect_response("**/api/auth/notifications/subscription"):
        step(page, "notifications").get_by_role("button", name="Turn on").click()
    expect(step(page, "notifications")).to_have_class(re.compile("is-done"))
    expect(step(page, "chat").get_by_role("link")).to_be_visible()
    step(page, "chat").get_by_role("link", name="Find somebody").click()
    page.get_by_role("link", name="Bo Okonkwo").click()
    expect(composer(page)).to_be_editable()
    send(page, "Hello, Bo")
    page.goto("/")
    expect(step(page, "chat").get_by_role("link")).to_have_count(0)
    expect(step(page, "chat")).to_contain_text("done")

    with page.expect_response(lambda answer: "chat" in (answer.request.post_data or "")):
        step(page, "picture").get_by_role("button", name="Skip").click()
    expect(step(page, "picture")).to_have_count(0)
    page.goto("/")
    expect(page.locator(".steps")).to_have_count(0)
    expect(page.get_by_role("heading", name="Pick up where you left off")).to_be_visible()
    assert bo.id


def test_on_a_phone_they_are_above_the_list(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", **PHONE)
    page = ada.page
    expect(step(page, "picture")).to_be_visible()
    assert_accessible(page)
    with page.expect_response("**/steps/skipped"):
        step(page, "picture").get_by_role("button", name="Skip").click()
    expect(step(page, "chat").locator(".button")).to_be_focused()
    other = ada.open_page("/")  # as another device
    expect(step(other, "chat")).to_be_visible()
    expect(step(other, "picture")).to_have_count(0)
    with page.expect_response("**/steps/skipped"):
        step(page, "chat").get_by_role("button", name="Skip").click()
    expect(page.locator(".steps")).to_have_count(0)
    expect(page.get_by_role("heading", name="No chats yet")).to_be_visible()


def test_what_is_changed_on_one_device_is_so_on_the_others(person: PersonFor) -> None:
    ada = person("Ada Lindqvist")
    page = ada.page
    expect(page.locator(".sidebar__me bdi")).to_have_text("Ada Lindqvist")
    page.locator("body[data-user-id]").wait_for()
    ada.context.request.put("/api/auth/update-profile", data={"fullName": "Ada Byron"})
    expect(page.locator(".sidebar__me bdi")).to_have_text("Ada Byron")
    other = ada.open_page("/profile")
    other.get_by_label("Username").fill("begun")
    ada.context.request.patch("/api/privacy", data={"typing": "nobody"})
    ada.context.request.put("/api/auth/update-profile", data={"fullName": "Ada L."})
    other.evaluate("document.activeElement.blur()")
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as one comes back
    expect(other.locator("#privacy [name=typing]")).to_have_value("nobody")
    expect(other.get_by_label("Username")).to_have_value("begun")  # what one is at stays
    expect(other.get_by_label("Name", exact=True)).to_have_value("Ada Byron")
    other.locator("#language select").select_option("de")
    other.locator("#language").get_by_role("button").click()
    notice = page.locator(".toast", has_text="You chose another language.")
    notice.get_by_role("button", name="Reload").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
