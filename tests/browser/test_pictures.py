"""Pictures: chosen, dropped or pasted, made small, sent, and looked at."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, JSHandle, Page, Route, expect

from tests.browser.chat import (
    SEND,
    composer,
    expect_preview,
    expect_states,
    expect_texts,
    messages,
    open_pair,
    send,
    toast,
    wait_for_held_request,
)
from tests.browser.people import Person, PersonFor
from tests.pictures import animation, data_uri, display_p3, encoded, picture

WIDTHS = """item => [".bubble", ".bubble__picture", ".bubble__picture img"].map(
  (part) => item.querySelector(part).getBoundingClientRect().width
)"""
LAYOUT = "log => [log.scrollHeight, log.scrollTop, log.querySelector('.message').offsetTop]"
RISEN = """async log => {
  for (const each of log.getAnimations({ subtree: true })) await each.finished;
}"""
TRANSFER = """([name, kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: kind }));
  return transfer;
}"""
PASTE = """(field, transfer) => field.dispatchEvent(
  new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
)"""


def file(width: int = 640, height: int = 480) -> FilePayload:
    return {"name": "red.png", "mimeType": "image/png", "buffer": picture(width, height)}


def photograph(width: int, height: int) -> FilePayload:
    """Full of detail, so that it does not compress to nothing."""
    grain = Image.effect_noise((width // 4, height // 4), 60).resize((width, height))
    data = encoded(grain.convert("RGB"), "JPEG", quality=95)
    return {"name": "photograph.jpg", "mimeType": "image/jpeg", "buffer": data}


def carried(page: Page, name: str, kind: str, data: bytes) -> JSHandle:
    """What the mouse or the clipboard carries."""
    return page.evaluate_handle(TRANSFER, [name, kind, base64.b64encode(data).decode()])


def drop(page: Page, transfer: JSHandle) -> None:
    log, zone = page.locator("message-list"), page.locator(".drop-zone")
    log.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(zone).to_be_visible()
    zone.dispatch_event("drop", {"dataTransfer": transfer})
    expect(zone).to_be_hidden()


def test_a_large_picture_is_shrunk_before_it_travels(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    original = photograph(4000, 3000)

    ada.page.get_by_label("Add a picture").set_input_files(original)
    expect(ada.page.locator(".composer__preview")).to_contain_text("photograph.jpg2048 × 1536")
    composer(ada.page).fill("The harbour")
    with ada.page.expect_request(SEND) as sent:
        composer(ada.page).press("Enter")

    assert len(sent.value.post_data or "") < len(original["buffer"]) / 2
    expect_states(ada.page, "r")
    (kept,) = bo.get(f"/api/messages/{ada.id}")
    assert (kept["imageWidth"], kept["imageHeight"]) == (2048, 1536)
    image = messages(bo.page).get_by_role("img")
    expect(image).to_have_js_property("complete", True)
    expect(image).not_to_have_js_property("naturalWidth", 0)
    answer = bo.context.request.get(kept["image"])
    assert Image.open(io.BytesIO(answer.body())).size == (2048, 1536)


def test_a_picture_is_dropped_on_the_conversation(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page

    drop(page, carried(page, "red.png", "image/png", picture(640, 480)))
    expect(page.get_by_text("640 × 480")).to_be_visible()
    expect(composer(page)).to_be_focused()
    composer(page).press("Enter")

    expect(messages(bo.page).get_by_role("img")).to_be_visible()
    expect_preview(bo.page, ada, "Picture")
    expect(page.locator(".composer__preview")).to_be_hidden()


def test_a_picture_is_pasted(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    composer(page).fill("Look:")

    composer(page).evaluate(PASTE, carried(page, "image.png", "image/png", picture(640, 480)))
    expect(page.get_by_text("640 × 480")).to_be_visible()
    composer(page).press("Enter")

    expect_texts(bo.page, ["Look:"])
    expect(messages(bo.page).get_by_role("img")).to_be_visible()


def test_a_picture_is_taken_away_again(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.get_by_label("Add a picture").set_input_files(file())
    expect(ada.page.locator(".composer__preview")).to_be_visible()

    ada.page.get_by_role("button", name="Remove").click()
    expect(ada.page.locator(".composer__preview")).to_be_hidden()
    expect(composer(ada.page)).to_be_focused()
    send(ada.page, "Words alone")

    expect_states(ada.page, "r")
    (kept,) = ada.get(f"/api/messages/{bo.id}")
    assert (kept["text"], kept["image"]) == ("Words alone", None)


@pytest.mark.parametrize("name", ["notes.txt", "broken.png", "drawing.svg"])
def test_what_is_no_picture_is_sent_as_a_file(person: PersonFor, name: str, tmp_path: Path) -> None:
    """Dropped, and by a path, as people choose: the browser itself tells the page, listener by
    listener.
    """
    ada, bo = open_pair(person)
    page = ada.page
    kinds = {"txt": "text/plain", "png": "image/png", "svg": "image/svg+xml"}
    chosen = tmp_path / f"chosen-{name}"
    chosen.write_text("no picture")
    previews = page.locator(".composer__preview")

    drop(page, carried(page, name, kinds[name.partition(".")[2]], b"no picture"))
    expect(previews).to_have_text(re.compile(re.escape(name)))
    page.get_by_label("Add a picture").set_input_files(chosen)
    expect(previews).to_have_count(2)
    composer(page).press("Enter")

    expect(messages(bo.page).locator(".file bdi")).to_have_text([name, chosen.name])
    expect(toast(page)).to_have_count(0)
    [kept] = bo.get(f"/api/messages/{ada.id}")
    assert (kept["image"], [each["kind"] for each in kept["attachments"]]) == (None, ["file"] * 2)


def kept_by(ada: Person, bo: Person, name: str, kind: str, data: bytes) -> Image.Image:
    """What the site has of a picture that was sent by the page."""
    ada.page.get_by_label("Add a picture").set_input_files(
        {"name": name, "mimeType": kind, "buffer": data}
    )
    expect(ada.page.locator(".composer__preview")).to_contain_text(name)
    with ada.page.expect_response(SEND) as answer:
        composer(ada.page).press("Enter")
    assert answer.value.status == 201
    image = ada.context.request.get(ada.get(f"/api/messages/{bo.id}")[-1]["image"])
    return Image.open(io.BytesIO(image.body()))


def test_pictures_keep_their_look_on_their_way_through_the_page(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for form in ("GIF", "WEBP", "PNG", "AVIF"):
        moving = animation(3, form=form, size=(400, 200))
        kept: Any = kept_by(ada, bo, f"moving.{form}", f"image/{form.lower()}", moving)
        assert kept.n_frames == 3, form
    for side in (200, 3000):  # as it is, and shrunk by the browser
        wide = encoded(Image.new("RGB", (side, side), (230, 60, 60)), icc_profile=display_p3())
        shown = kept_by(ada, bo, f"wide{side}.png", "image/png", wide).convert("RGB")
        colours = zip(shown.getpixel((9, 9)), (250, 31, 49), strict=True)  # type: ignore[arg-type]
        assert max(abs(one - other) for one, other in colours) <= 4, side
    pillow_heif.register_heif_opener()
    photo = encoded(Image.new("RGB", (300, 200), (200, 30, 30)), "HEIF")
    for kind in ("image/heic", ""):  # browsers do not know it, and hardly any reads it
        assert kept_by(ada, bo, "photo.heic", kind, photo).size == (300, 200)


def test_the_place_of_a_picture_is_kept_while_it_loads(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for number in range(12):
        ada.send(bo, f"message {number}")
    held: list[Route] = []
    bo.page.route("**/media/messages/**", lambda route: held.append(route))
    log = bo.page.locator("message-list")

    ada.page.get_by_label("Add a picture").set_input_files(file(300, 900))
    expect(ada.page.get_by_text("300 × 900")).to_be_visible()
    with bo.page.expect_request("**/media/messages/**"):
        composer(ada.page).press("Enter")
    image = messages(bo.page).get_by_role("img")
    expect(image).to_be_visible()
    # The bubble has risen into its place.
    log.evaluate(
        "log => Promise.all(log.getAnimations({subtree: true}).map(each => each.finished))"
    )
    before: Any = log.evaluate(LAYOUT)
    wait_for_held_request(bo.page, held)
    for route in held:
        route.continue_()
    expect(image).not_to_have_js_property("naturalWidth", 0)

    assert log.evaluate(LAYOUT) == before


def test_a_picture_is_looked_at_and_left_by_keyboard(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.page.get_by_label("Add a picture").set_input_files(file())
    expect(bo.page.get_by_text("640 × 480")).to_be_visible()
    composer(bo.page).press("Enter")
    link = messages(ada.page).get_by_role("link")
    lightbox = ada.page.get_by_role("dialog")

    link.focus()
    ada.page.keyboard.press("Enter")
    expect(lightbox).to_be_visible()
    expect(lightbox).to_contain_text("Bo Okonkwo, Today")
    expect(lightbox.get_by_role("button", name="Close")).to_be_focused()
    expect(lightbox.get_by_role("img")).to_have_js_property("naturalWidth", 640)
    ada.page.keyboard.press("Escape")
    expect(lightbox).to_be_hidden()
    expect(link).to_be_focused()

    link.click()
    lightbox.get_by_role("button", name="Close").click()
    expect(lightbox).to_be_hidden()
    expect(link).to_be_focused()
    expect(ada.page).to_have_url(f"{ada.page.url.partition('/chat/')[0]}/chat/{bo.id}")


def test_a_bubble_is_as_wide_as_its_narrow_picture(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    image = data_uri(picture(150, 400))
    texts = ["", "Hi", "Words that would make a bubble far wider than this"]
    for text in texts:
        ada.post(f"/api/messages/send/{bo.id}", image=image, text=text)

    for page in (ada.page, bo.page):
        for place in range(len(texts)):
            expect(messages(page).nth(place).get_by_role("img")).to_be_visible()
            assert messages(page).nth(place).evaluate(WIDTHS) == [150, 150, 150]
