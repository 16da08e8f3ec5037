"""Files of messages: what one sees of them, and how they play, open and are told of elsewhere."""

import io
import json
import re
import wave
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from messaging.page.attachments import size_in_words
from tests.browser.chat import (
    choose_action,
    expect_preview,
    face_to_face,
    message,
    messages,
    row,
    send,
    state,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_texts import SIDEWAYS, markup
from tests.files import MP4, PDF
from tests.pictures import encoded

PLAYED = """async player => {
  player.muted = true;
  await player.play();
  return [player.duration, player.currentSrc];
}"""
LONG_NAME = "Протокол " + "sehr_langer_name_" * 12 + "محضر.pdf"
SMALL = re.compile(r"thumbnail=true$")
TALL, WIDE = (300, 900), (1200, 400)


def painted(number: int, size: tuple[int, int] = (600, 400)) -> bytes:
    return encoded(Image.new("RGB", size, (40 + 20 * number, 90, 220 - 20 * number)), "JPEG")


def sound() -> bytes:
    """Half a second."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 4000)
    return target.getvalue()


def upload(person: Person, name: str, data: bytes) -> str:
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    answer = person.context.request.post("/api/attachments", multipart={"file": file})
    assert answer.status == 201, answer.text()
    key: str = answer.json()["id"]
    return key


def send_files(sender: Person, to: Person, *files: tuple[str, bytes], **more: Any) -> Any:
    """Over the API; the message."""
    keys = [upload(sender, *file) for file in files]
    data = json.dumps({"attachments": keys, **more})
    headers = {"Content-Type": "application/json"}
    path = f"/api/messages/send/{to.id}"
    answer = sender.context.request.post(path, data=data, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def pictures(number: int) -> list[tuple[str, bytes]]:
    return [(f"{each}.jpg", painted(each)) for each in range(number)]


def files_of(item: Locator) -> Locator:
    return item.locator(".attachments")


def download(page: Page, press: Locator) -> tuple[str, bytes]:
    with page.expect_download() as started:
        press.click()
    path = started.value.path()
    return started.value.suggested_filename, path.read_bytes()


def test_files_are_shown_played_and_downloaded(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    send_files(bo, ada, ("минуты.pdf", PDF))
    send_files(bo, ada, ("song.wav", sound()), ("clip.mp4", MP4), text="Listen")
    for number in (1, 2, 3, 4, 5, 7, 10):
        send_files(bo, ada, *pictures(number))
    send_files(bo, ada, ("tall.jpg", painted(1, TALL)), text="😀")
    send_files(bo, ada, ("wide.jpg", painted(2, WIDE)), (LONG_NAME, PDF), text="Both")
    page = ada.page
    expect(files_of(page.locator("message-list"))).to_have_count(11)
    expect(messages(page).last).to_contain_text("Both")
    expect(messages(bo.page).last).to_have_attribute("data-state", "read")

    # The server shows the same as the script.
    drawn_by_script = markup(page)
    page.reload()
    assert drawn_by_script == markup(page)
    expect(page.locator(".message.is-emoji")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) == []

    first = files_of(messages(page).first)
    expect(first).to_contain_text("минуты.pdfPDF, 1 kB")
    assert download(page, first.get_by_role("link")) == ("минуты.pdf", PDF)
    player = page.get_by_label("song.wav", exact=True)
    duration, source = player.evaluate(PLAYED)
    assert (duration, source.endswith("/song.wav")) == (0.5, True)
    expect(page.locator("video")).to_have_attribute("aria-label", "clip.mp4")
    sizes = [0, 1, 499, 1500, 2500, 999_499, 999_500, 1_049_999, 1_050_000, 999_949_999, 10**9]
    script = """async sizes => {
      const { sizeInWords } = await import("/static/js/lib/attachments.js");
      return sizes.map(sizeInWords);
    }"""
    assert page.evaluate(script, sizes) == [size_in_words(size) for size in sizes]
    # Their places are there before they are.
    album = page.locator(".album").nth(3)
    ratios = "all => all.map(({ offsetWidth, offsetHeight }) => [offsetWidth, offsetHeight])"
    assert len({tuple(each) for each in album.locator("li").evaluate_all(ratios)}) == 1
    assert_accessible(page)


def test_pictures_are_walked_through_by_keys(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    send_files(bo, ada, *pictures(2))
    send_files(bo, ada, ("last.jpg", painted(9, WIDE)))
    page = ada.page
    links = page.locator(".album a")
    expect(links).to_have_count(3)
    lightbox = page.locator(".lightbox")
    shown = lightbox.get_by_role("img")

    def expect_shown(number: int) -> None:
        address = links.nth(number).get_attribute("href")
        expect(shown).to_have_attribute("src", f"{page.url.split('/chat')[0]}{address}")

    links.first.press("Enter")
    expect_shown(0)
    expect(lightbox.get_by_role("button", name="Previous picture")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect_shown(1)
    lightbox.get_by_role("button", name="Next picture").click()
    expect_shown(2)
    expect(shown).to_have_js_property("naturalWidth", WIDE[0])
    expect(lightbox.get_by_role("button", name="Next picture")).to_be_hidden()
    expect(lightbox.get_by_role("button", name="Previous picture")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect_shown(2)
    with page.expect_download() as started:
        page.keyboard.press("d")
    assert started.value.suggested_filename == "last.jpg"
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(lightbox).to_be_hidden()
    expect(page).to_have_url(f"{page.url.split('/chat')[0]}/chat/{bo.id}")


def test_files_are_told_of_in_lists_and_quotes_and_leave_with_their_message(
    person: PersonFor,
) -> None:
    ada, bo = face_to_face(person)
    page = ada.page
    told = [
        (pictures(1), "Picture", "picture"),
        (pictures(3), "3 pictures", "caption"),
        ([("clip.mp4", MP4)], "Video", "files"),
        ([("minutes.pdf", PDF), *pictures(1)], "2 files", "files"),
        ([("minutes.pdf", PDF)], "minutes.pdf", "files"),
    ]
    for files, words, kind in told:
        send_files(bo, ada, *files)
        expect_preview(page, bo, words)
        expect(row(page, bo)).to_have_attribute("data-kind", kind)
    page.reload()
    expect_preview(page, bo, "minutes.pdf")

    # Quoted, also of what is not in the page, and pinned.
    choose_action(messages(page).first, "Reply")
    expect(page.locator(".composer__reply img")).to_have_attribute("src", SMALL)
    expect(page.locator(".composer__reply")).to_contain_text("Picture")
    send(page, "Nice")
    choose_action(messages(page).nth(4), "Reply")
    send(page, "Thanks")
    quote = message(bo.page, "Thanks").locator(".reply")
    expect(quote).to_contain_text("minutes.pdf")
    expect(message(bo.page, "Nice").locator(".reply img")).to_have_attribute("src", SMALL)
    before = quote.evaluate("quote => quote.outerHTML")
    bo.page.reload()
    assert before == quote.evaluate("quote => quote.outerHTML")
    choose_action(messages(page).nth(1), "Pin")
    expect(page.locator("pinned-messages")).to_contain_text("3 pictures")

    # A copy has files of its own.
    cy = person("Cy Weber", None)
    last = bo.get(f"/api/messages/{ada.id}")[4]
    ada.post("/api/messages/forward", messageIds=[last["_id"]], to=[cy.id], clientMessageId="f")
    cy.page.goto(f"/chat/{ada.id}")
    expect(state(cy.page, "online")).to_be_visible()
    name, data = download(cy.page, files_of(messages(cy.page).first).get_by_role("link"))
    assert (name, data) == ("minutes.pdf", PDF)

    bo.context.request.delete(f"/api/messages/{last['_id']}")
    gone = messages(page).nth(4)
    expect(gone.get_by_text("Message deleted")).to_be_visible()
    expect(files_of(gone)).to_have_count(0)
    expect(message(page, "Thanks").locator(".reply")).to_contain_text("Message deleted")
    expect(files_of(messages(cy.page).first)).to_be_visible()
