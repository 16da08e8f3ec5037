"""Narrow and wide, light and dark, moving or still."""

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat import (
    composer,
    expect_texts,
    menu,
    messages,
    open_pair,
    row,
    send,
    touch,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.site import Site

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
Scheme = Literal["light", "dark"]
# Of the device's bars, where the system is light and where it is dark.
BARS = "[...document.querySelectorAll('[name=theme-color]')].map((each) => each.content)"
SURFACE = "getComputedStyle(document.querySelector('.sheet')).backgroundColor"


def test_on_a_phone_list_and_conversation_are_two_screens(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", **PHONE), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    page = ada.page
    sidebar, pane = page.locator("#sidebar"), page.locator("#conversation")
    expect(pane).to_be_hidden()

    row(page, bo).tap()
    expect(pane).to_be_visible()
    expect(sidebar).to_be_hidden()
    expect(page.get_by_role("heading", name="Bo Okonkwo")).to_be_focused()
    send(page, "Hello from the tram")
    expect_texts(page, ["Hello", "Hello from the tram"])
    page.get_by_role("link", name="Back to the list").tap()
    expect(sidebar).to_be_visible()
    expect(pane).to_be_hidden()
    expect(row(page, bo)).to_contain_text("Hello from the tram")

    page.go_forward()
    expect(pane).to_be_visible()
    page.reload()
    expect(pane).to_be_visible()
    expect(sidebar).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_phone_a_long_pressed_message_can_be_deleted(person: PersonFor) -> None:
    ada, _bo = open_pair(person, **PHONE)
    send(ada.page, "A slip")
    expect(messages(ada.page)).to_have_attribute("data-state", "read")

    sheet = menu(ada.page)
    touch(messages(ada.page).locator(".bubble"), hold=sheet)
    assert_accessible(ada.page)
    sheet.get_by_role("menuitem", name="Delete message").tap()
    ada.page.get_by_role("button", name="Delete for everybody").tap()

    expect(messages(ada.page)).to_contain_text("Message deleted")


def surface(page: Page) -> str:
    colour: str = page.evaluate(SURFACE)
    return colour


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_is_the_system_s_until_one_chooses(
    person: PersonFor, system: Scheme, other: Scheme
) -> None:
    page = person("Ada Lindqvist", color_scheme=system).page
    by_system = surface(page)
    bars = {"light": page.evaluate(BARS)[0], "dark": page.evaluate(BARS)[1]}

    page.get_by_role("button", name="Theme: system").click()
    expect(page.get_by_role("button", name=f"Theme: {other}")).to_be_focused()
    chosen = surface(page)
    assert chosen != by_system
    assert page.evaluate(BARS) == [bars[other]] * 2
    page.reload()
    assert surface(page) == chosen
    assert page.evaluate(BARS) == [bars[other]] * 2
    page.get_by_role("button", name=f"Theme: {other}").click()
    assert surface(page) == by_system
    page.emulate_media(color_scheme=other)
    assert surface(page) == by_system
    page.emulate_media(color_scheme=system)
    page.get_by_role("button", name=f"Theme: {system}").click()
    assert page.evaluate(BARS) == list(bars.values())
    expect(page.get_by_role("button", name="Theme: system")).to_have_attribute(
        "title", "Theme: system"
    )
    page.emulate_media(color_scheme=other)
    assert surface(page) == chosen


def test_the_composer_s_focus_is_not_the_colour_of_what_is_new(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    colour = """(field) => {
      const probe = document.createElement("i");
      probe.style.color = "var(--text-quiet)";
      field.append(probe);
      const quiet = getComputedStyle(probe).color;
      probe.remove();
      return [getComputedStyle(field).borderColor, quiet];
    }"""
    page = ada.page
    page.emulate_media(reduced_motion="reduce")
    composer(page).focus()

    border, quiet = page.locator(".composer__field").evaluate(colour)
    assert border == quiet


def test_short_times_tell_the_full_date(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Hello")
    expect_texts(bo.page, ["Hello"])

    full = re.compile(r"^[A-Z][a-z]+day, \d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d$")
    for place in (messages(ada.page), row(ada.page, bo), messages(bo.page), row(bo.page, ada)):
        expect(place.locator("time")).to_have_attribute("title", full)
    by_script = row(ada.page, bo).locator("time").get_attribute("title")
    ada.page.reload()
    expect(row(ada.page, bo).locator("time")).to_have_attribute("title", by_script or "")


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_for_who_wants_it_still(person: PersonFor, motion: str, moves: bool) -> None:
    ada, _bo = open_pair(person, reduced_motion=motion)
    composer(ada.page).fill("Hello")
    lasting = """() => {
      document.querySelector(".composer__field").requestSubmit();
      return new Promise((resolve) => requestAnimationFrame(() => {
        const running = document.querySelector(".message").getAnimations();
        resolve(running.some((each) => each.effect.getComputedTiming().duration > 1));
      }));
    }"""

    assert ada.page.evaluate(lasting) is moves


def test_the_page_is_in_its_place_before_any_script(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    for number in range(60):
        bo.send(ada, f"message {number}")
    state = ada.context.storage_state()
    plain = browser.new_context(
        base_url=live_site.url, storage_state=state, java_script_enabled=False, **PHONE
    ).new_page()
    plain.goto(f"/chat/{bo.id}")

    expect(plain.locator("message-list .unread")).to_be_in_viewport()
    expect(plain.locator("#sidebar")).to_be_hidden()
    ada.read(bo, 60)
    plain.reload()
    expect(messages(plain).last).to_be_in_viewport()
    plain.context.close()


def test_nothing_lies_under_what_a_phone_has_at_its_edges(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None, **PHONE), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    page = ada.page
    session = page.context.new_cdp_session(page)

    def box(selector: str) -> Any:
        return page.locator(selector).first.bounding_box()

    def end(selector: str) -> float:
        style = "(item) => getComputedStyle(item).paddingBottom"
        return float(page.locator(selector).first.evaluate(style).removesuffix("px"))

    upright = {"top": 47, "bottom": 34, "left": 0, "right": 0}
    session.send("Emulation.setSafeAreaInsetsOverride", {"insets": upright})
    page.goto("/")
    assert box(".sidebar__me")["y"] >= 47
    assert end("#chat-rows") >= 34
    page.goto(f"/chat/{bo.id}")
    assert box(".conversation__header")["y"] >= 47
    field = box(".composer__field")
    assert field["y"] + field["height"] <= 844 - 34
    page.goto("/profile")
    assert box(".page__header")["y"] >= 47

    page.set_viewport_size({"width": 844, "height": 390})
    across = {"top": 0, "bottom": 21, "left": 47, "right": 47}
    session.send("Emulation.setSafeAreaInsetsOverride", {"insets": across})
    page.goto(f"/chat/{bo.id}")
    assert box(".sidebar__me")["x"] >= 47
    field = box(".composer__field")
    assert field["x"] + field["width"] <= 844 - 47
    assert page.evaluate("document.documentElement.scrollWidth") == 844
