"""Files of messages: sent, shown, played, opened, and told of elsewhere."""

import io
import json
import re
import wave
from base64 import b64decode
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Request, Route, expect

from chatsite.language import size_in_words
from tests.browser.chat import (
    RETURN,
    SEND,
    SENT,
    banner,
    choose_action,
    composer,
    error_response,
    expect_eventually,
    expect_preview,
    expect_states,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    state,
    toast,
    touch,
    wait_for_held_request,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_appearance import PHONE
from tests.browser.test_texts import SIDEWAYS, markup
from tests.environment import ROOT
from tests.files import MP4, PDF, TUS
from tests.pictures import encoded

needs_tus = pytest.mark.skipif(
    not (ROOT / "node_modules" / "tus-js-client").exists(), reason="make node_modules/installed"
)
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
    ada, bo = open_pair(person)
    send_files(bo, ada, ("минуты.pdf", PDF), ("Notes.TXT", b"Some words."))
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
    expect(first).to_contain_text("Notes.TXTTXT, 1 kB")
    assert download(page, first.get_by_role("link").first) == ("минуты.pdf", PDF)
    player = page.get_by_label("song.wav", exact=True)
    duration, source = player.evaluate(PLAYED)
    assert (duration, source.endswith("/song.wav")) == (0.5, True)
    expect(page.locator("video")).to_have_attribute("aria-label", "clip.mp4")
    sizes = [0, 1, 499, 1500, 2500, 999_499, 999_500, 1_049_999, 1_050_000, 999_949_999, 10**9]
    script = """async sizes => {
      const { formatSize } = await import("/static/js/lib/attachments.js");
      return sizes.map(formatSize);
    }"""
    assert page.evaluate(script, sizes) == [size_in_words(size) for size in sizes]
    # Their places are there before they are.
    album = page.locator(".album").nth(3)
    ratios = "all => all.map(({ offsetWidth, offsetHeight }) => [offsetWidth, offsetHeight])"
    assert len({tuple(each) for each in album.locator("li").evaluate_all(ratios)}) == 1
    assert_accessible(page)


def test_pictures_are_walked_through_by_keys(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send_files(bo, ada, *pictures(2), text="Two *blue* ones")
    send_files(bo, ada, ("last.jpg", painted(9, WIDE)))
    page = ada.page
    links = page.locator(".album a")
    expect(links).to_have_count(3)
    lightbox = page.locator("picture-lightbox .lightbox")
    shown = lightbox.get_by_role("img")
    larger = lightbox.get_by_role("button", name="Larger")

    def expect_shown(number: int) -> None:
        address = links.nth(number).get_attribute("href")
        expect(shown).to_have_attribute("src", f"{page.url.split('/chat')[0]}{address}")

    links.first.press("Enter")
    expect_shown(0)
    expect(lightbox.get_by_role("button", name="Previous picture")).to_be_hidden()
    expect(lightbox).to_contain_text("· 1 of 2")
    expect(lightbox).to_contain_text("Two blue ones")
    expect(shown).to_have_js_property("naturalWidth", 600)
    width = shown.evaluate("image => image.offsetWidth")
    page.keyboard.press("+")
    expect(larger).to_have_attribute("aria-pressed", "true")
    expect_eventually(page, lambda: shown.evaluate("image => image.offsetWidth") > 2 * width, True)
    assert_accessible(page)
    page.keyboard.press("-")
    expect(shown).to_have_js_property("offsetWidth", width)
    shown.click()
    expect(larger).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")  # moves it
    expect_shown(0)
    larger.click()
    expect(larger).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("ArrowRight")
    expect_shown(1)
    expect(lightbox).to_contain_text("· 2 of 2")
    lightbox.get_by_role("button", name="Next picture").click()
    expect_shown(2)
    expect(lightbox).not_to_contain_text("of 2")
    expect(lightbox).not_to_contain_text("Two blue ones")
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


def test_pictures_are_walked_through_by_fingers(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    send_files(bo, ada, *pictures(2))
    page = ada.page
    links = page.locator(".album a")
    expect(links).to_have_count(2)
    lightbox = page.locator("picture-lightbox .lightbox")
    shown = lightbox.get_by_role("img")
    links.first.tap()
    expect(lightbox).to_contain_text("· 1 of 2")
    expect(shown).to_have_js_property("naturalWidth", 600)
    shown.tap()
    expect(lightbox.locator(".is-zoomed")).to_have_count(1)
    touch(shown, right=-100)  # moves it
    expect(lightbox).to_contain_text("· 1 of 2")
    page.keyboard.press("-")
    touch(shown, right=-100)
    expect(lightbox).to_contain_text("· 2 of 2")
    touch(shown, right=-100)  # there is no other
    expect(lightbox).to_contain_text("· 2 of 2")
    touch(shown, right=100)
    expect(lightbox).to_contain_text("· 1 of 2")
    touch(shown, down=100)
    expect(lightbox).to_be_hidden()
    expect(page).to_have_url(f"{page.url.split('/chat')[0]}/chat/{bo.id}")
    expect(page.get_by_role("toolbar", name="Message actions")).to_be_hidden()


def test_files_are_told_of_in_lists_and_quotes_and_leave_with_their_message(
    person: PersonFor,
) -> None:
    ada, bo = open_pair(person)
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


UPLOAD = "**/api/uploads/*"
BIG = bytes(range(256)) * 40_000  # 10 MB


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    chosen: list[FilePayload] = [
        {"name": name, "mimeType": "", "buffer": data} for name, data in files
    ]
    page.get_by_label("Add a picture").set_input_files(chosen)
    expect(page.locator(".composer__preview")).to_have_count(len(files))


def expect_arrived(person: Person, peer: Person, *files: tuple[str, bytes]) -> None:
    """In the last message: whole, and in their order."""
    names = messages(person.page).last.locator(".file bdi")
    expect(names).to_have_text([name for name, _data in files])
    kept = person.get(f"/api/messages/{peer.id}")[-1]["attachments"]
    assert [each["name"] for each in kept] == [name for name, _data in files]
    for each, (_name, data) in zip(kept, files, strict=True):
        assert person.context.request.get(each["url"]).body() == data


@needs_tus
def test_files_are_chosen_and_sent(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    begun: list[str] = []
    page.on("request", lambda request: begun.append(f"{request.method} {request.url}"))
    files = [("минуты.pdf", PDF), ("song.wav", sound())]

    choose(page, *files, ("other.zip", BIG))
    assert_accessible(page)
    page.get_by_role("button", name="Remove other.zip").click()
    expect(composer(page)).to_be_focused()
    composer(page).fill("Here they are")
    composer(page).press("Enter")

    expect(page.locator(".composer__preview")).to_have_count(0)
    expect_preview(bo.page, ada, "Here they are")
    expect_arrived(bo, ada, *files)
    expect(messages(page).last).to_have_attribute("data-state", "read")
    expect(page.locator(".upload")).to_have_count(0)
    assert len([each for each in begun if each.startswith("POST") and "/uploads" in each]) == 2
    # The client came with the first of them, and what is local is gone.
    assert len([each for each in begun if "/tus." in each]) == 1
    uploads = "Object.keys(localStorage).filter((key) => /^upload/.test(key))"
    expect_eventually(page, lambda: page.evaluate(uploads), [])
    drawn_by_script = markup(page)
    page.reload()
    assert drawn_by_script == markup(page)

    # Several pictures are made smaller and stand side by side; one alone is what it always was.
    photographs: list[FilePayload] = [
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
        for name, data in [("a.jpg", painted(1, (3000, 2000))), ("b.jpg", painted(2))]
    ]
    page.get_by_label("Add a picture").set_input_files(photographs)
    held: list[Route] = []
    page.route(SMALL, lambda route: held.append(route))
    composer(page).press("Enter")
    # Sent, they stay as they are until the server's are there.
    own = messages(page).last
    expect(own.locator(".album img")).to_have_count(2)
    expect(own).to_have_attribute("data-state", SENT)
    wait_for_held_request(page, held)
    expect(own.locator(".album img").first).to_have_attribute("src", SMALL)
    image = Image.open(io.BytesIO(own.locator(".album img").first.screenshot()))
    red, _green, blue = image.convert("RGB").resize((1, 1)).tobytes()
    assert red < 80
    assert blue > 180
    for route in held:
        route.continue_()
    page.unroute(SMALL)
    expect(messages(bo.page).last.locator(".album img")).to_have_count(2)
    kept = bo.get(f"/api/messages/{ada.id}")[-1]["attachments"]
    assert [(each["kind"], each["width"]) for each in kept] == [("picture", 2048), ("picture", 600)]
    messages(bo.page).last.get_by_role("link").first.click()
    expect(bo.page.locator("picture-lightbox .lightbox")).to_be_visible()
    with bo.page.expect_download() as started:
        bo.page.keyboard.press("d")
    assert started.value.suggested_filename == "a.webp"  # which it is now
    bo.page.keyboard.press("Escape")

    # Where the site was made without the client, files go in one piece; again what has expired.
    page.evaluate("delete document.body.dataset.tus")
    begun.clear()
    page.route(SEND, lambda route: route.fulfill(**error_response(400, "No.")))
    waiting: list[Route] = []
    page.route("**/api/attachments", lambda route: waiting.append(route))
    choose(page, *files)
    composer(page).press("Enter")
    wait_for_held_request(page, waiting)
    # How far that is, nobody can tell.
    bar = messages(page).last.get_by_role("progressbar")
    expect(bar).to_have_js_property("position", -1)
    waiting[0].continue_()
    page.unroute("**/api/attachments")
    expect(messages(page).last).to_have_attribute("data-state", "failed")
    page.unroute(SEND)
    addresses = page.evaluate("Object.entries(localStorage).filter(([key]) => /^upload/.test(key))")
    [first] = [address for key, address in addresses if key.endswith(":0")]
    assert ada.context.request.delete(first, headers=TUS).status == 204
    messages(page).last.get_by_role("button", name="Retry").click()
    expect(messages(bo.page)).to_have_count(3)
    expect_arrived(bo, ada, *files)
    assert len([each for each in begun if each.endswith("/api/attachments")]) == 3


@needs_tus
def test_pictures_are_put_in_order_and_get_captions(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    choose(page, ("a.jpg", painted(1)), ("b.jpg", painted(2)), ("c.jpg", painted(3, (3000, 2000))))
    names = page.locator(".composer__preview bdi")
    expect(page.locator(".composer__field")).to_have_attribute("aria-busy", "false")
    first = page.get_by_role("button", name="Move a.jpg", exact=True)
    first.press("ArrowDown")
    expect(names).to_have_text(["b.jpg", "a.jpg", "c.jpg"])
    expect(first).to_be_focused()
    page.get_by_role("button", name="Move c.jpg", exact=True).drag_to(
        page.get_by_role("button", name="Move b.jpg", exact=True)
    )
    expect(names).to_have_text(["c.jpg", "b.jpg", "a.jpg"])
    page.get_by_label("Caption b.jpg").fill("By the sea")
    original = page.get_by_role("button", name="Original quality")
    original.click()
    expect(original).to_have_attribute("aria-pressed", "true")
    assert_accessible(page)
    page.get_by_label("Caption b.jpg").press("Enter")
    expect(messages(page).last).to_have_attribute("data-state", "read")
    for who in (ada, bo):
        album = messages(who.page).last.locator(".album img")
        expect(album).to_have_count(3)
        expect(album.nth(1)).to_have_attribute("alt", "By the sea")
    sent = bo.get(f"/api/messages/{ada.id}")[-1]["attachments"]
    assert [each.get("caption") for each in sent] == [None, "By the sea", None]
    assert [each["name"] for each in sent] == ["c.jpg", "b.jpg", "a.jpg"]
    assert (sent[0]["width"], sent[0]["type"]) == (3000, "image/jpeg")
    assert bo.context.request.get(sent[0]["url"]).body() == painted(3, (3000, 2000))
    # They are edited with the words.
    choose_action(messages(page).last, "Edit")
    caption = page.get_by_label("Caption b.jpg")
    expect(caption).to_have_value("By the sea")
    caption.fill("By the lake")
    composer(page).fill("Three of them")
    page.get_by_label("Caption c.jpg").fill("Above")
    assert_accessible(page)
    page.get_by_label("Caption c.jpg").press("Enter")
    expect(page.locator(".composer__captions")).to_be_hidden()
    for who in (ada, bo):
        expect(messages(who.page).last).to_contain_text("Three of them")
        alts = messages(who.page).last.locator(".album img")
        expect(alts.nth(1)).to_have_attribute("alt", "By the lake")
        expect(alts.nth(0)).to_have_attribute("alt", "Above")
    choose_action(messages(page).last, "Edit")
    caption.fill("")
    caption.press("Escape")
    expect(page.locator(".composer__captions")).to_be_hidden()
    choose_action(messages(page).last, "Edit")
    expect(caption).to_have_value("By the lake")
    caption.fill("By the sea")
    caption.press("Enter")
    expect(bo.page.get_by_alt_text("By the sea")).to_be_visible()
    bo.page.get_by_alt_text("By the sea").click()
    expect(bo.page.locator("picture-lightbox .lightbox__caption")).to_have_text("By the sea")
    bo.page.keyboard.press("ArrowRight")
    expect(bo.page.locator("picture-lightbox .lightbox__caption")).to_have_text("Three of them")


@needs_tus
def test_an_upload_goes_on_after_a_break_or_a_reload_and_meanwhile_one_writes_elsewhere(
    person: PersonFor,
) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    bo.send(ada, "Send it")
    page = ada.page
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.method + request.url[-12:]))
    held: list[Route] = []
    page.route(UPLOAD, lambda route: held.append(route))

    choose(page, ("lost.pdf", PDF))
    composer(page).press("Enter")
    wait_for_held_request(page, held)
    page.context.set_offline(True)
    expect(banner(page)).to_be_visible()
    page.unroute(UPLOAD)
    expect(messages(page).last).to_have_attribute("data-state", "pending")
    page.context.set_offline(False)
    expect_arrived(bo, ada, ("lost.pdf", PDF))
    assert begun.count("POST/api/uploads") == 1

    held.clear()
    page.route(UPLOAD, lambda route: held.append(route))
    choose(page, ("big.bin", BIG))
    composer(page).press("Enter")
    wait_for_held_request(page, held)
    item = messages(page).last
    expect(item.locator(".file")).to_contain_text("big.bin")
    expect(item.get_by_role("progressbar")).to_be_visible()
    expect(item).to_have_attribute("data-state", "pending")
    assert_accessible(page)
    expect_preview(page, bo, "You: big.bin")

    page.goto(f"/chat/{cy.id}")
    send(page, "Meanwhile")
    expect(messages(page).last).to_have_attribute("data-state", SENT)
    assert messages(bo.page).count() == 2
    page.unroute(UPLOAD)
    page.goto(f"/chat/{bo.id}")

    expect_arrived(bo, ada, ("big.bin", BIG))
    expect(messages(page).last).to_have_attribute("data-state", "read")
    assert begun.count("POST/api/uploads") == 2


@needs_tus
def test_what_has_arrived_when_the_server_dies_is_not_sent_again(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": 2_000_000})

    choose(page, ("big.bin", BIG))
    composer(page).press("Enter")
    page.wait_for_function("() => document.querySelector('.upload progress')?.value > 0.2")
    with live_site.down():
        expect(banner(page)).to_be_visible()
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})

    expect_states(page, "r", timeout=RETURN)
    expect_arrived(bo, ada, ("big.bin", BIG))
    assert offsets[0] == 0 < offsets[-1] < len(BIG)


@needs_tus
def test_an_upload_is_refused_in_words_tried_again_and_cancelled(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    bo.send(ada, "Send them")
    no_room = "Your files would take more than the 1 GB that you have here."
    page.route("**/api/uploads", lambda route: route.fulfill(**error_response(413, no_room)))
    choose(page, ("minutes.pdf", PDF))
    composer(page).fill("Minutes")
    composer(page).press("Enter")
    item = messages(page).last
    expect(item).to_have_attribute("data-state", "failed")
    expect(toast(page)).to_contain_text(no_room)
    expect(item.get_by_role("progressbar")).to_be_hidden()
    expect_preview(page, bo, "Not sent: Minutes")

    page.unroute("**/api/uploads")
    item.get_by_role("button", name="Retry").click()
    expect_arrived(bo, ada, ("minutes.pdf", PDF))

    # Those beside one that is refused stay.
    begun: list[str] = []

    def refuse_second(route: Route) -> None:
        begun.append(route.request.method)
        if begun == ["POST", "PATCH"] * 2:
            route.fulfill(**error_response(400, "A virus was found in this file."))
        else:
            route.continue_()

    page.route(re.compile("/api/uploads"), refuse_second)
    choose(page, ("song.wav", sound()), ("minutes.pdf", PDF))
    composer(page).fill("Both")
    composer(page).press("Enter")
    expect(messages(page).last).to_have_attribute("data-state", "failed")
    assert begun == ["POST", "PATCH"] * 2
    messages(page).last.get_by_role("button", name="Retry").click()
    expect_arrived(bo, ada, ("song.wav", sound()), ("minutes.pdf", PDF))
    assert begun[4:] == ["HEAD", "POST", "PATCH"]
    page.unroute(re.compile("/api/uploads"))
    before = ada.get("/api/attachments/usage")["used"]

    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PATCH":
            held.append(route)
        else:
            route.continue_()

    page.route(UPLOAD, hold)
    choose(page, ("big.bin", BIG))
    composer(page).fill("What it is")
    composer(page).press("Enter")
    wait_for_held_request(page, held)
    assert ada.get("/api/attachments/usage")["used"] == before + len(BIG)
    composer(page).fill("What is next")
    with page.expect_response(lambda got: got.request.method == "DELETE") as ended:
        messages(page).last.get_by_role("button", name="Cancel").click()
    assert ended.value.status == 204
    expect(messages(page)).to_have_count(3)
    assert ada.get("/api/attachments/usage")["used"] == before
    # The words are not lost by it.
    expect(composer(page)).to_have_value("What it is\nWhat is next")
    expect(composer(page)).to_be_focused()
    send(page, "After all")
    expect_texts(bo.page, ["Send them", "Minutes", "Both", "After all"])


@needs_tus
def test_what_is_cancelled_in_another_tab_is_not_sent(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page, other = ada.page, ada.open_page(f"/chat/{bo.id}")
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.method + request.url[-12:]))

    def cancel(address: str, left: int) -> None:
        """While the answer to this is awaited."""
        held: list[Route] = []
        page.route(address, lambda route: held.append(route))
        choose(page, ("minutes.pdf", PDF))
        composer(page).press("Enter")
        wait_for_held_request(page, held)
        messages(other).last.get_by_role("button", name="Cancel").click()
        expect(messages(other)).to_have_count(left)
        held[0].continue_()
        page.unroute(address)

    cancel("**/tus.*", left=0)
    expect(messages(page)).to_have_count(0)
    send(page, "Nothing")
    expect_texts(bo.page, ["Nothing"])
    assert "POST/api/uploads" not in begun
    # Nor where the tabs do not hear of each other.
    other.evaluate("BroadcastChannel.prototype.postMessage = () => {}")
    cancel("**/api/uploads", left=1)
    send(other, "Again")
    expect_texts(bo.page, ["Nothing", "Again"])
    assert "POST/api/uploads" in begun
    expect_eventually(page, lambda: ada.get("/api/attachments/usage")["used"], 0)


def test_files_are_found_in_the_details(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send_files(bo, ada, *pictures(3))
    send_files(bo, ada, ("minutes.pdf", PDF), ("song.wav", sound()))
    page = ada.page
    page.locator("[data-details]").click()
    pane = page.locator("#details")
    shown = pane.locator(".is-pictures img")
    expect(shown).to_have_count(3)
    shown.first.click()
    expect(page.locator("picture-lightbox .lightbox")).to_be_visible()
    page.keyboard.press("ArrowRight")
    address = pane.locator(".is-pictures a").nth(1).get_attribute("href")
    assert address
    large = page.locator("picture-lightbox .lightbox").get_by_role("img")
    expect(large).to_have_attribute("src", re.compile(f"{re.escape(address)}$"))
    page.keyboard.press("Escape")

    pane.get_by_role("tab", name="Files").click()
    names = pane.locator(".is-files bdi").filter(has_not_text="Bo")
    expect(names).to_have_text(["minutes.pdf", "song.wav"])
    send_files(bo, ada, ("later.pdf", PDF))
    expect(names).to_have_text(["later.pdf", "minutes.pdf", "song.wav"])
    link = pane.get_by_role("link", name="minutes.pdf")
    assert download(page, link) == ("minutes.pdf", PDF)
    assert_accessible(page)
    pane.get_by_role("link", name="Show in chat").last.click()
    item = messages(page).filter(has_text="song.wav")
    expect(item).to_be_focused()
    key = item.get_attribute("data-message-id")
    bo.context.request.delete(f"/api/messages/{key}")
    expect(names).to_have_text(["later.pdf"])


FILMED = """async ({ width, height, still }) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(25);
  const recorder = new MediaRecorder(stream, { mimeType: "video/webm;codecs=vp8" });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  for (let frame = 0; frame < 50; frame += 1) {
    context.fillStyle = frame < still ? "black" : `hsl(${20 + frame} 80% 60%)`;
    context.fillRect(0, 0, width, height);
    if (frame >= still) context.fillStyle = "white";
    context.fillRect(frame * 4, height / 3, width / 8, height / 3);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  recorder.stop();
  await ended;
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def film(page: Page, width: int = 320, height: int = 180, *, still: int = 0) -> bytes:
    """Two seconds, recorded without a length as browsers do; its first frames are black."""
    return b64decode(page.evaluate(FILMED, {"width": width, "height": height, "still": still}))


@needs_tus
def test_a_video_has_a_poster_and_its_length(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    clip, broken = film(page, still=10), MP4
    files: list[FilePayload] = [
        {"name": "clip.webm", "mimeType": "video/webm", "buffer": clip},
        {"name": "broken.mp4", "mimeType": "video/mp4", "buffer": broken},
    ]
    page.locator('[type="file"]').first.set_input_files(files)
    expect(page.locator(".composer__field")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".composer__preview img").first).to_be_visible()
    composer(page).press("Enter")
    expect(messages(page).last).to_have_attribute("data-state", "read")
    [shown, plain] = bo.get(f"/api/messages/{ada.id}")[-1]["attachments"]
    assert (shown["width"], shown["height"]) == (320, 180)
    assert 1500 < shown["duration"] < 4000
    assert not {"duration", "thumbnail", "width"} & set(plain)
    poster = Image.open(io.BytesIO(bo.context.request.get(shown["thumbnail"]).body()))
    assert poster.size == (320, 180)
    assert max(poster.convert("L").tobytes()) > 100  # not one of the black frames
    for who in (ada, bo):
        [first, second] = messages(who.page).last.locator("video").all()
        expect(first).to_have_attribute("poster", SMALL)
        expect(first).to_have_attribute("preload", "none")
        expect(second).not_to_have_attribute("poster", SMALL)
        expect(messages(who.page).last.locator(".video__length")).to_have_text(
            re.compile("0:0[234]")
        )
    drawn_by_script = markup(bo.page)
    bo.page.reload()
    assert drawn_by_script == markup(bo.page)
    _length, source = bo.page.locator("video").first.evaluate(PLAYED)
    assert source.endswith("/clip.webm")
    # Its length is drawn over it until it plays.
    length = bo.page.locator("message-list .video__length")
    expect(length).to_have_css("opacity", "0")
    bo.page.locator("[data-details]").click()
    pane = bo.page.locator("#details")
    pane.get_by_role("tab", name="Files").click()
    expect(pane.locator("video")).to_have_count(1)
    expect(pane.locator(".video__length")).to_be_visible()
    assert pane.locator("video").evaluate(PLAYED)[1].endswith("/clip.webm")
    assert_accessible(bo.page)
