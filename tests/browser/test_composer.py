"""Where one writes: words and a picture, neither of which gets lost on its way into a message."""

import base64
import re
from html.parser import HTMLParser

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.chat import (
    composer,
    expect_states,
    expect_texts,
    messages,
    open_pair,
    row,
    send,
    stored,
    toast,
)
from tests.browser.people import PersonFor
from tests.pictures import picture

# Pictures are decoded when the test says so, in the order that it wants.
HOLD = """() => {
  const decode = window.createImageBitmap;
  window.held = [];
  window.createImageBitmap = (...file) => new Promise((resolve, reject) => {
    held.push(() => decode(...file).then(resolve, reject));
  });
}"""
DRAG = """(target, [name, data]) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "red.png", { type: "image/png" }));
  return !target.dispatchEvent(
    new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true })
  );
}"""


def file(name: str, data: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": data or picture(640, 480)}


def choose(page: Page, *files: FilePayload) -> None:
    for each in files:
        page.get_by_label("Add a picture").set_input_files(each)


def make_ready(page: Page, number: int) -> None:
    page.wait_for_function("number => held[number]", arg=number)
    page.evaluate("number => held[number]()", number)


def preview(page: Page) -> Locator:
    return page.locator(".composer__preview")


def test_what_is_typed_while_a_picture_is_made_ready_is_the_next_message(
    person: PersonFor,
) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    page.evaluate(HOLD)

    choose(page, file("red.png"))
    composer(page).fill("A caption")
    composer(page).press("Enter")
    composer(page).press_sequentially("More")
    composer(page).press("Enter")
    make_ready(page, 0)

    expect_texts(page, ["A caption"])
    expect(messages(page).get_by_role("img")).to_be_visible()
    expect(composer(page)).to_have_value("More")
    composer(page).press("Enter")
    expect_states(page, "rr")
    assert stored(bo, ada) == ["A caption", "More"]


def test_pictures_are_made_ready_one_after_the_other(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    page.evaluate(HOLD)

    choose(page, file("first.png"), file("second.png"), file("third.png"))
    expect(preview(page)).to_have_count(3)
    make_ready(page, 0)
    expect(preview(page).first).to_contain_text("first.png640 × 480")
    expect(preview(page).first).to_contain_text(re.compile(r"480, \d+ kB"))
    page.get_by_role("button", name="Remove second.png").click()
    composer(page).fill("Both")
    composer(page).press("Enter")
    # What was taken away is not sent, whenever it is ready.
    for number in (1, 2):
        make_ready(page, number)

    shown = messages(bo.page).locator(".album img")
    expect(shown).to_have_count(2)
    assert [each.get_attribute("alt") for each in shown.all()] == ["first.webp", "third.webp"]


def test_a_picture_stays_with_its_conversation(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "Hello from Cy")
    bo.send(ada, "Hello from Bo")
    page = ada.page

    choose(page, file("for-bo.png"))
    expect(preview(page)).to_contain_text("for-bo.png")
    row(page, cy).click()
    expect(page).to_have_title(re.compile("Cy Weber"))
    expect(preview(page)).to_be_hidden()
    row(page, bo).click()
    expect(page).to_have_title(re.compile("Bo Okonkwo"))
    expect(preview(page)).to_contain_text("for-bo.png")

    composer(page).press("Enter")
    expect(messages(page).get_by_role("img")).to_be_visible()
    expect(preview(page)).to_be_hidden()


def test_a_file_that_misses_the_pane_does_not_replace_the_page(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    data = base64.b64encode(picture(640, 480)).decode()
    sidebar = ada.page.locator("#sidebar")

    assert all(sidebar.evaluate(DRAG, [name, data]) for name in ("dragover", "drop"))
    expect(preview(ada.page)).to_be_hidden()


# Whether the page takes what is pasted for itself, instead of leaving it to the field as text.
PASTE = """(field, [texts, names]) => {
  const clipboardData = new DataTransfer();
  for (const [type, text] of Object.entries(texts)) clipboardData.setData(type, text);
  const bytes = Uint8Array.from(atob(window.red ?? ""), (character) => character.charCodeAt(0));
  for (const name of names) {
    clipboardData.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const options = { clipboardData, bubbles: true, cancelable: true };
  return !field.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def test_a_paste_is_what_one_sees(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page = ada.page
    data = base64.b64encode(picture(640, 480)).decode()
    page.evaluate("data => { window.red = data; }", data)
    html, cells = "<table><td>1</table>", "1\t2"

    def is_picture(names: list[str], **texts: str) -> bool:
        given = {name.replace("_", "/"): text for name, text in texts.items()}
        taken: bool = composer(page).evaluate(PASTE, [given, names])
        return taken

    assert not is_picture([], text_plain="words")
    assert not is_picture(["image.png"], text_plain=cells, text_html=html)
    assert not is_picture(["table.png"], text_plain=cells, text_html=html)
    assert not is_picture(["image.png"], text_plain=cells)
    expect(preview(page)).to_be_hidden()
    assert is_picture(["image.png"], text_html="<img src=x>")
    expect(preview(page)).to_contain_text("image.png")
    page.get_by_role("button", name="Remove").click()
    assert is_picture(["cat.png"], text_plain="cat.png")
    expect(preview(page)).to_contain_text("cat.png")
    expect(toast(page)).to_have_count(0)


def test_a_pasted_text_that_is_too_long_becomes_a_file(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    field = composer(ada.page)
    field.fill("x" * 9_990)
    assert not field.evaluate(PASTE, [{"text/plain": "y" * 10}, []])
    expect(preview(ada.page)).to_be_hidden()
    assert field.evaluate(PASTE, [{"text/plain": "é" * 11}, []])
    expect(preview(ada.page)).to_contain_text("Pasted text.txt")
    expect(toast(ada.page)).to_contain_text("added as a file")
    field.fill("Look")
    field.press("Enter")

    expect(messages(bo.page).last).to_contain_text("Pasted text.txt")
    [sent] = bo.get(f"/api/messages/{ada.id}")
    [file] = sent["attachments"]
    assert bo.context.request.get(file["url"]).text() == "é" * 11


def test_beyond_ten_files_none_is_lost_silently(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page = ada.page
    data = base64.b64encode(picture(640, 480)).decode()
    page.evaluate("data => { window.red = data; }", data)

    assert composer(page).evaluate(PASTE, [{}, [f"{number}.png" for number in range(9)]])
    expect(preview(page)).to_have_count(9)
    expect(toast(page)).to_have_count(0)
    dropped = page.locator(".conversation").evaluate(DRAG, ["drop", data])
    assert dropped
    expect(preview(page).last).to_contain_text("red.png")
    assert composer(page).evaluate(PASTE, [{}, ["eleventh.png"]])
    expect(toast(page)).to_contain_text("A message takes up to ten files")
    expect(preview(page)).to_have_count(10)
    page.get_by_label("Add a picture").set_input_files(
        {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}
    )
    page.get_by_role("button", name="Remove 0.png").click()
    page.get_by_label("Add a picture").set_input_files(
        {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}
    )
    expect(toast(page).last).to_contain_text("“empty.txt” is empty or cannot be read.")
    expect(preview(page)).to_have_count(9)


def test_typing_anywhere_reaches_the_composer(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Hello")
    page = ada.page
    expect_texts(page, ["Hello"])

    row(page, bo).focus()
    page.keyboard.type("Hi Bo")
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("Hi Bo")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("Weber")
    expect(page.get_by_role("searchbox")).to_have_value("Weber")
    messages(page).first.focus()
    for key in ("Control+b", "Space", "ArrowUp", "Tab", "F2"):
        page.keyboard.press(key)
        expect(composer(page)).to_have_value("Hi Bo")


def test_return_breaks_the_line_on_a_touch_keyboard(person: PersonFor) -> None:
    touch = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
    ada, bo = open_pair(person, **touch)
    page = ada.page
    expect(composer(page)).to_have_attribute("enterkeyhint", "enter")

    composer(page).tap()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    expect(composer(page)).to_have_value("one\ntwo")
    page.get_by_role("button", name="Send", exact=True).tap()
    expect_texts(page, ["one\ntwo"])

    page.goto("/profile")
    expect(page.get_by_label("Automatic")).to_be_checked()
    page.get_by_text("Sends", exact=True).tap()
    page.reload()
    expect(page.get_by_label("Sends")).to_be_checked()
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_have_attribute("enterkeyhint", "send")
    send(page, "three")
    expect_states(page, "rr")


def test_a_picture_is_taken_with_the_camera_of_a_phone(person: PersonFor) -> None:
    touch = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
    ada, bo = open_pair(person, **touch)
    page, camera = ada.page, ada.page.get_by_label("Take a picture")
    expect(page.locator(".composer__camera")).to_be_visible()
    expect(camera).to_have_attribute("capture", "environment")
    camera.set_input_files(file("taken.png"))
    expect(preview(page)).to_contain_text("taken.png")
    composer(page).fill("Look")
    expect(page.locator(".composer__camera")).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).tap()
    expect(messages(bo.page).get_by_role("img")).to_be_visible()


def test_return_breaks_the_line_where_one_wants_it_to(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    page.goto("/profile")
    page.get_by_text("New line", exact=True).click()
    page.goto(f"/chat/{bo.id}")

    composer(page).press_sequentially("one\ntwo")
    expect(composer(page)).to_have_value("one\ntwo")
    composer(page).press("Control+Enter")
    expect_texts(page, ["one\ntwo"])
    expect_states(page, "r")
    assert stored(bo, ada) == ["one\ntwo"]


def test_a_draft_follows_into_the_other_tab(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = ada.open_page(f"/chat/{bo.id}")

    composer(ada.page).fill("Dear Bo,")
    expect(composer(other)).to_have_value("Dear Bo,")
    composer(other).fill("Dear Bo, hello")
    expect(composer(ada.page)).to_have_value("Dear Bo, hello")
    composer(ada.page).press("Enter")

    expect(composer(other)).to_be_empty()
    expect_texts(other, ["Dear Bo, hello"])


class Fields(HTMLParser):
    """Name and value of every hidden field of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "input" and named.get("type") == "hidden":
            self.values[named["name"] or ""] = named["value"] or ""


def test_a_form_that_is_sent_again_makes_no_second_message(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    path = f"/chat/{bo.id}"
    first, second = (Fields(ada.context.request.get(path).text()).values for _ in range(2))

    for fields, text in ((first, "one"), (first, "one"), (first, "two"), (second, "one")):
        answer = ada.context.request.post(path, form={**fields, "text": text})
        assert answer.ok, answer.text()

    assert stored(bo, ada) == ["one", "two", "one"]
