"""Signing out leaves nothing to read behind, and loses nothing that waits."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import (
    SEND,
    banner,
    composer,
    expect_eventually,
    expect_outbox_saved,
    expect_states,
    expect_texts,
    open_pair,
    send,
    stored,
)
from tests.browser.people import DRAFTS, PASSWORD, Person, PersonFor


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()


def log_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name=person.name)).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/profile"])
def test_drafts_are_gone_afterwards(person: PersonFor, path: str) -> None:
    ada, _bo = open_pair(person)
    composer(ada.page).fill("Between us")
    assert ada.page.evaluate(DRAFTS)

    ada.page.goto(path)
    sign_out(ada.page)

    expect(ada.page.get_by_role("button", name="Log in")).to_be_visible()
    expect_eventually(ada.page, lambda: ada.page.evaluate(DRAFTS), [])


@pytest.mark.parametrize("path", ["/", "/profile"])
def test_one_is_asked_when_something_waits(person: PersonFor, path: str) -> None:
    ada, bo = open_pair(person)
    page, question = ada.page, ada.page.get_by_role("dialog")
    page.route(SEND, lambda route: route.abort())
    send(page, "one", "two")
    expect_states(page, "pp")
    expect_outbox_saved(page)
    page.goto(path)

    sign_out(page)
    expect(question).to_contain_text("2 messages have not been sent yet.")
    question.get_by_role("button", name="Stay").click()
    expect(question).to_be_hidden()
    sign_out(page)
    question.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.unroute(SEND)
    assert stored(bo, ada) == []

    log_in(page, ada)
    page.goto(f"/chat/{bo.id}")
    expect_texts(page, ["one", "two"])
    expect_texts(bo.page, ["one", "two"])


@pytest.mark.parametrize("path", ["/", "/profile"])
def test_without_network_one_stays_and_is_told(person: PersonFor, path: str) -> None:
    ada, bo = open_pair(person, service_workers="allow")
    page = ada.page
    composer(page).fill("A draft")
    page.goto(path)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    ada.context.set_offline(True)

    sign_out(page)

    expect(page.get_by_role("dialog")).to_contain_text(
        "You are offline, so you are still signed in."
    )
    page.get_by_role("button", name="Close").click()
    ada.context.set_offline(False)
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_have_value("A draft")


def test_the_offline_page_gives_way_by_itself(person: PersonFor) -> None:
    ada, _bo = open_pair(person, service_workers="allow")
    page = ada.page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    ada.context.set_offline(True)
    expect(banner(page)).to_be_visible()

    page.goto("/profile")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    ada.context.set_offline(False)

    expect(page).to_have_title(re.compile("Profile"))
    expect(page).to_have_url(re.compile("/profile$"))
