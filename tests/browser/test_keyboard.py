"""With keys alone."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    SENT,
    composer,
    expect_states,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
)
from tests.browser.people import PASSWORD, PersonFor

FOCUS_RING = """() => {
  const shown = [document.activeElement, ...document.activeElement.querySelectorAll(".bubble")];
  const field = document.activeElement.closest(".composer__field");
  return [...shown, field].some((each) => {
    if (!each) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
    const hasRing = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return hasRing || (each === field && boxShadow !== "none");
  });
}"""
INPUT_METHOD = """field => {
  const press = { key: "Enter", bubbles: true, cancelable: true, isComposing: true };
  return field.dispatchEvent(new KeyboardEvent("keydown", press));
}"""


def walk_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """With the focus to be seen at every step."""
    for _ in range(25):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
        assert page.evaluate(FOCUS_RING), page.evaluate("document.activeElement.outerHTML")
    raise AssertionError(f"{target} is not reached by {key}")


def test_from_log_in_to_a_deleted_message(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", "/")
    bo.send(ada, "Hello")
    page = ada.page
    ada.context.clear_cookies()
    page.goto("/")
    keys = page.keyboard

    walk_to(page, page.get_by_label("E-mail"))
    keys.type(ada.email)
    walk_to(page, page.get_by_label("Password"))
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(row(page, bo)).to_be_visible()
    walk_to(page, row(page, bo))
    keys.press("Enter")
    expect(composer(page)).to_be_focused()
    keys.type("By keys")
    keys.press("Shift+Enter")
    keys.type("alone")
    keys.press("Enter")
    expect(message(page, "By keys alone")).to_have_attribute("data-state", SENT)
    assert ada.get(f"/api/messages/{bo.id}")[-1]["text"] == "By keys\nalone"

    walk_to(page, page.get_by_role("log"), "Shift+Tab")
    keys.press("ArrowUp")
    expect(messages(page).last).to_be_focused()
    assert page.evaluate(FOCUS_RING)
    keys.press("Delete")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    keys.press("Enter")
    expect(messages(page).last).to_be_focused()
    keys.press("Delete")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    expect(page.get_by_role("button", name="Delete for everybody")).to_be_focused()
    keys.press("Enter")
    expect(messages(page).last).to_have_class("message is-mine is-deleted")


def test_arrows_walk_the_messages_and_the_chats(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    for text in ("one", "two", "three"):
        bo.send(ada, text)
    expect_texts(ada.page, ["one", "two", "three"])
    cy.send(ada, "Hello")
    expect(row(ada.page, cy)).to_be_visible()
    page, keys = ada.page, ada.page.keyboard

    page.locator("message-list").focus()
    for key, text in (("Home", "one"), ("ArrowDown", "two"), ("End", "three"), ("ArrowUp", "two")):
        keys.press(key)
        expect(message(page, text)).to_be_focused()
    page.get_by_role("searchbox").focus()
    keys.press("ArrowDown")
    expect(row(page, cy)).to_be_focused()
    keys.press("ArrowDown")
    expect(row(page, bo)).to_be_focused()
    bo.send(ada, "I move up")
    expect(page.locator("#chat-rows .row").first).to_have_attribute("data-peer-id", bo.id)
    expect(row(page, bo)).to_be_focused()


def test_the_delete_key_asks_for_whom_or_can_be_undone(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Not mine")
    send(ada.page, "Mine")
    expect_states(ada.page, "-r")
    dialog = ada.page.get_by_role("dialog")

    message(ada.page, "Not mine").focus()
    ada.page.keyboard.press("Delete")
    expect_texts(ada.page, ["Mine"])
    expect(dialog).to_be_hidden()
    ada.page.get_by_role("button", name="Undo").click()
    expect_texts(ada.page, ["Not mine", "Mine"])
    message(ada.page, "Mine").focus()
    ada.page.keyboard.press("Delete")
    expect(dialog).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(message(ada.page, "Mine")).to_be_focused()
    expect_texts(ada.page, ["Not mine", "Mine"])


def test_enter_that_ends_a_composed_word_sends_nothing(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    composer(ada.page).fill("にほんご")

    composer(ada.page).evaluate(INPUT_METHOD)
    expect(composer(ada.page)).to_have_value("にほんご")
    expect(messages(ada.page)).to_have_count(0)
    composer(ada.page).press("Enter")

    expect_texts(bo.page, ["にほんご"])


def test_the_composer_grows_with_its_text_and_shrinks_again(person: PersonFor) -> None:
    ada, _bo = open_pair(person)

    def height() -> float:
        box = composer(ada.page).bounding_box()
        assert box
        return box["height"]

    low = height()
    composer(ada.page).fill("one\ntwo\nthree")
    grown = height()
    composer(ada.page).fill("line\n" * 100)
    assert low < grown < height() <= 192
    send(ada.page, "short")
    assert height() == low


def test_one_skips_to_the_conversation(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    skip = ada.page.get_by_role("link", name="Skip to the conversation")

    walk_to(ada.page, skip, "Shift+Tab")
    ada.page.keyboard.press("Enter")
    ada.page.keyboard.press("Tab")

    expect(ada.page.locator("#conversation :focus")).to_have_count(1)


def test_a_few_letters_lead_to_anybody(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", "/")
    cy, di = person("Xyrille Weber", None), person("Xyprian <b>Díaz</b>", None)
    cy.send(ada, "Hello")
    page, keys = ada.page, ada.page.keyboard
    switcher = page.get_by_role("dialog", name="Go to a chat")
    expect(row(page, cy)).to_be_visible()

    row(page, cy).click()
    expect(composer(page)).to_be_focused()
    keys.press("Control+k")
    rows = switcher.get_by_role("link")
    expect(rows).to_have_count(1)  # whom she has messages with
    keys.type("xy")
    expect(rows.locator("bdi")).to_have_text(["Xyrille Weber", "Xyprian <b>Díaz</b>"])
    keys.press("ArrowDown")
    expect(rows.first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(switcher).to_be_hidden()
    expect(page.get_by_role("heading", level=1, name=di.name)).to_be_visible()
    expect(composer(page)).to_be_focused()

    keys.press("Control+k")
    keys.type("nobody at all")
    expect(switcher.get_by_text("Nobody found")).to_be_visible()
    keys.press("Escape")
    expect(switcher).to_be_hidden()
    expect(composer(page)).to_be_focused()
    keys.press("Control+k")
    keys.type("xyrille")
    expect(rows.locator("bdi")).to_have_text([cy.name])
    keys.press("Enter")
    expect(page).to_have_url(f"/chat/{cy.id}")


def test_keys_that_work_anywhere(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    bo.send(ada, "Hello")
    expect_texts(ada.page, ["Hello"])
    cy.send(ada, "Hello")
    page, keys = ada.page, ada.page.keyboard
    expect(row(page, cy)).to_be_visible()

    keys.press("Alt+ArrowUp")
    expect(page).to_have_url(f"/chat/{cy.id}")
    keys.press("Alt+ArrowUp")
    keys.press("Alt+ArrowDown")
    expect(page).to_have_url(f"/chat/{bo.id}")
    messages(page).first.focus()
    keys.type("typed")
    expect(composer(page)).to_have_value("typed")
    keys.type("? ")
    expect(composer(page)).to_have_value("typed? ")
    messages(page).first.focus()
    keys.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_role("heading")).to_be_in_viewport()
    expect(sheet.get_by_text("Leave the chat")).to_be_visible()
    keys.type("x")
    keys.press("Escape")
    expect(sheet).to_be_hidden()
    expect(composer(page)).to_have_value("typed? ")
    keys.press("Escape")
    expect(page.locator(".conversation")).to_have_count(0)
    expect(page.locator("#chat-rows .row[aria-current]")).to_have_count(0)
    keys.type("nothing")
    expect(row(page, bo)).to_have_attribute("data-hint", "draft")
    expect(row(page, bo)).to_contain_text("typed?")
