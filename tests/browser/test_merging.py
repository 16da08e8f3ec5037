"""What comes from several sides at once ends up as one conversation."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.chat import (
    SEND,
    composer,
    expect_preview,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    state,
    toast,
    wait_for_held_request,
)
from tests.browser.people import Person, PersonFor

OLDER = re.compile(r"/older\?before=")
TO_TOP = "log => { log.scrollTop = -log.scrollHeight; }"
UP = "log => { log.scrollTop = -900; }"
CLASSES = "items => items.map((item) => item.className)"
# What modules tell each other goes over one plain EventTarget.
CATCH_BUS = """
const { dispatchEvent } = EventTarget.prototype;
EventTarget.prototype.dispatchEvent = function (event) {
  if (this.constructor === EventTarget) window.bus = this;
  return dispatchEvent.call(this, event);
};
"""
EMIT = """(events) => {
  for (const [name, detail] of events) bus.dispatchEvent(new CustomEvent(name, { detail }));
}"""
# How often the browser had to lay the page out before it went on.
READS = """() => {
  window.reads = 0;
  const prototype = Element.prototype;
  const { get } = Object.getOwnPropertyDescriptor(prototype, "scrollTop");
  const set = Object.getOwnPropertyDescriptor(prototype, "scrollTop").set;
  Object.defineProperty(prototype, "scrollTop", {
    set, get() { window.reads += 1; return get.call(this); },
  });
  const box = prototype.getBoundingClientRect;
  prototype.getBoundingClientRect = function () { window.reads += 1; return box.call(this); };
}"""


def emit(page: Page, *events: tuple[str, object]) -> None:
    page.evaluate(EMIT, events)


def chatter(sender: Person, receiver: Person, count: int) -> list[str]:
    texts = [f"message {number}" for number in range(1, count + 1)]
    for text in texts:
        sender.send(receiver, text)
    return texts


def burst(sender: Person, receiver: Person, count: int) -> list[tuple[str, object]]:
    return [
        ("message", {"live": False, "message": {
            "_id": f"{number:024x}", "senderId": sender.id, "receiverId": receiver.id,
            "text": f"burst {number}", "image": None, "seq": 1000 + number, "deleted": False,
            "createdAt": "2026-01-01T10:00:00.000Z", "clientMessageId": None,
        }})
        for number in range(count)
    ]  # fmt: skip


def test_many_messages_at_once_are_measured_once(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.context.add_init_script(CATCH_BUS)
    bo.send(ada, "first")
    ada.page.goto(f"/chat/{bo.id}")
    expect(state(ada.page, "offline")).to_be_visible()
    ada.page.evaluate(READS)

    emit(ada.page, *burst(bo, ada, 200))

    expect(messages(ada.page)).to_have_count(201)
    assert ada.page.evaluate("window.reads") < 20


def test_groups_read_the_same_from_server_and_script(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for sender, receiver, text in ((ada, bo, "1"), (ada, bo, "2"), (bo, ada, "3"), (bo, ada, "4")):
        sender.send(receiver, text)
    send(ada.page, "5", "😀 😀")
    expect(messages(ada.page)).to_have_count(6)
    expect(messages(ada.page).last).to_have_attribute("data-state", "read")
    by_script = messages(ada.page).evaluate_all(CLASSES)

    ada.page.reload()

    expect(messages(ada.page)).to_have_count(6)
    by_server = messages(ada.page).evaluate_all(CLASSES)
    assert [each.replace(" is-new", "") for each in by_script] == by_server
    assert by_server[0] == "message is-mine is-continued"
    assert by_server[5] == "message is-mine is-continuation is-emoji"


def test_a_new_chat_does_not_end_a_click_on_another(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg", None), person("Bo Okonkwo", None), person("Cy Weber", None)
    bo.send(ada, "Hello")
    ada.page.goto("/")
    held: list[Route] = []
    ada.page.route("**/chat/*", lambda route: held.append(route))

    row(ada.page, bo).click()
    cy.send(ada, "I am new here")
    expect_preview(ada.page, cy, "I am new here")
    wait_for_held_request(ada.page, held)
    held.pop().continue_()

    expect_texts(ada.page, ["Hello"])
    expect(row(ada.page, bo)).to_have_attribute("aria-current", "page")


def test_a_message_deleted_while_its_page_was_on_the_way_stays_so(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    chatter(bo, ada, 60)
    ada.read(bo, 60)
    first = ada.get(f"/api/messages/{bo.id}")[0]
    page = ada.page
    ada.context.add_init_script(CATCH_BUS)
    held: list[tuple[Route, str]] = []
    page.route(OLDER, lambda route: held.append((route, route.fetch().text())))
    page.goto(f"/chat/{bo.id}")
    expect(state(page, "offline")).to_be_visible()
    with page.expect_request(OLDER):
        page.locator("message-list").evaluate(TO_TOP)
    page.wait_for_function("() => document.querySelector('message-list[aria-busy]')")
    wait_for_held_request(page, held)
    first_text = str(first["text"])
    gone = {"messageId": first["_id"], "senderId": bo.id, "receiverId": ada.id, "seq": first["seq"]}
    emit(page, ("message-deleted", gone))

    route, html = held.pop()
    assert first_text in html
    route.fulfill(body=html, content_type="text/html")

    expect(messages(page)).to_have_count(60)
    expect(messages(page).first).to_contain_text("Message deleted")
    expect(message(page, first_text)).to_have_count(0)


def test_a_late_acknowledgement_shows_nothing_twice(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    held: list[Route] = []
    ada.page.route(SEND, lambda route: held.append(route))
    send(ada.page, "from the tunnel")
    expect(messages(ada.page)).to_have_count(1)
    wait_for_held_request(ada.page, held)
    key = messages(ada.page).get_attribute("data-client-id")
    ada.page.goto("about:blank")
    ada.post(f"/api/messages/send/{bo.id}", text="from the tunnel", clientMessageId=key)
    chatter(bo, ada, 55)
    ada.read(bo, 56)
    ada.page.unroute(SEND)

    with ada.page.expect_response(SEND):
        ada.page.goto(f"/chat/{bo.id}")

    expect_preview(ada.page, bo, "message 55")
    expect(message(ada.page, "from the tunnel")).to_have_count(0)
    expect(messages(ada.page)).to_have_count(50)


def test_a_deleted_unread_message_is_not_counted_as_new(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    chatter(ada, bo, 60)
    page = ada.page
    ada.context.add_init_script(CATCH_BUS)
    page.goto(f"/chat/{bo.id}")
    page.locator("message-list").evaluate(UP)
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    sent = [bo.send(ada, text) for text in ("one", "two")]
    expect(page.get_by_role("button", name="2 new messages")).to_be_visible()

    bo.context.request.delete(f"/api/messages/{sent[0]['_id']}")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    expect(page.locator(".unread")).to_have_count(1)
    bo.context.request.delete(f"/api/messages/{sent[1]['_id']}")

    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    expect(page.locator(".unread")).to_have_count(0)

    third = bo.send(ada, "three")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    gone = {**third, "text": None, "deleted": True}
    emit(page, ("message", {"live": False, "message": gone}))  # as `sync` tells of it
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    expect(page.locator(".unread")).to_have_count(0)


def test_a_chat_that_cannot_be_fetched_is_never_mistaken_for_another(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "Secret for Cy")
    bo.send(ada, "Hello")
    expect_preview(ada.page, cy, "Secret for Cy")
    page = ada.page
    page.context.set_offline(True)

    row(page, cy).click()
    expect(page.get_by_role("heading", name="Cy Weber")).to_be_visible()
    expect(page.get_by_role("heading", name="not been read on this device lately")).to_be_visible()
    expect(row(page, cy)).to_have_attribute("aria-current", "page")
    expect(page).to_have_url(re.compile(f"/chat/{cy.id}$"))
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_attribute("placeholder", re.compile("Message .*Cy"))
    send(page, "For Cy alone")
    expect(messages(page).last).to_have_attribute("data-state", "pending")
    expect_preview(page, cy, "You: For Cy alone")
    composer(page).fill("half a")
    page.context.set_offline(False)

    expect_texts(page, ["Secret for Cy", "For Cy alone"], timeout=40_000)
    expect(composer(page)).to_have_value("half a")
    expect(message(bo.page, "For Cy alone")).to_have_count(0)


def test_a_row_shows_what_waits_to_be_sent(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    bo.send(ada, "older")
    cy.send(ada, "newer")
    expect_preview(ada.page, cy, "newer")
    held: list[Route] = []
    ada.page.route(SEND, lambda route: held.append(route))

    send(ada.page, "not there yet")

    expect_preview(ada.page, bo, "You: not there yet")
    expect(ada.page.locator("#chat-rows .row").first).to_have_attribute("data-peer-id", bo.id)
    wait_for_held_request(ada.page, held)
    held.pop().continue_()
    expect(messages(ada.page).last).to_have_attribute("data-state", "read")
    expect_preview(ada.page, bo, "You: not there yet")


def test_one_line_for_what_goes_wrong_repeatedly(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None)
    ada.context.add_init_script(CATCH_BUS)
    page = ada.page
    frames: list[object] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame))
    )
    page.goto("/")
    wait_for_held_request(page, frames)  # which clears notices
    page.wait_for_function("() => window.bus")

    emit(page, *[("notice", {"text": "No luck", "kind": "error"})] * 3)
    expect(toast(page)).to_have_count(1)
    emit(page, ("connection", {"state": "live"}))

    expect(toast(page)).to_have_count(0)


def test_a_page_of_old_messages_is_for_browsers_without_script(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    chatter(bo, ada, 3)

    ada.page.goto(f"/chat/{bo.id}?before=2")

    expect_texts(ada.page, ["message 1", "message 2", "message 3"])
    expect(ada.page).to_have_url(re.compile(f"/chat/{bo.id}$"))
