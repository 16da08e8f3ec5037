"""Voice messages: recorded with Chromium's microphone for tests, which beeps, and listened to."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat import (
    RETURN,
    SENT,
    composer,
    expect_eventually,
    message,
    messages,
    open_pair,
    send,
    toast,
)
from tests.browser.conftest import SWITCHES
from tests.browser.people import Person, PersonFor, assert_accessible, sign_up
from tests.browser.site import Site
from tests.browser.test_texts import markup
from tests.services import find

# What the page's scripts have played: how quickly, and how many at once.
PLAYS = """() => {
  const all = [];
  globalThis.played = [];
  const note = ({ target }) => {
    const together = all.filter(({ paused }) => !paused).length;
    played.push({ speed: target.playbackRate, together });
  };
  globalThis.Audio = class extends Audio {
    constructor(...given) {
      super(...given);
      all.push(this);
      this.addEventListener("play", note);
    }
  };
}"""


def recorder(page: Page) -> Locator:
    return page.locator("message-composer voice-recorder")


def record(page: Page, seconds: int = 1) -> Locator:
    page.get_by_role("button", name="Record a voice message").click()
    expect_length(recorder(page), seconds)
    return recorder(page)


def expect_length(bars: Locator, seconds: int) -> None:
    """At least: a second may pass while nobody looks."""
    expect(bars.get_by_role("timer")).to_have_text(re.compile(rf"^0:(0[{seconds}-9]|[1-5]\d)$"))


def say(person: Person, seconds: int = 1) -> Locator:
    """Returns the message, which the server has."""
    count = messages(person.page).count()
    record(person.page, seconds).get_by_role("button", name="Send").click()
    expect(messages(person.page)).to_have_count(count + 1)
    item = messages(person.page).nth(count)
    expect(item).to_have_attribute("data-state", SENT)
    return item


def button(item: Locator, name: str) -> Locator:
    return item.get_by_role("button", name=name)


def test_is_recorded_sent_and_listened_to(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.context.add_init_script(f"({PLAYS})()")
    ada.page.reload()
    bars = record(bo.page)
    button(bars, "Pause the recording").click()
    expect(bars).to_have_class(re.compile("is-paused"))
    button(bars, "Listen to the recording").click()
    assert_accessible(bo.page)
    button(bars, "Go on recording").click()
    expect_length(bars, 2)
    button(bars, "Send").click()
    expect(bars).to_have_count(0)
    expect(composer(bo.page)).to_be_focused()
    say(bo)

    page = ada.page
    expect(messages(page)).to_have_count(2)
    first, second = messages(page).nth(0), messages(page).nth(1)
    expect(second.get_by_text("Not listened to yet")).to_be_attached()
    slider = first.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^0:00 / 0:0"))
    expect(messages(bo.page).last).to_have_attribute("data-state", "read")
    # The server shows the same as the script.
    drawn_by_script = markup(page)
    page.reload()
    assert drawn_by_script == markup(page)
    assert_accessible(page)
    expect(first).to_have_attribute("data-listened", "no")
    expect(messages(bo.page).nth(0)).to_have_attribute("data-listened", "")

    # One after the other, and one at a time.
    button(first, "Play").click()
    expect(first.locator(".is-playing")).to_be_visible()
    expect(messages(bo.page).nth(0)).to_have_attribute("data-listened", "yes")
    expect(first).to_have_attribute("data-listened", "")
    expect(messages(bo.page).nth(1)).to_have_attribute("data-listened", "yes")
    expect(page.locator(".is-playing")).to_have_count(0)
    assert page.evaluate("played") == [{"speed": 1, "together": 1}] * 2
    for reader, answer in ((bo, "yes"), (ada, "")):
        reader.page.reload()
        for place in (0, 1):
            expect(messages(reader.page).nth(place)).to_have_attribute("data-listened", answer)

    # By keys and clicks to a place, and more quickly.
    slider.focus()
    end = slider.get_attribute("aria-valuemax") or ""
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuenow", end)
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    slider.click()
    expect(slider).to_have_attribute("aria-valuenow", re.compile(f"^(?!0$|{end}$)"))
    for speed in ("1.5×", "2×", "1×", "1.5×"):
        first.locator(".voice__speed").click()
        expect(button(first, f"Speed {speed}")).to_have_text(speed)
    button(first, "Play").click()
    expect_eventually(page, lambda: page.evaluate("played"), [{"speed": 1.5, "together": 1}])


def test_is_listed_in_rows_and_details(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    say(ada)
    page = bo.page
    expect(messages(page)).to_have_count(1)
    row = page.locator(f"#chats-{ada.id}")
    expect(row).to_have_attribute("data-kind", "voice")
    expect(row.locator("[data-field=text]")).to_have_text(re.compile(r"^Voice message, 0:0\d$"))
    page.goto(f"/chat/{ada.id}#about")
    page.get_by_role("tab", name="Voice").click()
    item = page.locator(".is-voice .shared__item")
    expect(item).to_have_attribute("data-listened", "no")
    button(item, "Play").click()
    expect(item).to_have_attribute("data-listened", "")
    expect(messages(page).first).to_have_attribute("data-listened", "")
    expect(messages(ada.page).first).to_have_attribute("data-listened", "yes")
    page.get_by_role("tab", name="Files").click()
    expect(page.get_by_text("Files of this chat will be here.")).to_be_visible()


def test_is_kept_without_a_network(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    record(page).get_by_role("button", name="Cancel the recording").click()  # its script is here
    page.context.set_offline(True)
    record(page).get_by_role("button", name="Send").click()
    expect(messages(page)).to_have_attribute("data-state", "pending")
    page.context.set_offline(False)
    page.reload()
    expect(messages(page)).to_have_attribute("data-state", SENT, timeout=RETURN)
    expect(messages(bo.page).get_by_role("slider")).to_be_visible()
    [said] = bo.get(f"/api/messages/{ada.id}")
    [file] = said["attachments"]
    assert (file["kind"], file["type"]) == ("audio", "audio/webm")
    assert file["duration"] >= 500
    assert "v" in file["waveform"]  # the beep


def test_is_cancelled_and_left(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Twombly", None)
    page = ada.page
    record(page).get_by_role("button", name="Cancel the recording").click()
    expect(recorder(page)).to_have_count(0)
    record(page)
    page.keyboard.press("Escape")
    expect(recorder(page)).to_have_count(0)
    expect(composer(page)).to_be_focused()
    # With something to send there is no place for it.
    composer(page).fill("Hello")
    expect(page.get_by_role("button", name="Record a voice message")).to_be_hidden()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    composer(page).press("Control+Enter")
    expect(composer(page)).to_have_value("")
    expect(message(page, "Hello")).to_be_visible()

    # Who leaves the chat finds it there again.
    cy.send(ada, "Here")
    record(page)
    page.locator(f"#chats-{cy.id}").click()
    expect(message(page, "Here")).to_be_visible()
    expect(toast(page)).to_contain_text("Your recording waits")
    expect(page.locator(".composer__preview")).to_have_count(0)
    page.locator(f"#chats-{bo.id}").click()
    expect(page.locator(".composer__preview")).to_contain_text("Voice message")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(messages(bo.page)).to_have_count(2)
    expect(messages(bo.page).last.get_by_role("slider")).to_be_visible()


def test_sliding_cancels(person: PersonFor) -> None:
    phone = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
    ada, _bo = open_pair(person, **phone)
    page = ada.page
    page.get_by_role("button", name="Record a voice message").tap()
    bar = recorder(page)
    expect(bar.get_by_text("Slide to cancel")).to_be_visible()
    box = bar.get_by_role("timer").bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2

    def slide(*ways: int) -> None:
        for kind, way in zip(("touchStart", *["touchMove"] * len(ways)), (0, *ways), strict=True):
            points = [{"x": box["x"] + way, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    slide(20, 40)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(bar).to_be_visible()
    slide(20, 40, 60, 80, 100, 120)
    expect(bar).to_have_count(0)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(messages(page)).to_have_count(0)


def test_who_refuses_the_microphone_is_told_what_to_do(live_site: Site, browser: Browser) -> None:
    switches = [each for each in SWITCHES if "media-stream" not in each]
    program = find("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    refusing = browser.browser_type.launch(
        executable_path=program,
        args=[
            *switches,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream=deny",
        ],
    )
    try:
        ada, bo = (sign_up(refusing, live_site.url, name) for name in ("Ada", "Bo"))
        ada.page.goto(f"/chat/{bo.id}")
        ada.page.get_by_role("button", name="Record a voice message").click()
        expect(toast(ada.page)).to_contain_text("allow this site to use the microphone")
        expect(recorder(ada.page)).to_have_count(0)
        send(ada.page, "Then in writing")
        expect(messages(ada.page)).to_have_attribute("data-state", SENT)
        assert not ada.problems
    finally:
        refusing.close()
