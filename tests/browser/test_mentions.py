"""Mentions: how they are written, read and counted, and that they reach a muted group."""

import re
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat import (
    SENT,
    composer,
    messages,
    send,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_appearance import PHONE
from tests.browser.test_groups import make_group, open_group, three
from tests.browser.test_lists import CHIME, expect_notes, open_list, watch_notes

MARKUP = "item => item.outerHTML.replace(/ ?is-new| data-state=.[a-z]*./g, '')"
MEMBERS = re.compile("/members")


def options(page: Page) -> Locator:
    return page.locator("#mentions [role=option]")


def mentioned(reader: Person, group: str) -> Any:
    """Whom the last message mentions."""
    return reader.get(f"/api/messages/{group}")[-1].get("mentions")


def test_a_member_is_found_by_letters_and_taken_with_the_keyboard(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Søren Bo Friis", "Sophia Berg")
    stranger = person("Sofus Outside", None)
    group = make_group(ada, bo, cy)
    open_group(group, ada, bo)
    page = ada.page
    composer(page).focus()

    page.keyboard.type("Hi @")
    expect(options(page)).to_have_text(["Sophia Berg", "Søren Bo Friis"])
    page.keyboard.type("so")
    expect(options(page)).to_have_text(["Sophia Berg", "Søren Bo Friis"])
    assert_accessible(page)
    chosen = composer(page).get_attribute("aria-activedescendant")
    assert chosen == f"mention-{cy.id}"
    page.keyboard.press("ArrowDown")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.type("ren b")
    expect(options(page)).to_have_text(["Søren Bo Friis"])
    page.keyboard.press("Tab")
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("Hi @Søren Bo Friis ")
    expect(options(page)).to_have_count(0)
    page.keyboard.type("and @soph")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type("!")
    page.keyboard.press("Enter")

    text = "Hi @Søren Bo Friis and @Sophia Berg !"
    expect(messages(page).last.locator('[data-field="text"]')).to_have_text(text)
    expect(messages(page).last).to_have_attribute("data-state", SENT)
    assert mentioned(bo, group) == [bo.id, cy.id]
    assert stranger.get("/api/messages/chats") == []
    for each, me in ((page, 0), (bo.page, 1)):
        item = messages(each).last
        expect(item.locator(".mention")).to_have_text(["@Søren Bo Friis", "@Sophia Berg"])
        expect(item.locator(".mention.is-me")).to_have_count(me)
        came = item.evaluate(MARKUP)
        each.reload()
        expect(messages(each).last.locator(".mention")).to_have_count(2)
        assert messages(each).last.evaluate(MARKUP) == came


def test_the_list_is_in_nobody_s_way(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Rollo Abel", "Cy Weber")
    group = make_group(ada, bo, cy)
    open_group(group, ada)
    page = ada.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    composer(page).focus()

    page.keyboard.type("mail rollo@rollo.example or 2@rol, @ 5")
    page.wait_for_timeout(400)  # longer than the pause after which it would ask
    assert not [url for url in asked if MEMBERS.search(url)]
    page.keyboard.press("Enter")
    expect(composer(page)).to_have_value("")

    composer(page).focus()
    page.keyboard.type("@rol")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    page.keyboard.type("l")
    expect(composer(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(messages(page).last).to_contain_text("@roll")
    expect(messages(page).last).to_have_attribute("data-state", SENT)
    assert mentioned(bo, group) is None

    page.keyboard.type("@rollo abe")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Home")
    expect(options(page)).to_have_count(0)
    page.keyboard.press("End")
    expect(options(page)).to_have_count(1)
    page.keyboard.type(" ")
    expect(options(page)).to_have_count(0)
    asked.clear()
    page.keyboard.type("and so on")
    assert not [url for url in asked if MEMBERS.search(url)]
    composer(page).fill("")
    page.keyboard.type("@nobody")
    page.keyboard.press("Enter")
    expect(messages(page).last).to_contain_text("@nobody")


def test_who_was_added_meanwhile_is_found(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Sonja Abel", "Cy Weber")
    group = make_group(ada, bo, cy)
    open_group(group, ada)
    page = ada.page
    composer(page).focus()
    page.keyboard.type("@so")
    expect(options(page)).to_have_text(["Sonja Abel"])
    composer(page).fill("")

    ada.post(f"/api/groups/{group}/members", people=[person("Sonny Added", None).id])
    page.keyboard.type("@so")
    expect(options(page)).to_have_text(["Sonja Abel", "Sonny Added"])


def test_in_a_direct_chat_there_is_none(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    expect(composer(ada.page)).to_be_visible()
    assert ada.page.locator("#mentions").count() == 0
    send(ada.page, "@bo")
    expect(messages(ada.page).locator(".mention")).to_have_count(0)


def test_a_draft_keeps_whom_it_mentions_until_the_name_is_gone(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Ines Vidal", "Cy Weber")
    group = make_group(ada, bo, cy)
    open_group(group, ada)
    page = ada.page
    composer(page).focus()
    page.keyboard.type("@inês")
    options(page).first.click()
    expect(composer(page)).to_be_focused()
    page.keyboard.type("and @cy")
    options(page).first.click()
    expect(composer(page)).to_have_value("@Ines Vidal and @Cy Weber ")
    for _letter in range(len("@Cy Weber ")):
        page.keyboard.press("Backspace")
    page.keyboard.type("@cy")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Escape")

    saved = re.compile(r"/draft$")
    with page.expect_response(lambda answer: bool(saved.search(answer.url))):
        page.keyboard.type(" Weber, hi")
    other = ada.open_page(f"/chat/{group}")
    expect(composer(other)).to_have_value("@Ines Vidal and @cy Weber, hi")
    with page.expect_response(lambda answer: "/groups/authors" in answer.url):
        page.reload()
    page.context.set_offline(True)
    composer(page).press("Enter")
    expect(messages(page).last.locator(".mention")).to_have_text(["@Ines Vidal"])
    expect(messages(page).last).to_have_attribute("data-state", "pending")
    page.context.set_offline(False)
    expect(messages(page).last).to_have_attribute("data-state", SENT, timeout=40_000)
    assert mentioned(bo, group) == [bo.id]


def test_a_draft_on_another_device_knows_whom_it_mentions(
    person: PersonFor, browser: Browser, live_site: Site
) -> None:
    ada, bo, cy = three(person, "Bo Okonkwo", "Cy Weber")
    group = make_group(ada, bo, cy)
    draft = {"text": "Ask @Cy Weber", "mentions": [cy.id]}
    path = f"/api/messages/chats/{group}/draft"
    answer = ada.context.request.put(path, data=draft)
    assert answer.json()["draft"]["mentions"] == [cy.id]
    open_group(group, ada)
    expect(composer(ada.page)).to_have_value("Ask @Cy Weber")
    composer(ada.page).press("End")
    ada.page.keyboard.type("!")
    composer(ada.page).press("Enter")
    expect(messages(ada.page).last).to_have_attribute("data-state", SENT)
    assert mentioned(bo, group) == [cy.id]


def test_an_edit_changes_whom_it_mentions(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Bo Okonkwo", "Cy Weber")
    group = make_group(ada, bo, cy)
    ada.post(f"/api/messages/send/{group}", text="Ask @Bo Okonkwo", mentions=[bo.id])
    open_group(group, ada, cy)
    page = ada.page
    expect(messages(page).last.locator(".mention")).to_have_text(["@Bo Okonkwo"])
    composer(page).press("ArrowUp")
    expect(composer(page)).to_have_value("Ask @Bo Okonkwo")
    page.keyboard.type(" and @cy")
    options(page).first.click()
    page.keyboard.press("Enter")
    expect(messages(cy.page).last.locator(".mention.is-me")).to_have_text("@Cy Weber")
    assert mentioned(ada, group) == [bo.id, cy.id]
    expect(composer(page)).to_have_value("")
    composer(page).press("ArrowUp")
    expect(composer(page)).to_have_value("Ask @Bo Okonkwo and @Cy Weber ")
    composer(page).fill("Ask @Cy Weber")
    page.keyboard.press("Enter")
    expect(messages(cy.page).last.locator(".mention")).to_have_text(["@Cy Weber"])
    assert mentioned(ada, group) == [cy.id]


def test_on_a_phone_with_names_that_read_from_right_to_left(person: PersonFor) -> None:
    ada, bo, cy = (
        person(name, None, **PHONE) for name in ("Ada Lindqvist", "ليلى حداد", "山田 太郎")
    )
    group = make_group(ada, bo, cy)
    open_group(group, ada)
    page = ada.page
    composer(page).tap()
    page.keyboard.type("مرحبا @ليل")
    expect(options(page)).to_have_text(["ليلى حداد"])
    box, field = options(page).bounding_box(), composer(page).bounding_box()
    assert box
    assert field
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= field["y"]
    assert_accessible(page)
    options(page).tap()
    expect(composer(page)).to_be_focused()
    page.keyboard.type("您好@太")
    options(page).tap()
    expect(composer(page)).to_have_value("مرحبا @ليلى حداد 您好@山田 太郎 ")
    page.get_by_role("button", name="Send", exact=True).tap()
    expect(messages(page).last.locator(".mention")).to_have_text(["@ليلى حداد", "@山田 太郎"])
    expect(messages(page).last).to_have_attribute("data-state", SENT)
    assert mentioned(bo, group) == [bo.id, cy.id]


SHOWN = {
    "*@Bo Ng* and _@Bo Ng!_": ["@Bo Ng", "@Bo Ng"],
    "(@Bo) @bo ng": ["@Bo", "@bo ng"],
    "@Bo Ngai @Bob bo@Bo `@Bo Ng` https://x.example/@Bo": ["@Bo"],
    "> @Bo Ng\n- @Bo Ng": ["@Bo Ng", "@Bo Ng"],
    "<b>@Bo Ng</b>": ["@Bo Ng"],
    "Nobody": [],
}


def test_a_text_shows_whom_it_mentions(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Bo Ng", "Cy Weber")
    group = make_group(ada, bo, cy)
    for text in SHOWN:
        ada.post(f"/api/messages/send/{group}", text=text, mentions=[bo.id])
    open_group(group, cy)
    fields = messages(cy.page).locator('[data-field="text"]')
    # The first one says who made the group.
    for place, (text, shown) in enumerate(SHOWN.items(), start=1):
        expect(fields.nth(place).locator(".mention")).to_have_text(shown)
        assert fields.nth(place).evaluate("field => field.textContent") == text


def at_sign(page: Page, group: str) -> Locator:
    return page.locator(f"#chats-{group} .mention-badge")


def tell(sender: Person, group: str, text: str, *people: Person) -> str:
    """Over the API, past the page."""
    keys = [each.id for each in people]
    return str(sender.post(f"/api/messages/send/{group}", text=text, mentions=keys)["_id"])


def test_the_list_says_that_one_is_mentioned_until_it_is_read(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo, cy)
    for each in (bo, cy):
        open_list(each.page)
    tell(ada, group, "Nobody")
    first = tell(ada, group, "@Bo Okonkwo", bo)
    badge = bo.page.locator(f"#chats-{group} .badge")
    expect(at_sign(bo.page, group)).to_be_visible()
    expect(badge).to_contain_text("3")
    expect(cy.page.locator(f"#chats-{group} .badge")).to_contain_text("3")
    expect(at_sign(cy.page, group)).to_be_hidden()
    bo.page.reload()
    expect(at_sign(bo.page, group)).to_be_visible()
    assert_accessible(bo.page)

    edit = f"/api/messages/{first}"
    ada.context.request.put(edit, data={"text": "@Cy Weber", "mentions": [cy.id]})
    expect(at_sign(bo.page, group)).to_be_hidden()
    expect(at_sign(cy.page, group)).to_be_visible()
    ada.context.request.delete(edit)
    expect(at_sign(cy.page, group)).to_be_hidden()

    tell(ada, group, "@Bo Okonkwo", bo)
    tell(ada, group, "Nobody")
    expect(at_sign(bo.page, group)).to_be_visible()
    for seq, shown in ((3, True), (4, False)):  # on another device, not to the end
        bo.context.request.put(f"/api/messages/read/{group}", data={"seq": seq})
        expect(badge).to_contain_text(str(5 - seq))
        expect(at_sign(bo.page, group)).to_be_visible(visible=shown)


def test_a_mention_reaches_a_muted_group_and_leaves_it_in_the_archive(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo, cy)
    watch_notes(bo)
    page = bo.page
    bo.context.request.put(f"/api/messages/read/{group}", data={"seq": 1})
    bo.context.request.patch(f"/api/messages/chats/{group}", data={"mute": "always"})
    open_list(page)
    page.get_by_role("searchbox").first.click()
    tell(ada, group, "For Cy", cy)
    expect(page.locator(f"#chats-{group} .badge")).to_contain_text("1")
    expect_notes(page, 0)
    expect(page).to_have_title("Chatsite")
    tell(ada, group, "@Bo Okonkwo", bo)
    expect(page).to_have_title("(1) Chatsite")
    expect_notes(page, CHIME)

    bo.context.request.patch(f"/api/messages/chats/{group}", data={"archived": True})
    expect(page.locator(f"#chats-{group}")).to_be_hidden()
    expect(page.locator(".archive .mention-badge")).to_be_visible()
    for _again in range(2):
        expect(page).to_have_title("(1) Chatsite")
        expect(page.locator(".archive .mention-badge")).to_be_visible()
        page.reload()
    bo.context.request.put(f"/api/messages/read/{group}", data={"seq": 3})
    expect(page).to_have_title("Chatsite")
    expect(page.locator(".archive .mention-badge")).to_be_hidden()
