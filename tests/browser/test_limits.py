"""Who is too quick for the site is told so calmly, and loses nothing."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from chatsite.security.request_limits import window_end
from tests.browser.chat import expect_states, expect_texts, open_pair, send, stored, toast
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.site import Site

SENDS = 5
TRIES = 2
GUESS = "a wrong password"
A_WHILE = 20  # seconds, in which a test does what it does within one minute of the server's
UNTIL_ALLOWED = 90_000  # milliseconds; a minute, and more for a busy machine
UNTIL_POLLING = 40_000
LIMITS = {
    "LIMIT_SENDS": str(SENDS),
    "LIMIT_LOG_INS": str(TRIES),
    "LIMIT_WRITES": "40",
    "SOCKETS_PER_PERSON": "1",
}

pytestmark = pytest.mark.timeout(300)  # seconds: what is waited for takes up to a minute of them


@pytest.fixture(scope="module")
def live_site(_static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("limits"), **LIMITS).running() as site:
        yield site


def await_a_fresh_minute(somebody: Person) -> None:
    """Of those that the server counts in for this person."""
    left = window_end(somebody.id, int(time.time())) - time.time()
    if left < A_WHILE:
        somebody.page.wait_for_timeout((left + 1) * 1000)


def guess_until_refused(page: Page) -> int:
    """How many guesses were let through: once more as many, when a minute of the server's ends."""
    for passed in range(2 * TRIES + 1):
        page.get_by_label("Password").fill(GUESS)
        with page.expect_response("**/login") as answer:
            page.get_by_role("button", name="Log in").click()
        if is_refusal(answer.value):
            return passed
        expect(page.get_by_label("Password")).to_have_value("")
    raise AssertionError("no guess was refused")


def notice(page: Page) -> str:
    return page.locator("form .notice.is-info").inner_text()


def is_refusal(response: Response) -> bool:
    return response.status == 429


@pytest.mark.timeout(240)
def test_the_outbox_waits_and_goes_on_by_itself(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    texts = [f"message {number}" for number in range(1, SENDS + 4)]
    answers: list[Response] = []
    ada.page.on("response", lambda answer: answers.append(answer))
    await_a_fresh_minute(ada)

    send(ada.page, *texts)
    told = toast(ada.page).filter(has_text="The rest will be sent automatically")
    expect(told).to_have_attribute("data-kind", "info")
    expect_texts(ada.page, texts)
    expect_states(ada.page, "r" * SENDS + "ppp")

    expect_states(ada.page, "r" * len(texts), timeout=UNTIL_ALLOWED)
    expect_texts(bo.page, texts)
    assert stored(bo, ada) == texts
    assert len(list(filter(is_refusal, answers))) == 1


def test_log_in_keeps_what_was_typed(person: PersonFor, browser: Browser, live_site: Site) -> None:
    ada = person("Ada Lindqvist", None)
    page = browser.new_page(base_url=live_site.url)
    page.goto("/login")
    page.get_by_label("E-mail").fill(ada.email)
    assert guess_until_refused(page) >= TRIES
    expect(page.locator("form .notice.is-info")).to_be_focused()
    assert "then try again" in notice(page)
    expect(page.get_by_label("E-mail")).to_have_value(ada.email)
    expect(page.get_by_label("Password")).to_have_value(GUESS)
    assert_accessible(page)
    page.close()


def test_a_page_without_a_socket_of_its_own_still_follows(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = ada.open_page(f"/chat/{bo.id}")
    send(bo.page, "Do both of your windows see this?")
    expect_texts(ada.page, ["Do both of your windows see this?"])
    expect_texts(other, ["Do both of your windows see this?"], timeout=UNTIL_POLLING)
