"""What was just read is there again without network, for whoever read it and for nobody else."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat import (
    RETURN,
    banner,
    choose_action,
    composer,
    expect_eventually,
    expect_outbox_saved,
    expect_preview,
    expect_states,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    state,
    stored,
)
from tests.browser.link_previews import URL, card, give_preview
from tests.browser.long_conversations import lines, load_all_older, send_many
from tests.browser.people import PASSWORD, Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_pins import bar
from tests.pictures import data_uri, picture

CACHED_PATHS = """async (pattern) => {
  const names = (await caches.keys()).filter((name) => name.startsWith("pages-"));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  const paths = keys.flat().map(({ url }) => url.replace(location.origin, ""));
  return paths.filter((path) => RegExp(pattern ?? "^/(chat|contacts|$)").test(path));
}"""
CACHES = "async () => (await caches.keys()).filter((name) => name.startsWith('pages-'))"
HAS = """async ([path, text]) => {
  const name = `pages-${document.body.dataset.userId}`;
  const page = await caches.match(path, { cacheName: name });
  return Boolean(page) && (await page.text()).includes(text);
}"""
CACHE_PAGES = """([userId, first, end]) => {
  for (let number = first; number < end; number += 1) {
    const address = `/chat/${number}`;
    navigator.serviceWorker.controller.postMessage({ userId, address, html: "" });
  }
}"""
NOT_CACHED = "This chat has not been read on this device lately"
# As if the tab were killed before a second is over.
STOP_TIMERS = """() => {
  const start = setTimeout;
  globalThis.setTimeout = (call, delay) => (delay === 1000 ? 0 : start(call, delay));
}"""
COUNT_PRUNINGS = """() => {
  globalThis.prunings = 0;
  const post = ServiceWorker.prototype.postMessage;
  ServiceWorker.prototype.postMessage = function (data, ...rest) {
    if (!("address" in data)) prunings += 1;
    return post.call(this, data, ...rest);
  };
}"""
# As before the script that makes them something of their own.
UNDEFINED = """
const define = customElements.define.bind(customElements);
customElements.define = (name, type) => name === "chat-list" && define(name, type);
"""
CONTROLLED = "() => navigator.serviceWorker.controller"


def readers(person: PersonFor) -> tuple[Person, Person]:
    """Ada and Bo, face to face; Ada's browser has what it needs to show pages without network."""
    ada, bo = open_pair(person, service_workers="allow")
    ada.page.wait_for_function(CONTROLLED)
    return ada, bo


def wait_until_cached(page: Page, path: str, text: str) -> None:
    """The page at that path, with that in it."""
    expect_eventually(page, lambda: page.evaluate(HAS, [path, text]), True)


def wait_until_picture_cached(page: Page, pattern: str) -> None:
    """A picture with such an address is kept."""
    expect_eventually(page, lambda: bool(page.evaluate(CACHED_PATHS, pattern)), True)


def expect_picture_loaded(image: Locator) -> None:
    expect(image).to_have_js_property("complete", True)
    expect(image).not_to_have_js_property("naturalWidth", 0)


def expect_offline_page(page: Page, path: str) -> None:
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(path) + "$"))


def test_what_was_read_is_there_after_a_reload_and_goes_on(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    said = bo.send(ada, "a slip")
    send(ada.page, "one", "two")
    expect_states(ada.page, "-rr")

    with live_site.down():
        ada.page.reload()
        expect(banner(ada.page)).to_be_visible()
        expect(state(ada.page, "waiting")).to_be_visible()
        expect_texts(ada.page, ["a slip", "one", "two"])
        expect_states(ada.page, "-rr")
        assert_accessible(ada.page)
        send(ada.page, "three")
        expect_states(ada.page, "-rrp")
        expect_outbox_saved(ada.page)
        ada.page.reload()
        expect_texts(ada.page, ["a slip", "one", "two", "three"])
        expect_states(ada.page, "-rrp")
        first = messages(ada.page).first.element_handle()
    bo.context.request.delete(f"/api/messages/{said['_id']}")
    bo.send(ada, "Bo too")
    expect(messages(ada.page)).to_have_count(5, timeout=RETURN)
    expect(ada.page.locator('.message[data-state="read"]')).to_have_count(3, timeout=RETURN)
    expect(messages(ada.page).first).to_contain_text("Message deleted")
    expect(banner(ada.page)).to_have_count(0)
    assert first.evaluate("(item) => item.isConnected")  # nothing was rendered anew
    kept = stored(ada, bo)
    assert sorted(kept) == ["Bo too", "one", "three", "two"]
    for page in (ada.page, bo.page):
        expect_texts(page, ["", *kept], timeout=RETURN)


def test_what_a_page_fetched_beside_itself_does_not_keep_it_from_opening(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    page = ada.page
    send(page, "one")
    expect_states(page, "r")
    choose_action(message(page, "one"), "Select")
    expect(page.get_by_role("group", name="Selected messages")).to_be_visible()
    page.keyboard.press("Escape")
    composer(page).fill("Half a thought")
    page.get_by_role("button", name="Send", exact=True).click(button="right")
    expect(page.get_by_role("dialog", name="Send later")).to_be_visible()
    page.keyboard.press("Escape")
    sheets = page.locator('head link[rel="stylesheet"]')
    expect(sheets).to_have_count(4)  # that of first steps, too
    send(page, "two")
    wait_until_cached(page, f"/chat/{bo.id}", ">two<")
    with live_site.down():
        page.reload()
        expect_texts(page, ["one", "two"])
        expect(sheets).to_have_count(1)


def test_the_reader_stays_at_the_place_when_the_network_returns(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    for number in range(30):
        bo.send(ada, f"number {number}")
    expect(messages(ada.page)).to_have_count(30)
    with live_site.down():
        ada.page.reload()
        expect(messages(ada.page)).to_have_count(30)
        expect(banner(ada.page)).to_be_visible()
        place = messages(ada.page).nth(10)
        place.evaluate("(item) => item.scrollIntoView({ block: 'start' })")
        top = place.bounding_box()
    bo.send(ada, "the newest")
    expect(messages(ada.page)).to_have_count(31, timeout=RETURN)
    expect(banner(ada.page)).to_have_count(0)

    now = place.bounding_box()
    assert top
    assert now
    assert abs(now["y"] - top["y"]) < 1


def test_conversations_that_were_opened_inside_the_page_are_there_too(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    cy, di = person("Cy Weber", None), person("Di Moreau", None)
    bo.send(ada, "from Bo")
    cy.send(ada, "from Cy")
    di.send(ada, "from Di")
    row(ada.page, cy).click()
    expect_texts(ada.page, ["from Cy"])
    wait_until_cached(ada.page, f"/chat/{cy.id}", "from Cy")
    ada.page.get_by_role("link", name="Ada Lindqvist").click()
    expect(ada.page).to_have_url(re.compile("/profile"))

    with live_site.down():
        ada.page.go_back()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{cy.id}")
        expect_texts(ada.page, ["from Cy"])
        expect(banner(ada.page)).to_be_visible()
        row(ada.page, bo).click()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{bo.id}")
        expect_texts(ada.page, ["from Bo"])
        expect(row(ada.page, cy)).to_be_visible()
        ada.page.go_back()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{cy.id}")
        expect_texts(ada.page, ["from Cy"])
        ada.page.goto("/")
        expect(ada.page.get_by_role("heading", name="Pick up where you left off")).to_be_visible()
        expect_preview(ada.page, di, "from Di")
        ada.page.goto(f"/chat/{di.id}")
        expect(ada.page.get_by_role("heading", name="Di Moreau")).to_be_visible()
        expect(ada.page.get_by_role("heading", name=NOT_CACHED)).to_be_visible()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{di.id}")
        assert_accessible(ada.page)
        send(ada.page, "For Di alone")
        expect_states(ada.page, "p")
    expect_texts(ada.page, ["from Di", "For Di alone"], timeout=RETURN)


def test_from_the_list_to_what_was_read_with_its_pictures_and_back(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    bo.post(f"/api/messages/send/{ada.id}", text="The harbour", image=data_uri(picture(900, 600)))
    for path in ("/", f"/chat/{bo.id}"):
        wait_until_cached(ada.page, path, "The harbour")
    wait_until_picture_cached(ada.page, "^/media/messages/")
    wait_until_picture_cached(ada.page, "^/media/avatars/")
    ada.page.goto("/contacts")
    wait_until_cached(ada.page, "/contacts", "Bo Okonkwo")
    ada.page.goto("about:blank")

    with live_site.down():
        page = ada.page
        page.goto("/")
        expect_picture_loaded(row(page, bo).locator("img"))
        row(page, bo).click()
        expect_texts(page, ["The harbour"])
        expect_picture_loaded(messages(page).get_by_role("img", name="Picture"))
        page.locator("#tab-contacts").click()
        expect(page).to_have_url(f"{live_site.url}/contacts")
        expect(page.locator(f"#contacts-{bo.id}")).to_be_visible()
        page.go_back()
        expect(page).to_have_url(f"{live_site.url}/chat/{bo.id}")
        expect_texts(page, ["The harbour"])
        page.go_back()
        expect(page).to_have_url(f"{live_site.url}/")
        expect(page.locator(".conversation")).to_have_count(0)
        page.goto(f"/chat/{bo.id}?list=contacts#later")
        expect(page).to_have_url(f"{live_site.url}/chat/{bo.id}#later")
        expect_texts(page, ["The harbour"])
        page.goto(f"/chat/{'0' * 24}")
        expect(page).to_have_url(f"{live_site.url}/")
        expect(row(page, bo)).to_be_visible()


def test_on_the_way_back_the_address_and_the_page_agree_after_a_reload(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    bo.send(ada, "from Bo")
    page = ada.page
    page.goto("/contacts")
    wait_until_cached(page, "/contacts", "Bo Okonkwo")
    page.locator("#tab-chats").click()
    row(page, bo).click()
    expect_texts(page, ["from Bo"])
    wait_until_cached(page, f"/chat/{bo.id}", "from Bo")
    contact = page.locator(f"#contacts-{bo.id}")

    with live_site.down():
        page.reload()
        expect_texts(page, ["from Bo"])
        page.go_back()
        expect(page).to_have_url(f"{live_site.url}/")
        expect(page.locator(".conversation")).to_have_count(0)
        page.go_back()
        expect(page).to_have_url(f"{live_site.url}/contacts")
        expect(contact).to_be_visible()
        page.go_forward()
        expect(page).to_have_url(f"{live_site.url}/")
        expect(contact).to_have_count(0)
        expect(row(page, bo)).to_be_visible()
        page.go_forward()
        expect(page).to_have_url(f"{live_site.url}/chat/{bo.id}")
        expect_texts(page, ["from Bo"])


def test_a_chat_opened_from_the_cached_list_catches_up_without_a_jump(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    slip = bo.send(ada, "a slip")
    for number in range(30):
        bo.send(ada, f"number {number}")
    expect(messages(ada.page)).to_have_count(31)
    wait_until_cached(ada.page, f"/chat/{bo.id}", "number 29")
    ada.page.goto("/")
    bo.send(ada, "while it was not open")
    wait_until_cached(ada.page, "/", "while it was not open")
    with live_site.down():
        ada.page.goto("/")
        row(ada.page, bo).click()
        expect(messages(ada.page)).to_have_count(31)
        send(ada.page, "from the train")
        expect(messages(ada.page)).to_have_count(32)
        place = messages(ada.page).nth(10)
        place.evaluate("(item) => item.scrollIntoView({ block: 'start' })")
        top = place.bounding_box()
        first = messages(ada.page).first.element_handle()
    bo.context.request.delete(f"/api/messages/{slip['_id']}")
    bo.send(ada, "the newest")
    expect(messages(ada.page)).to_have_count(34, timeout=RETURN)
    expect(messages(ada.page).first).to_contain_text("Message deleted", timeout=RETURN)
    expect(ada.page.locator("message-list[data-stale]")).to_have_count(0, timeout=RETURN)
    expect(banner(ada.page)).to_have_count(0)

    now = place.bounding_box()
    assert top
    assert now
    assert abs(now["y"] - top["y"]) < 1
    assert first.evaluate("(item) => item.isConnected")
    expect_texts(ada.page, ["", *stored(ada, bo)])


def test_deletions_while_another_chat_is_open_do_not_come_back(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "from Cy")
    view = data_uri(picture(900, 600))
    shown = bo.post(f"/api/messages/send/{ada.id}", text="a view", image=view)
    link = bo.send(ada, URL)
    give_preview(live_site)
    ada.page.reload()
    expect(card(ada.page)).to_be_visible()
    slip, typo, own = (bo.send(ada, text) for text in ("a slip", "a tpyo", "not for me"))
    bo.send(ada, "stays")
    wait_until_cached(ada.page, f"/chat/{bo.id}", "stays")
    wait_until_cached(ada.page, f"/chat/{bo.id}", "Deep and cold.")
    for folder in ("messages", "previews"):
        wait_until_picture_cached(ada.page, f"^/media/{folder}/")
    row(ada.page, cy).click()
    expect_texts(ada.page, ["from Cy"])

    bo.context.request.delete(f"/api/previews/{link['_id']}")
    expect_eventually(ada.page, lambda: ada.page.evaluate(CACHED_PATHS, "^/media/previews/"), [])
    for gone in (slip, shown):
        bo.context.request.delete(f"/api/messages/{gone['_id']}")
    bo.context.request.put(f"/api/messages/{typo['_id']}", data={"text": "a typo"})
    ada.post("/api/messages/deletions", messageIds=[own["_id"]], whom="me")
    wait_until_cached(ada.page, f"/chat/{bo.id}", "a typo")
    for text in ("a slip", "a view", "Deep and cold.", "tpyo", "not for me"):
        place = [f"/chat/{bo.id}", text]
        expect_eventually(ada.page, partial(ada.page.evaluate, HAS, place), False)
    expect_eventually(ada.page, lambda: ada.page.evaluate(CACHED_PATHS, "^/media/messages/"), [])
    assert ada.page.evaluate(CACHED_PATHS, "^/media/avatars/")
    ada.context.set_offline(True)
    ada.page.goto(f"/chat/{bo.id}")
    expect_texts(ada.page, ["", URL, "", "a typo", "stays"])
    expect(card(ada.page)).to_have_count(0)


def test_deletions_reach_the_cache_at_once(person: PersonFor) -> None:
    ada, bo = readers(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "from Cy")
    slip, own, _ = (bo.send(ada, text) for text in ("a slip", "not for me", "stays"))
    wait_until_cached(ada.page, f"/chat/{bo.id}", "stays")
    row(ada.page, cy).click()
    wait_until_cached(ada.page, f"/chat/{cy.id}", "from Cy")
    expect_deleted_at_once(ada, bo, slip, own)


def test_deletions_reach_the_cache_at_once_while_the_chat_is_open(person: PersonFor) -> None:
    ada, bo = readers(person)
    slip, own, _ = (bo.send(ada, text) for text in ("a slip", "not for me", "stays"))
    wait_until_cached(ada.page, f"/chat/{bo.id}", "stays")
    expect_deleted_at_once(ada, bo, slip, own)
    assert ada.page.evaluate(HAS, [f"/chat/{bo.id}", "stays"])


def expect_deleted_at_once(ada: Person, bo: Person, slip: Any, own: Any) -> None:
    ada.page.evaluate(STOP_TIMERS)
    bo.context.request.delete(f"/api/messages/{slip['_id']}")
    ada.post("/api/messages/deletions", messageIds=[own["_id"]], whom="me")
    for text in ("a slip", "not for me"):
        place = [f"/chat/{bo.id}", text]
        expect_eventually(ada.page, partial(ada.page.evaluate, HAS, place), False)


def test_new_messages_do_not_prune_pictures(person: PersonFor) -> None:
    ada, bo = readers(person)
    slip = bo.post(f"/api/messages/send/{ada.id}", text="a view", image=data_uri(picture(900, 600)))
    wait_until_cached(ada.page, f"/chat/{bo.id}", "a view")
    ada.page.goto("/")
    ada.page.evaluate(COUNT_PRUNINGS)
    ada.context.set_offline(True)
    expect(ada.page.locator(".app.is-offline")).to_be_visible()
    bo.send(ada, "meanwhile")
    ada.context.set_offline(False)
    wait_until_cached(ada.page, "/", "meanwhile")
    assert ada.page.evaluate("prunings") == 0
    bo.context.request.delete(f"/api/messages/{slip['_id']}")
    expect_eventually(ada.page, lambda: ada.page.evaluate("prunings"), 1)


def test_changing_a_cached_page_does_not_count_as_reading_it(person: PersonFor) -> None:
    ada, bo = readers(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "from Cy")
    typo = bo.send(ada, "a tpyo")
    wait_until_cached(ada.page, f"/chat/{bo.id}", "a tpyo")
    row(ada.page, cy).click()
    wait_until_cached(ada.page, f"/chat/{cy.id}", "from Cy")
    ada.page.evaluate(CACHE_PAGES, [ada.id, 0, 48])
    expect_eventually(ada.page, lambda: "/chat/47" in ada.page.evaluate(CACHED_PATHS), True)
    bo.context.request.put(f"/api/messages/{typo['_id']}", data={"text": "a typo"})
    wait_until_cached(ada.page, f"/chat/{bo.id}", "a typo")
    ada.page.evaluate(CACHE_PAGES, [ada.id, 48, 49])
    expect_eventually(ada.page, lambda: f"/chat/{bo.id}" in ada.page.evaluate(CACHED_PATHS), False)
    assert "/chat/0" in ada.page.evaluate(CACHED_PATHS)


def test_only_the_newest_messages_are_cached(live_site: Site, person: PersonFor) -> None:
    ada, bo = readers(person)
    ada.page.goto("about:blank")
    send_many(bo, ada, 1, 230)
    ada.read(bo, 230)
    ada.page.goto(f"/chat/{bo.id}")
    load_all_older(ada.page)
    expect(messages(ada.page)).to_have_count(230)
    wait_until_cached(ada.page, f"/chat/{bo.id}", "message 230<")

    with live_site.down():
        ada.page.reload()
        expect(banner(ada.page)).to_be_visible()
        expect(messages(ada.page)).to_have_count(200)
        assert lines(ada.page) == list(range(31, 231))
        expect(ada.page.locator(".older")).to_have_count(1)


def test_disappeared_messages_are_not_shown(person: PersonFor) -> None:
    ada, bo = readers(person)
    views = [data_uri(picture(900, height)) for height in (600, 610)]
    bo.post(f"/api/messages/send/{ada.id}", text="Stays", image=views[0])
    wait_until_picture_cached(ada.page, "^/media/messages/")
    ada.context.request.put(f"/api/messages/disappearing/{bo.id}", data={"seconds": 86400})
    bo.post(f"/api/messages/send/{ada.id}", text="Goes", image=views[1])
    expect_picture_loaded(message(ada.page, "Goes").get_by_role("img", name="Picture"))
    bo.send(ada, "Goes, too")
    for path in ("/", f"/chat/{bo.id}"):
        wait_until_cached(ada.page, path, "Goes, too")
    expect_preview(ada.page, bo, "Goes, too")
    ada.context.set_offline(True)
    ada.page.clock.set_fixed_time(datetime.now() + timedelta(days=2))
    ada.page.reload()
    expect(message(ada.page, "Stays")).to_be_visible()
    expect(message(ada.page, "Goes")).to_have_count(0)
    expect_preview(ada.page, bo, "")
    assert len(ada.page.evaluate(CACHED_PATHS, "^/media/messages/")) == 1
    ada.page.goto("/")
    expect(ada.page.get_by_role("heading", name="Pick up where you left off")).to_be_visible()
    expect_preview(ada.page, bo, "")


def test_disappeared_messages_are_not_quoted(person: PersonFor) -> None:
    """By the bar of what is pinned, or by a reply, wherever the original is."""
    ada, bo = readers(person)
    bo.send(ada, "Stays")
    lasting = f"/api/messages/disappearing/{bo.id}"
    expect(ada.context.request.put(lasting, data={"seconds": 86400})).to_be_ok()
    far = bo.send(ada, "Far up")
    send_many(bo, ada, 1, 55)
    view = data_uri(picture(900, 600))
    near = bo.post(f"/api/messages/send/{ada.id}", text="Near", image=view)
    expect(ada.context.request.put(f"/api/pins/{near['_id']}")).to_be_ok()
    expect(ada.context.request.put(lasting, data={"seconds": 0})).to_be_ok()
    for text, original in (("To far", far), ("To near", near)):
        bo.post(f"/api/messages/send/{ada.id}", text=text, replyTo=original["_id"])
    for _ in ("live", "rendered"):
        expect(message(ada.page, "To near")).to_contain_text("Near")
        expect(message(ada.page, "To far")).to_contain_text("Far up")
        expect(ada.page.locator("message-list .reply[data-expires-at]")).to_have_count(2)
        ada.page.goto(f"/chat/{bo.id}")
    expect(bar(ada.page)).to_contain_text("Near")
    original = ada.page.locator(f'.message[data-message-id="{far["_id"]}"]')
    expect(original).to_have_count(0)
    wait_until_cached(ada.page, f"/chat/{bo.id}", "To near")
    ada.context.set_offline(True)
    before_scripts = ada.context.new_page()
    before_scripts.add_init_script(UNDEFINED)
    before_scripts.goto(ada.page.url)
    expect(before_scripts.locator("message-list").get_by_text("To far")).to_be_visible()
    for text in ("Far up", "Near"):
        quoted = before_scripts.locator("#conversation").get_by_text(text, exact=True)
        expect(quoted.first).to_be_attached()
        expect(quoted.locator("visible=true")).to_have_count(0)
    ada.page.clock.set_fixed_time(datetime.now() + timedelta(days=2))
    ada.page.reload()
    for text in ("To far", "To near"):
        expect(message(ada.page, text)).to_contain_text("Message deleted")
    for text in ("Far up", "Near"):
        gone = ada.page.locator("#conversation").get_by_text(text, exact=True)
        expect(gone).to_have_count(0)
    assert ada.page.evaluate(CACHED_PATHS, "^/media/messages/") == []


def test_an_answer_that_says_no_is_shown_as_it_is(live_site: Site, person: PersonFor) -> None:
    ada, _bo = readers(person)
    cy = person("Cy Weber", None)
    ada.page.goto(f"/chat/{cy.id}")
    wait_until_cached(ada.page, f"/chat/{cy.id}", "Cy Weber")
    live_site.manage("shell", "-c", DELETE.format(id=cy.id))

    ada.page.reload()

    expect(ada.page.get_by_role("heading", name="Page not found")).to_be_visible()
    expect(ada.page.get_by_text("Cy")).to_have_count(0)


DELETE = """
from accounts.models import User
User.objects.get(pk="{id}").delete()
"""


def test_the_chats_read_last_are_cached(person: PersonFor) -> None:
    ada, bo = readers(person)
    wait_until_cached(ada.page, f"/chat/{bo.id}", "Bo Okonkwo")
    ada.page.evaluate(
        """(userId) => {
          for (let number = 0; number < 60; number += 1) {
            const address = `/chat/${number}${number % 2 ? "" : "?list=contacts"}`;
            navigator.serviceWorker.controller.postMessage({ userId, address, html: "" });
          }
        }""",
        ada.id,
    )
    send(ada.page, "the last")
    wait_until_cached(ada.page, "/", "the last")

    others = [f"/chat/{number}{'' if number % 2 else '?list=contacts'}" for number in range(11, 60)]
    expected = [*others, f"/chat/{bo.id}", "/"]
    expect_eventually(ada.page, lambda: ada.page.evaluate(CACHED_PATHS), expected)


def sign_out(site: Site, ada: Person, browser: Browser) -> None:
    ada.page.get_by_role("button", name="Sign out", exact=True).click()


def sign_out_on_the_profile_page(site: Site, ada: Person, browser: Browser) -> None:
    ada.page.goto("/profile")
    sign_out(site, ada, browser)


def sign_out_elsewhere(site: Site, ada: Person, browser: Browser) -> None:
    page = browser.new_page(base_url=site.url)
    page.goto("/login?next=/profile")
    log_in(page, ada)
    page.get_by_role("button", name="Sign out other devices").click()
    page.get_by_role("button", name="Sign them out").click()
    expect(page.get_by_text("Sign out other devices").first).to_be_hidden()
    page.close()


def ban(site: Site, ada: Person, browser: Browser) -> None:
    site.manage("shell", "-c", BAN.format(id=ada.id))
    send(ada.page, "Am I?")


BAN = """
from accounts.models import User
from accounts.services.moderation import ban
ban(user=User.objects.get(pk="{id}"), reason="")
"""


def expire_while_nothing_is_open(site: Site, ada: Person, browser: Browser) -> None:
    ada.page.goto("about:blank")
    ada.context.clear_cookies()
    ada.page.goto("/")


def log_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize(
    "end",
    [
        sign_out,
        sign_out_on_the_profile_page,
        sign_out_elsewhere,
        expire_while_nothing_is_open,
        ban,
    ],
)
def test_nothing_is_shown_once_the_session_has_ended(
    live_site: Site,
    person: PersonFor,
    browser: Browser,
    end: Callable[[Site, Person, Browser], None],
) -> None:
    ada, bo = readers(person)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_cached(ada.page, "/", "Between us")

    end(live_site, ada, browser)
    expect(ada.page.get_by_role("button", name="Log in")).to_be_visible()
    expect_eventually(ada.page, lambda: ada.page.evaluate(CACHES), [])

    ada.context.set_offline(True)
    for path in (f"/chat/{bo.id}", "/"):
        ada.page.goto(path)
        expect_offline_page(ada.page, path)
        expect(ada.page.get_by_text("Between us")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/profile"])
def test_nothing_is_shown_to_who_signs_in_next(person: PersonFor, path: str) -> None:
    """Even without a page that says who left."""
    ada, bo = readers(person)
    cy = person("Cy Weber", None)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_cached(ada.page, "/", "Between us")
    ada.page.goto("about:blank")
    cookies = cy.context.storage_state()["cookies"]
    ada.context.add_cookies([{**each} for each in cookies])  # type: ignore[typeddict-item]

    ada.page.goto(path)
    expect_eventually(ada.page, lambda: f"/chat/{bo.id}" in ada.page.evaluate(CACHED_PATHS), False)
    if path == "/":
        wait_until_cached(ada.page, "/", "Cy Weber")
    ada.context.set_offline(True)
    ada.page.goto(f"/chat/{bo.id}")
    if path == "/":  # the list of the one who is here now
        expect(ada.page).to_have_url(re.compile(r"\d/$"))
        expect(ada.page.locator(".sidebar__me")).to_contain_text("Cy Weber")
    else:
        expect_offline_page(ada.page, f"/chat/{bo.id}")
    expect(row(ada.page, bo)).to_have_count(0)
    expect(ada.page.get_by_text("Between us")).to_have_count(0)


@pytest.mark.parametrize("call", ["login", "logout", "signup"])
def test_a_session_that_changes_by_the_api_forgets_the_pages(person: PersonFor, call: str) -> None:
    ada, _bo = readers(person)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_cached(ada.page, "/", "Between us")

    ada.page.evaluate("(call) => fetch(`/api/auth/${call}`, { method: 'POST' })", call)

    expect_eventually(ada.page, lambda: ada.page.evaluate(CACHES), [])


def test_a_tab_that_does_not_know_yet_caches_nothing_afterwards(person: PersonFor) -> None:
    ada, bo = readers(person)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_cached(ada.page, "/", "Between us")
    ada.page.evaluate(
        "(userId) => caches.delete(`pages-${userId}`)",
        ada.id,
    )

    ada.page.evaluate(
        """([userId, address]) => {
          navigator.serviceWorker.controller.postMessage({ userId, address, html: "Late" });
        }""",
        [ada.id, f"/chat/{bo.id}"],
    )
    bo.send(ada, "later")
    expect_texts(ada.page, ["Between us", "later"])
    ada.page.reload()
    expect_texts(ada.page, ["Between us", "later"])
    wait_until_cached(ada.page, f"/chat/{bo.id}", ">later<")
