"""Moving about: older messages, and the browser's own history."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from chatsite.text import isolated
from tests.browser.chat import (
    RETURN,
    composer,
    expect_eventually,
    expect_read,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    state,
    unread_count,
    wait_for_held_request,
)
from tests.browser.long_conversations import assert_no_gaps, expect_idle, lines
from tests.browser.people import PASSWORD, Person, PersonFor
from tests.browser.site import Site

OLDER = re.compile(r"/older\?before=")
TO_TOP = "log => { log.scrollTop = -log.scrollHeight; }"


def chatter(sender: Person, receiver: Person, count: int) -> list[str]:
    """So many messages, sent over the API."""
    texts = [f"message {number}" for number in range(1, count + 1)]
    for text in texts:
        sender.send(receiver, text)
    return texts


def log(page: Page) -> Locator:
    return page.locator("message-list")


def place_of(page: Page, text: str) -> float:
    box = message(page, text).bounding_box()
    assert box
    return box["y"]


def test_older_messages_come_on_scrolling_up_without_a_jump(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    texts = chatter(bo, ada, 110)
    ada.read(bo, 110)
    held: list[Route] = []
    page = ada.page
    page.route(OLDER, lambda route: held.append(route))
    page.goto(f"/chat/{bo.id}")
    expect_texts(page, texts[60:])
    expect(state(page, "offline")).to_be_visible()  # as Bo is: the page is live

    for first, left in ((60, 10), (10, 0)):
        with page.expect_request(OLDER):
            log(page).evaluate(TO_TOP)
        top = texts[first]
        before = place_of(page, top)
        wait_for_held_request(page, held)
        held.pop().continue_()
        expect_texts(page, texts[left:])
        assert place_of(page, top) == pytest.approx(before, abs=2)

    log(page).evaluate(TO_TOP)
    expect(message(page, "message 1")).to_be_in_viewport()
    expect(page.locator(".older")).to_have_count(0)
    expect(page.locator(".day")).to_have_count(1)


def test_who_reads_further_up_is_told_of_new_messages_and_left_alone(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    chatter(ada, bo, 60)
    ada.page.goto(f"/chat/{bo.id}")
    page = ada.page
    expect(page.locator(".scroll-to-latest")).to_be_hidden()

    log(page).evaluate("log => { log.scrollTop = -900; }")
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    seen = log(page).evaluate(
        "log => [...log.querySelectorAll('.message')].find("
        "each => each.getBoundingClientRect().top > log.getBoundingClientRect().top"
        ").querySelector('[data-field=text]').textContent"
    )
    before = place_of(page, seen)
    bo.send(ada, "news")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    bo.send(ada, "more news")
    expect(page.get_by_role("button", name="2 new messages")).to_be_visible()
    assert place_of(page, seen) == pytest.approx(before, abs=2)
    expect(row(page, bo).locator(".badge")).to_contain_text("2")
    expect(page.locator(".unread")).to_have_text("New")

    page.get_by_role("button", name="2 new messages").click()
    expect(message(page, "more news")).to_be_in_viewport()
    expect(page.locator(".scroll-to-latest")).to_be_hidden()
    expect(row(page, bo).locator(".badge")).to_be_hidden()


def test_a_conversation_opens_at_its_first_unread_message_however_far_back(
    person: PersonFor,
) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    chatter(bo, ada, 20)
    ada.send(bo, "read so far")
    for number in range(22, 122):
        bo.send(ada, f"message {number}")
    page = ada.page
    marks: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: marks.append(frame)))

    page.goto(f"/chat/{bo.id}")
    expect(page.locator(".unread")).to_be_in_viewport()
    expect(message(page, "message 22")).to_be_in_viewport()
    expect(message(page, "message 121")).not_to_be_in_viewport()
    expect(row(page, bo).locator(".badge")).not_to_contain_text("99+")
    expect_eventually(page, lambda: 50 < unread_count(ada, bo) < 100, True)
    found = lines(page)
    assert_no_gaps(found)
    assert 0 in found

    for _ in range(10):
        page.mouse.move(800, 400)
        page.mouse.wheel(0, 300)
        expect_idle(page)
    expect(message(page, "message 65")).to_be_attached()
    assert_no_gaps(lines(page))
    page.get_by_role("button", name="Newest messages").click()
    expect(message(page, "message 121")).to_be_in_viewport()
    expect(row(page, bo).locator(".badge")).to_be_hidden()
    expect_read(ada, bo)
    page.reload()
    expect(page.locator(".unread")).to_have_count(0)
    expect(message(page, "message 121")).to_be_in_viewport()
    assert len([frame for frame in marks if "markRead" in str(frame)]) < 45


def test_nothing_is_read_in_a_window_that_has_not_the_focus(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    bo.send(ada, "seen")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect_read(ada, bo)
    page.evaluate("document.hasFocus = () => false")

    for number in range(40):
        bo.send(ada, f"message {number}")
    expect(row(page, bo).locator(".badge")).to_contain_text("40")
    expect(message(page, "message 39")).to_be_attached()
    expect(page.locator(".unread")).to_be_in_viewport()
    expect(message(page, "message 0")).to_be_in_viewport()
    expect(message(page, "message 39")).not_to_be_in_viewport()
    assert unread_count(ada, bo) == 40

    page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    expect(row(page, bo).locator(".badge")).not_to_contain_text("40")
    expect(page.locator(".unread")).to_be_in_viewport()
    expect_eventually(page, lambda: 0 < unread_count(ada, bo) < 40, True)


def test_one_s_own_message_is_shown_wherever_one_was(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    chatter(ada, bo, 60)
    ada.page.goto(f"/chat/{bo.id}")
    log(ada.page).evaluate("log => { log.scrollTop = -900; }")
    expect(message(ada.page, "message 60")).not_to_be_in_viewport()

    send(ada.page, "down here")

    expect(message(ada.page, "down here")).to_be_in_viewport()


def test_the_browser_goes_back_and_forth_between_conversations(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    bo.send(ada, "from Bo")
    cy.send(ada, "from Cy")
    page = ada.page
    page.goto("/")
    page.evaluate("window.stayed = true")

    row(page, bo).click()
    expect_texts(page, ["from Bo"])
    row(page, cy).click()
    expect_texts(page, ["from Cy"])
    expect(page).to_have_title(f"{isolated('Cy Weber')} · Chatsite")
    expect(row(page, cy)).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.stayed")
    page.go_back()
    expect_texts(page, ["from Bo"])
    expect(page).to_have_title(f"{isolated('Bo Okonkwo')} · Chatsite")
    expect(row(page, bo)).to_have_attribute("aria-current", "page")
    expect(state(page, "online")).to_be_visible()
    send(page, "still works")
    expect(message(bo.page, "still works")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("heading", name="Welcome, Ada")).to_be_visible()
    expect(page).to_have_title("Chatsite")
    page.go_forward()
    page.go_forward()
    expect_texts(page, ["from Cy"])
    page.reload()
    expect_texts(page, ["from Cy"])
    cy.send(ada, "and live")
    expect_texts(page, ["from Cy", "and live"])


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# What is on the page in the frame after the click.
CLICK_AND_LOOK = """(row) => {
  row.click();
  return new Promise((resolve) => requestAnimationFrame(() => {
    const pane = document.getElementById("conversation");
    const texts = [...pane.querySelectorAll(".message [data-field=text]")];
    resolve([
      pane.querySelector("h1").textContent,
      texts.map((each) => each.textContent).join(),
      location.pathname.split("/").at(-1),
      document.activeElement.id,
    ]);
  }));
}"""


def back_link(page: Page) -> Locator:
    return page.get_by_role("link", name="Back to the list")


def test_on_a_phone_the_way_back_leads_to_the_list_and_then_out_of_it(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = person("Ada Lindqvist", "/profile", **PHONE), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    page = ada.page
    page.goto("/")

    row(page, bo).tap()
    expect_texts(page, ["Hello"])
    back_link(page).tap()
    expect(row(page, bo)).to_be_visible()
    expect(page).to_have_url(f"{live_site.url}/")
    page.go_forward()
    expect_texts(page, ["Hello"])
    page.go_back()
    expect(row(page, bo)).to_be_visible()
    page.go_back()
    expect(page).to_have_url(f"{live_site.url}/profile")

    page.goto(f"/chat/{bo.id}")
    back_link(page).tap()
    expect(row(page, bo)).to_be_visible()
    expect(page).to_have_url(f"{live_site.url}/")
    page.go_back()
    expect(page).to_have_url(f"{live_site.url}/profile")


def test_without_network_the_address_and_the_page_agree(live_site: Site, person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None, **PHONE), person("Bo Okonkwo", None)
    cy = person("Cy Weber", None)
    bo.send(ada, "from Bo")
    cy.send(ada, "from Cy")
    page = ada.page
    page.goto("/contacts")
    page.locator("#tab-chats").tap()
    expect(row(page, bo)).to_be_visible()
    row(page, bo).tap()
    expect_texts(page, ["from Bo"])
    bo.send(ada, "and more")
    expect_texts(page, ["from Bo", "and more"])
    ada.context.set_offline(True)

    back_link(page).tap()
    expect(row(page, bo)).to_be_visible()
    expect(page).to_have_url(f"{live_site.url}/")
    row(page, bo).tap()
    expect_texts(page, ["from Bo", "and more"])
    expect(page).to_have_url(f"{live_site.url}/chat/{bo.id}")
    page.go_back()
    expect(row(page, bo)).to_be_visible()
    row(page, cy).tap()
    expect(page.get_by_role("heading", name="not been read on this device lately")).to_be_visible()
    expect(page).to_have_url(f"{live_site.url}/chat/{cy.id}")
    page.go_back()
    expect(row(page, cy)).to_be_visible()
    page.go_back()
    expect(page.locator(f"#contacts-{cy.id}")).to_be_visible()
    expect(row(page, cy)).to_be_hidden()
    expect(page).to_have_url(f"{live_site.url}/contacts")
    page.go_forward()
    expect(row(page, cy)).to_be_visible()
    expect(page).to_have_url(f"{live_site.url}/")

    row(page, bo).tap()
    ada.context.set_offline(False)
    bo.send(ada, "welcome back")
    expect_texts(page, ["from Bo", "and more", "welcome back"], timeout=RETURN)
    expect(page.locator("message-list[data-stale]")).to_have_count(0, timeout=RETURN)


def test_a_chat_is_there_in_the_same_frame_whatever_the_network_does(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    cy = person("Cy Weber", None)
    bo.send(ada, "from Bo")
    cy.send(ada, "from Cy")
    page = ada.page
    page.goto("/")
    held: list[Route] = []
    page.route("**/chat/*", lambda route: held.append(route))

    name, _texts, peer, focused = row(page, bo).evaluate(CLICK_AND_LOOK)
    assert (name, peer, focused) == ("Bo Okonkwo", bo.id, "composer")
    expect(page.locator(".skeleton-messages")).to_be_visible()
    page.keyboard.type("Dear Bo")
    wait_for_held_request(page, held)
    held.pop().continue_()
    expect_texts(page, ["from Bo"])
    expect(page.locator(".skeleton-messages")).to_have_count(0)
    expect(composer(page)).to_have_value("Dear Bo")
    name, _texts, peer, focused = row(page, cy).evaluate(CLICK_AND_LOOK)
    assert (name, peer, focused) == ("Cy Weber", cy.id, "composer")
    bo.send(ada, "and more")
    expect(row(page, bo).locator(".badge")).to_be_visible()

    shown = row(page, bo).evaluate(CLICK_AND_LOOK)
    assert shown == ["Bo Okonkwo", "from Bo,and more", bo.id, "composer"]
    while len(held) < 2:
        page.wait_for_timeout(20)
    held.pop().continue_()
    expect(page.locator("message-list[data-stale]")).to_have_count(0)
    expect_texts(page, ["from Bo", "and more"])
    expect(composer(page)).to_have_value("Dear Bo")
    assert len(held) == 1, "one request for each chat that was opened"


def test_the_contacts_stay_beside_a_conversation(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", "/contacts"), person("Bo Okonkwo", None)
    page = ada.page
    page.reload()

    page.locator(f"#contacts-{bo.id}").click()
    expect(page).to_have_url(re.compile(rf"/chat/{bo.id}\?list=contacts$"))
    expect(page.get_by_role("link", name="Contacts")).to_have_attribute("aria-current", "page")
    page.reload()
    expect(page.locator(f"#contacts-{bo.id}")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Chats", exact=True).click()
    expect(page.get_by_role("heading", name="No chats yet")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/chat/{bo.id}$"))
    expect(composer(page)).to_be_visible()
    page.go_back()
    expect(page.locator(f"#contacts-{bo.id}")).to_be_visible()


def test_a_link_to_a_conversation_survives_log_in(live_site: Site, person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    bo.send(ada, "Come in")
    ada.context.clear_cookies()

    ada.page.goto(f"/chat/{bo.id}")
    expect(ada.page).to_have_url(f"{live_site.url}/login?next=/chat/{bo.id}")
    ada.page.get_by_label("E-mail").fill(ada.email)
    ada.page.get_by_label("Password").fill(PASSWORD)
    ada.page.get_by_role("button", name="Log in").click()

    expect_texts(ada.page, ["Come in"])


@pytest.mark.parametrize("peer", ["0" * 24, "nobody", "<script>"])
def test_nobody_s_conversation_is_a_page_that_says_so(person: PersonFor, peer: str) -> None:
    ada = person("Ada Lindqvist", None)

    response = ada.page.goto(f"/chat/{peer}")

    assert response
    assert response.status == 404
    expect(ada.page.get_by_role("heading", level=1)).to_be_visible()
    ada.page.get_by_role("main").get_by_role("link").click()
    expect(ada.page.get_by_role("heading", name="No chats yet")).to_be_visible()


def test_one_has_no_conversation_with_oneself(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None)
    response = ada.page.goto(f"/chat/{ada.id}")
    assert response
    assert response.status == 404
    expect(messages(ada.page)).to_have_count(0)
