"""What other apps share goes to a chat of one's choice, where it is not sent by itself."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import composer, expect_eventually, expect_texts, messages, send, stored
from tests.browser.people import PASSWORD, Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_appearance import PHONE
from tests.pictures import data_uri, picture

CONTROLLED = "() => navigator.serviceWorker.controller"
SHARED = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("shared"));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return keys.flat().map(({ url }) => url);
}"""
# As the system has the browser do it, of which there is no other way here.
SHARE = """async ([words, files]) => {
  const form = document.createElement("form");
  Object.assign(form, { action: "/share", method: "post", enctype: "multipart/form-data" });
  for (const [name, value] of Object.entries(words)) {
    form.append(Object.assign(document.createElement("textarea"), { name, value }));
  }
  const chosen = new DataTransfer();
  for (const { name, type, url } of files) {
    const bytes = Uint8Array.from(atob(url.split(",")[1]), (each) => each.charCodeAt(0));
    chosen.items.add(new File([bytes], name, { type }));
  }
  const input = Object.assign(document.createElement("input"), { type: "file", name: "files" });
  Object.assign(input, { multiple: true, files: chosen.files });
  if (files.length) form.append(input);
  document.body.append(form);
  form.submit();
}"""
WORDS = {"title": "A view", "text": "Look: https://example.org/view", "url": ""}


def file(name: str, kind: str, data: bytes) -> dict[str, str]:
    return {"name": name, "type": kind, "url": data_uri(data)}


VIEW = file("Aussicht süß.png", "image/png", picture(320, 240))
NOTES = file("notes.txt", "text/plain", b"From the tram")


def share(page: Page, *files: dict[str, str], **words: str) -> None:
    with page.expect_navigation(url=re.compile("/(share|login)")):
        page.evaluate(SHARE, [words, list(files)])


def app_of(person: PersonFor, **options: Any) -> Person:
    """Somebody whose browser has the worker at work."""
    ada = person("Ada Lindqvist", service_workers="allow", **options)
    ada.page.wait_for_function(CONTROLLED)
    return ada


def expect_offered(page: Page, *names: str) -> None:
    expect(page.locator(".share__text")).to_have_text("A view\nLook: https://example.org/view")
    expect(page.locator(".share__files bdi")).to_have_text(list(names))


def choose(page: Page, peer: Person) -> None:
    page.locator(f'.candidate[href="/chat/{peer.id}"]').click()


def log_in(page: Page, somebody: Person) -> None:
    page.get_by_label("E-mail").fill(somebody.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_it_waits_in_the_chat_that_was_chosen(person: PersonFor) -> None:
    ada, bo = app_of(person, **PHONE), person("Bo Zwicky", None)
    person("Cy Weber", None)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    composer(page).fill("My draft")
    share(page, VIEW, NOTES, **WORDS)
    expect_offered(page, "Aussicht süß.png", "notes.txt")
    expect(page.locator(".share__files img").first).to_be_visible()
    assert_accessible(page)
    page.reload()
    expect_offered(page, "Aussicht süß.png", "notes.txt")

    page.get_by_role("searchbox").fill("zwic")
    expect(page.locator(".candidate")).to_have_count(1)
    page.get_by_role("searchbox").press("Enter")
    text = f"{WORDS['title']}\n{WORDS['text']}\nMy draft"
    expect(composer(page)).to_have_value(text)
    expect(page.locator(".composer__preview")).to_have_count(2)
    expect(page).to_have_url(re.compile(rf"/chat/{bo.id}$"))
    expect(page.locator(".composer__field")).to_have_attribute("aria-busy", "false")
    assert_accessible(page)
    assert stored(ada, bo) == []
    expect_eventually(page, lambda: page.evaluate(SHARED), [])

    page.get_by_role("button", name="Send", exact=True).click()
    expect(messages(page)).to_have_count(1)
    expect(messages(page)).to_have_attribute("data-message-id", re.compile("."))
    assert stored(ada, bo) == [text]
    page.go_back()
    expect(page.get_by_role("heading", name="There is nothing to share here")).to_be_focused()
    assert_accessible(page)


def test_who_has_to_log_in_first_finds_it_afterwards(person: PersonFor) -> None:
    ada, bo = app_of(person), person("Bo Okonkwo", None)
    ada.context.clear_cookies()
    share(ada.page, VIEW, **WORDS)
    log_in(ada.page, ada)
    expect_offered(ada.page, "Aussicht süß.png")
    choose(ada.page, bo)
    expect(ada.page.locator(".composer__preview")).to_have_count(1)
    assert stored(ada, bo) == []


@pytest.mark.parametrize("signs_out", [True, False])
def test_nobody_else_sees_it(live_site: Site, person: PersonFor, signs_out: bool) -> None:
    ada, cy = app_of(person), person("Cy Weber", None)
    share(ada.page, VIEW, **WORDS)
    expect_offered(ada.page, "Aussicht süß.png")
    address = ada.page.url
    if signs_out:
        ada.page.goto("/")
        ada.page.get_by_role("button", name="Sign out").click()
        expect(ada.page.get_by_role("button", name="Log in")).to_be_visible()
        expect_eventually(ada.page, lambda: ada.page.evaluate(SHARED), [])
    else:
        ada.context.clear_cookies()
    ada.page.goto(address)
    log_in(ada.page, cy)
    expect(ada.page.get_by_role("heading", name="There is nothing to share here")).to_be_visible()
    expect(ada.page.get_by_text("A view")).to_have_count(0)
    expect_eventually(ada.page, lambda: ada.page.evaluate(SHARED), [])


def test_one_does_not_push_out_another(person: PersonFor) -> None:
    ada = app_of(person)
    post = """async (texts) => {
      for (const text of texts) {
        const body = new FormData();
        body.append("text", text);
        await fetch("/share", { method: "POST", body, redirect: "manual" });
      }
    }"""
    ada.page.evaluate(post, [f"text {number}" for number in range(7)])
    kept = ada.page.evaluate(SHARED)
    assert len(kept) == 5
    for address, text in ((kept[0], "text 2"), (kept[4], "text 6")):
        ada.page.goto(address)
        expect(ada.page.locator(".share__text")).to_have_text(text)


def test_what_is_too_long_for_a_message_comes_as_a_file(person: PersonFor) -> None:
    ada, bo = app_of(person), person("Bo Okonkwo", None)
    share(ada.page, text="long " * 2500)
    choose(ada.page, bo)
    expect(ada.page.locator(".composer__preview bdi")).to_have_text("Pasted text.txt")
    expect(composer(ada.page)).to_have_value("")


def test_without_a_worker_words_come_and_files_are_asked_for(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist"), person("Bo Okonkwo", None)
    page = ada.page
    share(page, VIEW, **WORDS)
    expect_offered(page)
    expect(page.get_by_text("Not everything could be taken along.")).to_be_visible()
    assert_accessible(page)
    choose(page, bo)
    expect(composer(page)).to_have_value(f"{WORDS['title']}\n{WORDS['text']}")
    send(page, "Never mind")
    expect_texts(page, ["Never mind"])
    share(page, NOTES)
    expect(page.get_by_text("Not everything could be taken along.")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_hidden()
    share(page, file("film.mp4", "video/mp4", bytes(10 * 2**20)), **WORDS)
    expect(page.get_by_text("What you shared is larger than 10 MB")).to_be_visible()
    expect(page.get_by_role("heading", name="Share")).to_be_visible()
    assert_accessible(page)
