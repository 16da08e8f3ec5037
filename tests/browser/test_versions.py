"""A new version of the site is offered, and nothing keeps an old one for ever."""

import json
import re
from contextlib import suppress

from playwright.sync_api import Error, FilePayload, Page, Route, expect

from tests.browser.chat import (
    RETURN,
    composer,
    expect_eventually,
    expect_states,
    expect_texts,
    message,
    messages,
    open_pair,
    send,
    state,
    toast,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.site import Site
from tests.files import PDF

CONTROLLED = "() => navigator.serviceWorker.controller"
GONE = """async () => !navigator.serviceWorker.controller
  && !(await navigator.serviceWorker.getRegistrations()).length
  && !(await caches.keys()).some((name) => name.startsWith("offline"))"""
NEW = "A new version is ready."


def lose_network(page: Page) -> None:
    """For a moment."""
    page.context.set_offline(True)
    expect(state(page, "waiting")).to_be_visible()
    page.context.set_offline(False)


def answer_newer(route: Route) -> None:
    route.fulfill(content_type="application/json", body=json.dumps({"version": "newer"}))


def test_a_new_version_is_offered_and_loses_nothing(live_site: Site, person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page, line = ada.page, ada.page.locator(".conversation .banner", has_text=NEW)
    for number in range(24):
        bo.send(ada, f"number {number}")
    expect(messages(page)).to_have_count(24)
    composer(page).fill("Half a thought")
    page.evaluate("() => (window.isSame = true)")
    with page.expect_response("**/version", timeout=RETURN) as looked, live_site.down():
        expect(state(page, "waiting")).to_be_visible()
    assert looked.value.ok
    expect(state(page, "online")).to_be_visible(timeout=RETURN)
    expect(line).to_have_count(0)  # it is the same

    page.route("**/version", answer_newer)
    lose_network(page)
    expect(line).to_be_visible(timeout=RETURN)
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("Half a thought")
    assert_accessible(page)
    line.get_by_role("button", name="Later").click()
    expect(line).to_have_count(0)
    lose_network(page)
    expect(line).to_be_visible(timeout=RETURN)

    page.locator('.composer input[name="image"]').set_input_files(
        FilePayload(name="minutes.pdf", mimeType="application/pdf", buffer=PDF)
    )
    expect(page.locator(".composer__preview")).to_be_visible()
    line.get_by_role("button", name="Reload").click()
    expect(toast(page)).to_contain_text("Send or remove your files first")
    assert page.evaluate("window.isSame")
    page.get_by_role("button", name="Remove minutes.pdf").click()
    read = message(page, "number 4")
    read.evaluate("(item) => item.scrollIntoView({ block: 'center' })")
    line.get_by_role("button", name="Reload").click()
    page.wait_for_function("() => !window.isSame")
    expect(composer(page)).to_have_value("Half a thought")
    expect(read).to_be_in_viewport()
    expect(line).to_have_count(0)


def test_another_language_waits_for_files_in_a_tab_that_is_hidden(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page, other = ada.page, ada.open_page("/profile")
    page.evaluate("() => (window.isSame = true)")
    page.locator('.composer input[name="image"]').set_input_files(
        FilePayload(name="minutes.pdf", mimeType="application/pdf", buffer=PDF)
    )
    expect(page.locator(".composer__preview")).to_be_visible()
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    other.locator("#language select").select_option("de")
    other.locator("#language button").click()
    offer = toast(page).filter(has_text="You chose another language")
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Reload").click()
    expect(toast(page).last).to_contain_text("Send or remove your files first")
    expect(offer).to_be_visible()
    assert page.evaluate("window.isSame")
    page.get_by_role("button", name="Remove minutes.pdf").click()
    offer.get_by_role("button", name="Reload").click()
    expect(page.locator('html[lang="de"]')).to_have_count(1)


def test_the_switch_removes_the_worker_and_nothing_that_was_written(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = open_pair(person, service_workers="allow")
    page = ada.page
    page.wait_for_function(CONTROLLED)
    send(page, "one")
    expect_states(page, "r")
    composer(page).fill("Half a thought")

    def has_left() -> bool:
        with suppress(Error):  # it reloads the page
            return bool(page.evaluate(GONE))
        return False

    with live_site.with_settings(SERVICE_WORKER="false"):
        page.reload()
        expect_eventually(page, has_left, True)
        expect_texts(page, ["one"])
        expect(composer(page)).to_have_value("Half a thought")
        page.reload()
        expect(state(page, "online")).to_be_visible()
        assert has_left()
        bo.send(ada, "two")
        expect_texts(page, ["one", "two"])
    page.reload()
    page.wait_for_function(CONTROLLED)


def test_whoever_has_a_worker_that_is_broken_resets_the_app(person: PersonFor) -> None:
    ada, bo = open_pair(person, service_workers="allow")
    page = ada.page
    page.wait_for_function(CONTROLLED)
    composer(page).fill("Half a thought")
    page.evaluate("caches.open('offline-of-long-ago').then(() => true)")
    page.goto("/profile")
    page.get_by_role("link", name="Reset the app").click()
    expect(page.get_by_role("heading", name="Reset the app")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Reset").click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.wait_for_function(CONTROLLED)
    assert not page.evaluate("caches.has('offline-of-long-ago')")
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_have_value("Half a thought")


def refuse_cursors(page: Page, asked: str = "**/api/messages/sync?since=*") -> list[str]:
    """Whatever time they are of; returns those that were refused."""
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        body = json.dumps({"message": "This cursor is not valid.", "code": "cursor"})
        route.fulfill(status=400, content_type="application/json", body=body)

    page.route(asked, refuse)
    return refused


def test_a_page_whose_cursor_is_refused_loads_once_and_goes_on(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    composer(page).fill("Half a thought")
    page.evaluate("() => (window.isSame = true)")
    refused = refuse_cursors(page)
    lose_network(page)
    page.wait_for_function("() => !window.isSame")
    page.evaluate("() => (window.isSame = true)")
    expect_eventually(
        page, lambda: len(refused) > 1, True
    )  # and not a second time, but begins anew
    expect(state(page, "online")).to_be_visible(timeout=RETURN)
    bo.send(ada, "still there?")
    expect_texts(page, ["still there?"])
    expect(composer(page)).to_have_value("Half a thought")
    page.unroute("**/api/messages/sync?since=*")
    with page.expect_response("**/api/messages/sync?since=*", timeout=RETURN) as asked:
        lose_network(page)
    assert asked.value.ok
    assert page.evaluate("window.isSame")


def test_who_is_refused_without_a_cursor_does_not_ask_again_at_once(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    refused = refuse_cursors(page, "**/api/messages/sync*")
    lose_network(page)
    expect_eventually(page, lambda: len(refused) > 2, True)
    expect(state(page, "online")).to_be_visible(timeout=RETURN)
    bo.send(ada, "still there?")
    expect_texts(page, ["still there?"])
    # Before it was loaded anew, and after that, from now on.
    assert ["since" in each for each in refused] == [True, True, False]


def test_a_refused_cursor_waits_for_files(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page, line = ada.page, ada.page.locator(".conversation .banner", has_text=NEW)
    page.locator('.composer input[name="image"]').set_input_files(
        FilePayload(name="minutes.pdf", mimeType="application/pdf", buffer=PDF)
    )
    expect(page.locator(".composer__preview")).to_be_visible()
    page.evaluate("() => (window.isSame = true)")
    held: list[Route] = []
    page.route("**/version", lambda route: held.append(route))
    refused = refuse_cursors(page)
    lose_network(page)
    expect_eventually(page, lambda: len(refused), 2)
    expect_eventually(page, lambda: len(held), 1)
    expect(line).to_be_visible(timeout=RETURN)
    with page.expect_response("**/version") as looked:
        held[0].continue_()
    looked.value.finished()  # the version is the same, the time is not
    page.wait_for_timeout(100)
    assert line.is_visible()
    assert page.evaluate("window.isSame")
    page.get_by_role("button", name="Remove minutes.pdf").click()
    line.get_by_role("button", name="Reload").click()
    page.wait_for_function("() => !window.isSame")
