"""Messages that are sent later, and reminders, as people use them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chat import composer, menu, message, open_pair, state, touch
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.browser.test_attachments import painted
from tests.browser.test_texts import SIDEWAYS
from tests.browser.test_view_once import attach
from tests.files import PDF

ZONE = "Europe/Berlin"


def send_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Send", exact=True)


def dialog(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("dialog", name=name)


def line(page: Page) -> Locator:
    """What waits, above the field."""
    return page.locator(".scheduled-bar button")


def wait_until_bound(found: Locator) -> None:
    """Its script has filled in the times."""
    expect(found.locator("[data-when=tomorrow] time")).not_to_be_empty()


def waiting(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get("/api/scheduled")
    return found


def next_change_of_clocks() -> datetime:
    """Noon, in that zone, of the day on which they change next, but not within two days."""
    zone = ZoneInfo(ZONE)
    day = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    before = (day + timedelta(days=2)).utcoffset()
    while (day := day + timedelta(days=1)).utcoffset() == before or day < datetime.now(
        zone
    ) + timedelta(days=2):
        pass
    return day


def test_a_message_waits_for_its_time_is_changed_and_sent_on_two_devices(
    person: PersonFor,
) -> None:
    ada, bo = open_pair(person)
    page, phone = ada.page, ada.open_page(f"/chat/{bo.id}")
    expect(composer(phone)).to_be_visible()
    composer(page).fill("Happy birthday")
    send_button(page).click(button="right")
    choices = dialog(page, "Send later")
    wait_until_bound(choices)
    assert_accessible(page)
    choices.get_by_role("button", name="Tomorrow morning").click()
    expect(choices).to_be_hidden()
    expect(composer(page)).to_have_value("")
    for each in (page, phone):
        expect(line(each)).to_have_text("1 scheduled")
    expect(line(bo.page)).to_have_count(0)
    [row] = waiting(ada)
    assert (row["text"], row["peerId"]) == ("Happy birthday", bo.id)

    line(phone).click()
    listed = dialog(phone, "Scheduled")
    expect(listed.get_by_text("Happy birthday").first).to_be_visible()
    assert_accessible(phone)
    listed.get_by_text("Edit", exact=True).click()
    listed.get_by_label("Message").fill("Happy birthday, Bo!")
    listed.get_by_role("button", name="Save").click()
    expect(listed.locator(".scheduling__words")).to_have_text("Happy birthday, Bo!")
    expect(listed.get_by_role("button", name="Save")).to_be_hidden()
    listed.get_by_role("button", name="Send now").click()
    expect(listed.get_by_text("Nothing waits here.")).to_be_visible()
    for each in (page, phone, bo.page):
        expect(message(each, "Happy birthday, Bo!")).to_be_visible()
        expect(line(each)).to_have_count(0)
    assert not waiting(ada)


def test_files_wait_with_their_words_and_are_cancelled(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    page = ada.page
    later = page.get_by_role("button", name="Send later", exact=True)
    expect(later).to_be_hidden()
    for number in (1, 2):
        attach(page, (f"{number}.jpg", painted(number)), ("minutes.pdf", PDF))
        composer(page).fill("For tomorrow")
        later.tap()
        choices = dialog(page, "Send later")
        wait_until_bound(choices)
        assert_accessible(page)
        choices.get_by_role("button", name="Tomorrow morning").click()
        expect(choices).to_be_hidden()
        expect(page.locator(".composer__preview")).to_have_count(0)
        expect(composer(page)).to_have_value("")
        expect(line(page)).to_have_text(f"{number} scheduled")
    first, second = waiting(ada)
    assert {len(each["attachments"]) for each in (first, second)} == {2}
    line(page).click()
    listed = dialog(page, "Scheduled")
    expect(listed.get_by_text("minutes.pdf")).to_have_count(2)
    assert_accessible(page)
    assert page.evaluate(SIDEWAYS) == []
    listed.get_by_role("button", name="Send now").first.click()
    expect(listed.get_by_text("minutes.pdf")).to_have_count(1)
    for each in (page, bo.page):
        expect(message(each, "For tomorrow").locator(".attachments")).to_be_visible()
    listed.get_by_role("button", name="Cancel").click()
    expect(listed.get_by_text("Nothing waits here.")).to_be_visible()
    assert ada.get("/api/attachments/usage")["used"] == sum(
        each["size"] for each in first["attachments"]
    )


def test_files_whose_words_failed_are_not_uploaded_again(person: PersonFor) -> None:
    ada, _bo = open_pair(person, **PHONE)
    page = ada.page
    attach(page, ("a.jpg", painted(1)))
    page.get_by_role("button", name="View once").tap()
    composer(page).fill("For tomorrow")
    page.get_by_role("button", name="Send later", exact=True).tap()
    choices = dialog(page, "Send later")
    wait_until_bound(choices)
    uploads: list[Route] = []
    failed: list[Route] = []

    def note(route: Route) -> None:
        uploads.append(route)
        route.continue_()

    def fail_once(route: Route) -> None:
        if "For tomorrow" in (route.request.post_data or "") and not failed:
            failed.append(route)
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/api/(uploads|attachments)$"), note)
    page.route("**/api/messages/schedule/*", fail_once)
    tomorrow = choices.get_by_role("button", name="Tomorrow morning")
    tomorrow.click()
    expect(choices.locator(".notice")).to_be_visible()
    tomorrow.click()
    expect(choices).to_be_hidden()
    assert len(failed) == len(uploads) == 1
    assert len(waiting(ada)) == 2


def test_it_goes_by_itself_and_a_refused_one_says_why(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    ada.post(f"/api/messages/schedule/{bo.id}", text="By itself", sendAt=soon)
    expect(line(page)).to_have_text("1 scheduled")
    for each in (page, bo.page):
        expect(message(each, "By itself")).to_be_visible()
    expect(line(page)).to_have_count(0)

    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    ada.post(f"/api/messages/schedule/{bo.id}", text="Too late", sendAt=soon)
    ada.context.request.put(f"/api/blocks/{bo.id}")
    expect(line(page)).to_have_text("1 not sent")
    ada.context.request.delete(f"/api/blocks/{bo.id}")
    expect(composer(page)).to_be_visible()
    line(page).click()
    listed = dialog(page, "Scheduled")
    expect(listed.get_by_text("You have blocked this person.")).to_be_visible()
    listed.get_by_role("button", name="Delete").click()
    expect(listed.get_by_text("Nothing waits here.")).to_be_visible()
    listed.get_by_role("button", name="Close").click()
    expect(line(page)).to_have_count(0)


def test_times_are_the_reader_s_also_once_the_clocks_have_changed(person: PersonFor) -> None:
    ada, bo = open_pair(person, timezone_id=ZONE)
    page, day = ada.page, next_change_of_clocks()
    composer(page).fill("After the change")
    page.keyboard.press("Control+Shift+Enter")
    choices = dialog(page, "Send later")
    wait_until_bound(choices)
    local = (day + timedelta(days=1)).replace(hour=9)
    choices.get_by_label("Another time").fill(f"{local:%Y-%m-%dT%H:%M}")
    choices.get_by_role("button", name="Send later").click()
    expect(line(page)).to_have_text("1 scheduled")
    [row] = waiting(ada)
    assert datetime.fromisoformat(row["sendAt"]) == local
    line(page).click()
    listed = dialog(page, "Scheduled")
    expect(listed.locator(".scheduling__when time")).to_contain_text("09:00")
    listed.get_by_text("Edit", exact=True).click()
    expect(listed.get_by_label("Time")).to_have_value(f"{local:%Y-%m-%dT%H:%M}")
    listed.get_by_role("button", name="Cancel").click()
    expect(listed.get_by_text("Nothing waits here.")).to_be_visible()
    assert not waiting(ada)
    assert bo.get(f"/api/messages/{ada.id}") == []


def test_a_message_waits_until_the_other_comes_online(person: PersonFor) -> None:
    ada, bo = open_pair(person, has_touch=True)
    page = ada.page
    composer(page).fill("Are you there?")
    send_button(page).click(button="right")
    choices = dialog(page, "Send later")
    wait_until_bound(choices)
    online = choices.get_by_role("button", name=re.compile("comes online"))
    expect(online).to_have_count(0)  # who is there need not be waited for
    choices.get_by_role("button", name="Cancel").click()
    bo.page.goto("about:blank")
    expect(state(page, "online")).to_be_hidden()
    touch(send_button(page), hold=choices)  # a finger that stays
    wait_until_bound(choices)
    online.click()
    expect(line(page)).to_have_text("1 scheduled")
    bo.page.goto(f"/chat/{ada.id}")
    expect(message(bo.page, "Are you there?")).to_be_visible()
    expect(line(page)).to_have_count(0)


def test_a_reminder_comes_at_its_time_and_leads_to_the_message(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    bo.send(ada, "Water the plants")
    message(page, "Water the plants").hover()
    message(page, "Water the plants").get_by_role("button", name="More actions").click()
    menu(page).get_by_role("menuitem", name="Remind me").click()
    choices = dialog(page, "Remind me")
    wait_until_bound(choices)
    assert_accessible(page)
    choices.get_by_role("button", name="In 20 minutes").click()
    expect(choices).to_be_hidden()
    page.goto("/chat/saved")
    expect(line(page)).to_have_text("1 reminder")
    line(page).click()
    listed = dialog(page, "Scheduled")
    expect(listed.get_by_text("Water the plants")).to_be_visible()
    assert_accessible(page)
    listed.get_by_role("button", name="Close").click()

    [reminder] = ada.get("/api/reminders")
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    path = f"/api/reminders/{reminder['messageId']}"
    ada.context.request.put(path, data={"remindAt": soon})
    toast = page.locator("toast-list > *", has_text="Reminder: Water the plants")
    expect(toast).to_be_visible()
    # It waits for who was not there.
    page.goto("/")
    overdue = page.locator("toast-list > *", has_text="Reminders are due.")
    overdue.get_by_role("button", name="Show").click()
    expect(listed.get_by_role("button", name="Done")).to_be_visible()
    listed.get_by_role("link", name="Show").click()
    expect(message(page, "Water the plants")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/chat/{bo.id}#m-"))
    ada.context.request.delete(path)
    page.goto("/chat/saved")
    expect(composer(page)).to_be_visible()
    expect(line(page)).to_have_count(0)
