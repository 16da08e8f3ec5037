"""The side bar: who there is, whom one writes with, and how it sounds."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.chat import (
    composer,
    expect_eventually,
    expect_preview,
    expect_texts,
    messages,
    open_pair,
    row,
    send,
    wait_for_held_request,
)
from tests.browser.people import Person, PersonFor

# Counts the notes instead of playing them.
SILENT_AUDIO = """
window.notes = 0;
window.AudioContext = class { currentTime = 0; resume() { return Promise.resolve(); } };
class Node { connect(next) { return next; } }
window.GainNode = class extends Node {
  gain = { linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
};
window.OscillatorNode = class extends Node { start() { window.notes += 1; } stop() {} };
"""
CHIME = 2  # notes


def expect_names(page: Page, *names: str) -> None:
    """These chats in the list, in this order, and no others."""
    expect(page.locator("a.row").filter(visible=True).locator("bdi")).to_have_text(names)


def filter_by(page: Page, text: str) -> None:
    page.get_by_role("searchbox").fill(text)


def test_a_newcomer_who_writes_on_is_fetched_but_once(person: PersonFor) -> None:
    """Rows that come for nothing would take away the one that somebody is clicking on."""
    ada, bo = person("Ada Berg"), person("Bo Okonkwo", None)
    held: list[Route] = []
    ada.page.route("**/chats/rows", lambda route: held.append(route))
    bo.send(ada, "one")
    wait_for_held_request(ada.page, held)
    response = held[0].fetch()
    bo.send(ada, "two")
    ada.page.wait_for_timeout(1000)  # until the second one is there
    held[0].fulfill(response=response)

    expect_preview(ada.page, bo, "two")
    ada.page.wait_for_timeout(1000)
    assert len(held) == 1


def test_who_writes_moves_up(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg"), person("Bo Okonkwo", None), person("Cy Weber", None)
    bo.send(ada, "first")
    expect_preview(ada.page, bo, "first")
    cy.send(ada, "second")
    expect_preview(ada.page, cy, "second")
    expect_names(ada.page, "Cy Weber", "Bo Okonkwo")

    bo.send(ada, "third")
    expect_preview(ada.page, bo, "third")
    expect_names(ada.page, "Bo Okonkwo", "Cy Weber")
    ada.page.reload()
    expect_names(ada.page, "Bo Okonkwo", "Cy Weber")
    expect(row(ada.page, bo).locator(".badge")).to_contain_text("2")


def test_chats_are_filtered_by_name(person: PersonFor) -> None:
    ada, ines, bo = person("Ada Berg"), person("Inês Duarte", None), person("Bo Okonkwo", None)
    ines.send(ada, "olá")
    bo.send(ada, "hello")
    expect(row(ada.page, bo)).to_be_visible()

    filter_by(ada.page, "ines")
    expect(row(ada.page, bo)).to_be_hidden()
    expect(row(ada.page, ines)).to_be_visible()
    bo.send(ada, "I am filtered out")
    ines.send(ada, "I am not")
    expect_preview(ada.page, ines, "I am not")
    expect(row(ada.page, bo)).to_be_hidden()
    filter_by(ada.page, "nobody of that name")
    expect(ada.page.get_by_role("heading", name="Nobody found")).to_be_visible()
    filter_by(ada.page, "")
    expect_names(ada.page, "Inês Duarte", "Bo Okonkwo")


def test_people_are_found_by_what_a_keyboard_has(person: PersonFor) -> None:
    ada, soren = person("Ada Berg", None), person("Søren Kjær-Þorn", None)
    layla = person("Layla Haddad", None)
    soren.send(ada, "hej")
    layla.send(ada, "hello")

    for path in ("/", "/contacts"):
        ada.page.goto(path)
        for query in ("soren", "kjaer sor", "THORN", "søren"):
            filter_by(ada.page, query)
            expect_names(ada.page, "Søren Kjær-Þorn")
        filter_by(ada.page, " lay  had")
        expect_names(ada.page, "Layla Haddad")
        filter_by(ada.page, "lay kjaer")
        expect(ada.page.get_by_role("heading", name="Nobody found")).to_be_visible()
        ada.page.goto(f"{path}?q=KJAER")
        expect_names(ada.page, "Søren Kjær-Þorn")


def test_contacts_are_searched_on_the_server(person: PersonFor) -> None:
    ada, zoe = person("Ada Berg", None), person("Zoë Zimmermann", None)
    person("Yannick Zimmer", None)
    page = ada.page
    page.goto("/")
    page.get_by_role("link", name="Show contacts").first.click()
    expect(page).to_have_url(re.compile("/contacts$"))

    filter_by(page, "zimmer")
    expect(page.locator("#contact-rows bdi")).to_have_text(["Yannick Zimmer", "Zoë Zimmermann"])
    filter_by(page, "zimmermann")
    expect(page.locator("#contact-rows bdi")).to_have_text(["Zoë Zimmermann"])
    filter_by(page, "zzz")
    expect(page.get_by_role("heading", name="Nobody found")).to_be_visible()
    filter_by(page, "zimmermann")
    page.locator(f"#contacts-{zoe.id}").click()
    expect(page.get_by_role("heading", name="Say hello to Zoë")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("#contact-rows bdi")).not_to_have_text(["Zoë Zimmermann"])
    send(page, "👋")
    expect(page.get_by_role("heading", name="Say hello to Zoë")).to_be_hidden()
    page.get_by_role("link", name="Chats", exact=True).click()
    expect_preview(page, zoe, "You: 👋")


def open_list(page: Page) -> None:
    """And wait until it is live."""
    with page.expect_response(lambda answer: "/sync?" in answer.url):
        page.goto("/")


def watch_notes(person: Person) -> None:
    person.context.add_init_script(SILENT_AUDIO)


def expect_notes(page: Page, count: int) -> None:
    """So many have been played: a chime is begun only once sound is on."""
    expect_eventually(page, lambda: page.evaluate("window.notes"), count)


def test_a_message_elsewhere_chimes_once(person: PersonFor) -> None:
    ada, bo = person("Ada Berg", None), person("Bo Okonkwo", None)
    cy = person("Cy Weber", None)
    watch_notes(ada)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    composer(page).click()

    bo.send(ada, "I see you")
    expect_texts(page, ["I see you"])
    expect_notes(page, 0)
    page.evaluate("const now = Date.now(); Date.now = () => now;")  # within the same second
    cy.send(ada, "Psst")
    expect(row(page, cy).locator(".badge")).to_contain_text("1")
    cy.send(ada, "Psst!")
    expect(row(page, cy).locator(".badge")).to_contain_text("2")
    expect_notes(page, CHIME)


def test_sound_is_turned_off_for_good(person: PersonFor) -> None:
    ada, bo = person("Ada Berg", None), person("Bo Okonkwo", None)
    watch_notes(ada)
    ada.page.goto("/")
    sound = ada.page.get_by_role("button", name="Sound")
    expect(sound).to_have_attribute("aria-pressed", "true")

    sound.click()
    ada.page.reload()
    expect(sound).to_have_attribute("aria-pressed", "false")
    ada.page.get_by_role("searchbox").click()
    bo.send(ada, "Hush")
    expect(row(ada.page, bo).locator(".badge")).to_contain_text("1")
    expect_notes(ada.page, 0)

    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    expect_notes(ada.page, CHIME)


def test_times_are_those_of_the_reader(person: PersonFor) -> None:
    ada, bo = open_pair(person, timezone_id="Asia/Kolkata")
    send(ada.page, "What time is it?")
    time = ada.page.locator(".message time")
    local = time.evaluate(
        "time => new Date(time.dateTime).toLocaleTimeString('en-GB',"
        " { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit' })"
    )

    expect(time).to_have_text(local)
    expect(row(ada.page, bo).locator("time")).to_have_text(local)
    ada.page.reload()
    expect(time).to_have_text(local)
    html = ada.context.request.get(f"/chat/{bo.id}").text()
    assert f">{local}</time>" in html


def test_what_changes_while_a_new_chat_is_fetched_is_shown_in_it(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    held: list[Route] = []
    ada.page.route("**/chats/rows", lambda route: held.append(route))
    for text in ("Kept in sight", "Taken out of sight"):
        bo.send(ada, text)
    expect_texts(ada.page, ["Kept in sight", "Taken out of sight"])
    wait_for_held_request(ada.page, held)
    before = held[0].fetch()
    key = messages(ada.page).last.get_attribute("data-message-id")
    ada.post("/api/messages/deletions", messageIds=[key], whom="me")
    expect_texts(ada.page, ["Kept in sight"])
    held[0].fulfill(response=before)
    expect_preview(ada.page, bo, "Kept in sight")
