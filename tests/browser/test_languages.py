"""The page in other languages: as wide as the window, mirrored where it is read from the right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override
from playwright.sync_api import expect

from chatsite.language import full_date
from messaging.page.times import day_label
from tests.browser.chat import messages
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_groups import make_group

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
# What reaches out of the window, and is no part of something that scrolls or is hidden.
WIDER = """() => {
const isCut = ({ parentElement: parent }) =>
  parent && (getComputedStyle(parent).overflowX !== "visible" || isCut(parent));
return [...document.querySelectorAll("body *")].filter((each) => {
  const { left, right, width } = each.getBoundingClientRect();
  return width && (left < -1 || right > innerWidth + 1)
    && each.checkVisibility({ visibilityProperty: true })
    && !each.closest(".visually-hidden, svg, pre, [popover]:not(:popover-open)")
    && getComputedStyle(each).position !== "fixed" && !isCut(each);
}).map((each) => each.outerHTML.slice(0, 160)); }"""
WRITTEN = """async (moments) => {
  const { dayLabel, fullDate } = await import("/static/js/lib/time.js");
  return moments.map((moment) => [fullDate(moment), dayLabel(moment)]);
}"""


@pytest.mark.parametrize("code", ["de", "fr", "ar", "ja"])
def test_no_page_is_wider_than_a_small_phone(person: PersonFor, code: str) -> None:
    ada, bo = person("Ada Lindqvist", None, locale=code, **NARROW), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    group = make_group(bo, ada)
    chats = ("/", f"/chat/{bo.id}", f"/chat/{group}", "/contacts", "/profile")
    for path in (*chats, "/login", "/signup", "/reset"):
        if path == "/login":
            ada.context.clear_cookies()
        ada.page.goto(path)
        expect(ada.page.locator("html")).to_have_attribute("lang", code)
        assert ada.page.evaluate(WIDER) == [], path
        assert_accessible(ada.page)


def test_what_happens_in_a_group_is_told_in_the_reader_s_language(person: PersonFor) -> None:
    ada, bo, cy = person("Ada"), person("Bo", None, locale="de"), person("Cy", None)
    group = make_group(ada, bo)
    bo.page.goto(f"/chat/{group}")
    ada.page.goto(f"/chat/{group}")
    ada.post(f"/api/groups/{group}/members", people=[cy.id])
    for page, words in ((ada.page, "\u2068Ada\u2069 added \u2068Cy\u2069"), (bo.page, None)):
        expect(messages(page)).to_have_count(2)
        came = messages(page).last.locator('[data-field="text"]').text_content() or ""
        assert came == words if words else "Cy" in came
        page.reload()
        expect(messages(page)).to_have_count(2)
        expect(messages(page).last.locator('[data-field="text"]')).to_have_text(came)
    with override("de"):
        assert "added" not in came
    bo.page.goto("/")
    expect(row_of(bo.page, group)).to_contain_text(came)


def row_of(page: Any, group: str) -> Any:
    return page.locator(f"#chats-{group}")


def test_server_and_script_write_the_same_days(person: PersonFor) -> None:
    page = person("Ada", timezone_id="UTC").page
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    moments = [noon - timedelta(days=days) for days in (0, 1, 3, *range(10, 400, 29))]
    for code, _name in settings.LANGUAGES:
        page.goto("/profile")
        page.locator("#language select").select_option(code)
        page.locator("#language button").click()
        expect(page.locator(f'html[lang="{code}"]')).to_have_count(1)
        page.goto("/")
        written = page.evaluate(WRITTEN, [moment.isoformat() for moment in moments])
        with override(code):
            assert written == [[full_date(each), day_label(each)] for each in moments], code
