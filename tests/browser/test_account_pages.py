"""The pages around an account, by hand and eye."""

import io
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from tests.browser.chat import expect_eventually, wait_for_held_request
from tests.browser.people import PASSWORD, Person, assert_accessible, fill_sign_up
from tests.browser.site import Site

PersonFor = Callable[..., Person]
LOGIN = re.compile(r"/login\?next=/profile$")


def picture() -> FilePayload:
    data = io.BytesIO()
    Image.new("RGB", (3000, 1800), "tomato").save(data, "JPEG")
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


def fill_login(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def visitor(browser: Browser, site: Site, **options: Any) -> Page:
    return browser.new_context(base_url=site.url, service_workers="block", **options).new_page()


def test_from_sign_up_over_sign_out_to_log_in(browser: Browser, live_site: Site) -> None:
    page = visitor(browser, live_site)
    page.goto("/profile")
    page.get_by_role("link", name="Create an account").click()
    fill_sign_up(page, "Ada Lindqvist", "ada@lindqvist.example")

    expect(page).to_have_url(f"{live_site.url}/profile")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(f"{live_site.url}/login")
    fill_login(page, "ada@lindqvist.example", "not this one")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value("ada@lindqvist.example")
    expect(page.get_by_label("Password")).to_have_value("")
    fill_login(page, "ada@lindqvist.example", PASSWORD)
    expect(page).to_have_url(f"{live_site.url}/")
    page.context.close()


def test_a_form_shows_that_it_is_at_work_and_is_not_sent_twice(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    ada = person("Ada Lindqvist", None)
    page = visitor(browser, live_site)
    held: list[Route] = []
    page.goto("/profile")
    page.route(LOGIN, lambda route: held.append(route))
    form = page.locator("form")
    fill_login(page, ada.email, "not this one")
    expect(form).to_have_attribute("aria-busy", "true")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Log in").click()
    wait_for_held_request(page, held)
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(form).not_to_have_attribute("aria-busy", "true")

    page.unroute(LOGIN)
    fill_login(page, ada.email, PASSWORD)
    expect(page).to_have_url(f"{live_site.url}/profile")
    page.context.close()


def test_a_form_that_is_left_for_another_page_stays_at_work(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    ada = person("Ada Lindqvist", None)
    page = visitor(browser, live_site)
    page.goto("/login")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.route(f"{live_site.url}/", lambda route: None)  # a slow page behind the log-in
    fill_login(page, ada.email, PASSWORD)
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    page.evaluate("document.querySelector('form').requestSubmit()")
    expect_eventually(page, lambda: asked.count("POST"), 1)
    page.context.close()


def test_who_is_quick_sends_once_more_and_loses_nothing(browser: Browser, live_site: Site) -> None:
    page = visitor(browser, live_site)
    page.goto("/signup")
    fill_sign_up(page, "Quick Quint", "quint@lindqvist.example", seconds=-60)

    notice = page.get_by_role("alert")
    expect(notice).to_have_text("That was quick. Please send it once more.")
    expect(notice).to_have_class(re.compile("is-info"))
    expect(page.get_by_label("Your name")).to_have_value("Quick Quint")
    expect(page.get_by_label("Password")).to_have_value(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page).to_have_url(f"{live_site.url}/")
    page.context.close()


def test_nobody_meets_the_field_for_programs(browser: Browser, live_site: Site) -> None:
    page = visitor(browser, live_site)
    page.goto("/signup")

    expect(page.get_by_role("textbox", name="Leave this empty")).to_have_count(0)
    room = page.locator("[name=website]").locator("..").bounding_box()
    assert room
    assert room["width"] == room["height"] == 1
    page.get_by_label("Password").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Create my account")).to_be_focused()
    page.context.close()


def test_a_name_is_saved_in_place(person: PersonFor) -> None:
    page = person("Mira Adeyemi", "/profile").page
    page.evaluate("window.stayed = true")

    page.get_by_label("Name", exact=True).fill("   ")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(
        "Enter the name that others will see."
    )
    page.get_by_label("Name", exact=True).fill("Mira A.")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#about").get_by_role("status")).to_have_text("Saved")
    assert page.evaluate("window.stayed")
    page.get_by_label("Name", exact=True).fill("Mira")
    expect(page.locator("#about").get_by_role("status")).to_be_empty()
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mira A.")


def test_a_picture_is_shown_before_it_is_saved(person: PersonFor) -> None:
    page = person("Mira Adeyemi", "/profile").page
    image = page.locator("#about img")

    mark = page.get_by_text("Not saved yet")
    expect(mark).to_have_count(0)
    page.get_by_label("Change picture").set_input_files(picture())
    expect(image).to_have_js_property("naturalWidth", 3000)
    expect(mark).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#about").get_by_role("status")).to_have_text("Saved")
    expect(mark).to_have_count(0)

    expect(image).to_have_attribute("src", re.compile("^/media/profiles/"))
    expect(image).to_have_js_property("naturalWidth", 384)


def grain(width: int, height: int) -> FilePayload:
    """More than fits through, until it is made small."""
    data = io.BytesIO()
    noise = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    noise.save(data, "PNG", compress_level=0)
    return {"name": "grain.png", "mimeType": "image/png", "buffer": data.getvalue()}


def test_who_saves_at_once_still_sends_the_small_picture(person: PersonFor) -> None:
    page = person("Mira Adeyemi", "/profile").page

    page.get_by_label("Change picture").set_input_files(grain(2000, 2000))
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#about").get_by_role("status")).to_have_text("Saved")


def test_a_picture_that_does_not_fit_through_is_told_so(browser: Browser, live_site: Site) -> None:
    page = visitor(browser, live_site)
    account = {"fullName": "Mira", "email": "much@lindqvist.example", "password": PASSWORD}
    assert page.request.post("/api/auth/signup", data=account).ok
    page.goto("/profile")
    much: FilePayload = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": bytes(11_000_000)}

    page.get_by_label("Change picture").set_input_files(much)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_have_text("That file is too large. Choose a smaller one.")
    expect(page.get_by_role("alert")).to_be_focused()
    page.context.close()


@pytest.mark.parametrize("width", [320, 390])
def test_a_long_address_stays_in_a_narrow_page(
    browser: Browser, live_site: Site, width: int
) -> None:
    page = visitor(browser, live_site, viewport={"width": width, "height": 700})
    email = f"{'a.very.long.address' * 3}.{width}@{'rather-long.' * 4}example.org"
    account = {"fullName": "Mira Adeyemi", "email": email, "password": PASSWORD}
    assert page.request.post("/api/auth/signup", data=account).ok

    page.goto("/profile")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("#address").get_by_label("New e-mail").fill(f"new.{email}")
    page.locator("#address").get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Change e-mail").click()
    expect(page.locator("#address").get_by_role("status")).to_contain_text(f"new.{email}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.context.close()


def test_what_is_no_picture_leaves_the_old_one(person: PersonFor) -> None:
    page = person("Mira Adeyemi", "/profile").page
    image = page.locator("#about img")
    before = image.get_attribute("src") or ""

    text: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.get_by_label("Change picture").set_input_files(text)
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#picture_error")).to_contain_text("This is not a picture")
    expect(image).to_have_attribute("src", before)


def test_a_theme_holds_at_once_and_later(person: PersonFor) -> None:
    page = person("Mira Adeyemi", "/profile", color_scheme="light").page

    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.get_by_text("System", exact=True).click()
    page.reload()
    expect(page.get_by_role("radio", name="System")).to_be_checked()


def test_the_arrow_leads_back_to_where_one_was(person: PersonFor) -> None:
    page = person("Mira Adeyemi", "/contacts").page

    page.locator(".sidebar__me a").click()
    page.get_by_label("Name", exact=True).fill("Mira A.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#about").get_by_role("status")).to_have_text("Saved")
    page.get_by_role("link", name="Back to chats").click()

    expect(page).to_have_url(re.compile("/contacts$"))


def test_one_device_is_signed_out(browser: Browser, live_site: Site, person: PersonFor) -> None:
    mira = person("Mira Adeyemi", "/profile")
    elsewhere = visitor(browser, live_site)
    elsewhere.goto("/login?next=/profile")
    expect(elsewhere.get_by_label("E-mail")).to_be_focused()
    fill_login(elsewhere, mira.email, PASSWORD)
    expect(elsewhere.locator(".session")).to_have_count(2)

    mira.page.reload()
    mira.page.locator(".session").get_by_role("button", name="Sign out").click()
    expect(mira.page.locator("#sessions").get_by_role("status")).to_contain_text(
        "has been signed out."
    )
    expect(mira.page.locator(".session")).to_have_count(1)
    elsewhere.reload()

    expect(elsewhere.get_by_text("You were signed out on this device.")).to_be_visible()
    elsewhere.context.close()


def test_a_new_password_empties_the_list_of_devices(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    mira = person("Mira Adeyemi", "/profile")
    elsewhere = visitor(browser, live_site)
    elsewhere.goto("/login?next=/profile")
    fill_login(elsewhere, mira.email, PASSWORD)
    expect(elsewhere.locator(".session")).to_have_count(2)

    mira.page.reload()
    mira.page.get_by_label("Current password").fill(PASSWORD)
    mira.page.get_by_label("New password").fill("another one")
    mira.page.get_by_role("button", name="Change password").click()

    expect(mira.page.locator("#password").get_by_role("status")).to_have_text(
        "Your password has been changed."
    )
    expect(mira.page.locator(".session")).to_have_count(1)
    elsewhere.reload()
    expect(elsewhere).to_have_url(f"{live_site.url}/login?next=/profile")
    elsewhere.context.close()


def test_a_form_that_does_not_get_through_says_so(person: PersonFor) -> None:
    mira = person("Mira Adeyemi", "/profile")
    mira.context.set_offline(True)

    mira.page.get_by_label("Name", exact=True).fill("Mira A.")
    mira.page.get_by_role("button", name="Save").click()

    expect(mira.page.get_by_role("alert")).to_be_focused()
    expect(mira.page.get_by_label("Name", exact=True)).to_have_value("Mira A.")
    mira.problems.clear()  # htmx tells the console too
    mira.context.set_offline(False)
    mira.page.get_by_role("button", name="Save").click()
    expect(mira.page.locator("#about").get_by_role("status")).to_have_text("Saved")
    expect(mira.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("path", ["/profile", "/profile?a=1#about", "/login?next=/profile"])
def test_a_link_from_another_site_finds_one_signed_in(
    live_site: Site, person: PersonFor, path: str
) -> None:
    page = person("Mira Adeyemi", "/profile").page
    page.goto(f"{live_site.url.replace('127.0.0.1', 'localhost')}/login")

    page.evaluate(
        "address => { document.querySelector('a').href = address; }", live_site.url + path
    )
    page.locator("a").first.click()

    expect(page.get_by_role("heading", name="Profile")).to_be_visible()


def test_a_link_from_another_site_leads_visitors_to_log_in(
    browser: Browser, live_site: Site
) -> None:
    page = visitor(browser, live_site)
    page.goto(f"{live_site.url.replace('127.0.0.1', 'localhost')}/login")

    page.evaluate("url => { document.querySelector('a').href = url; }", live_site.url + "/profile")
    page.locator("a").first.click()

    expect(page).to_have_url(f"{live_site.url}/login?next=/profile")
    page.context.close()


def test_everything_works_without_script(browser: Browser, live_site: Site) -> None:
    page = visitor(browser, live_site, java_script_enabled=False)
    page.goto("/signup?next=/profile")
    fill_sign_up(page, "Teo", "teo@lindqvist.example")

    page.get_by_label("Change picture").set_input_files(picture())
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#about")).to_contain_text("Saved")
    page.get_by_text("Dark", exact=True).click()
    page.locator("#looks").get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_label("Current password").fill("not this one")
    page.get_by_label("New password").fill("another one")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#password")).to_contain_text("That is not your password.")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(f"{live_site.url}/login")
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_the_pages_are_accessible(
    browser: Browser, live_site: Site, person: PersonFor, width: int, scheme: str
) -> None:
    options: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    page = visitor(browser, live_site, **options)
    for path in ("/signup", "/login"):
        page.goto(path)
        assert_accessible(page)
    fill_login(page, "nobody@example.org", "x")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    page.context.close()

    profile = person("Mira Adeyemi", "/profile", **options).page
    profile.get_by_label("Name", exact=True).fill(" ")
    profile.get_by_role("button", name="Save").click()
    expect(profile.locator("#full_name_error")).to_be_visible()
    assert_accessible(profile)
    assert profile.evaluate("document.documentElement.scrollWidth") == width
