"""Where the focus is after what had it went away."""

from playwright.sync_api import Page, Route, expect

from tests.browser.chat import (
    SEND,
    choose_action,
    composer,
    error_response,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    toast,
    wait_for_held_request,
)
from tests.browser.people import PersonFor
from tests.pictures import data_uri, picture

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_a_deleted_message_keeps_it(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    send(ada.page, "A slip")
    expect(messages(ada.page)).to_have_attribute("data-state", "read")

    choose_action(messages(ada.page), "Delete message")
    ada.page.get_by_role("button", name="Delete for everybody").click()

    expect(messages(ada.page)).to_contain_text("Message deleted")
    expect(messages(ada.page)).to_be_focused()


def test_retry_and_discard_keep_it_in_the_list(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    page = ada.page
    page.route(SEND, lambda route: route.fulfill(**error_response(400)))
    send(page, "Refused")
    item = message(page, "Refused")
    expect(item).to_have_attribute("data-state", "failed")

    item.get_by_role("button", name="Retry").click()
    expect(item).to_have_attribute("data-state", "failed")
    expect(item).to_be_focused()
    item.get_by_role("button", name="Discard").click()

    expect_texts(page, [])
    expect(page.locator("message-list")).to_be_focused()


def test_a_closed_notice_gives_it_back(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.fulfill(**error_response(400)))
    send(ada.page, "Refused")
    expect(composer(ada.page)).to_be_focused()

    toast(ada.page).get_by_role("button", name="Close").click()

    expect(toast(ada.page)).to_have_count(0)
    expect(composer(ada.page)).to_be_focused()


def test_back_in_the_contacts_it_is_on_the_row_one_came_from(person: PersonFor) -> None:
    ada, bo = person("Ada Berg", None, **PHONE), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    page = ada.page
    page.goto(f"/chat/{bo.id}?list=contacts")

    page.get_by_role("link", name="Back to the list").tap()

    expect(page.locator(f"#contacts-{bo.id}")).to_be_focused()


def test_who_types_before_the_scripts_ran_is_left_alone(person: PersonFor) -> None:
    ada, bo = person("Ada Berg", None), person("Bo Okonkwo", None)
    page: Page = ada.page
    held: list[Route] = []
    page.route("**/js/chat*.js", lambda route: held.append(route))
    page.goto(f"/chat/{bo.id}", wait_until="commit")
    page.get_by_role("searchbox").focus()
    wait_for_held_request(page, held)

    held.pop().continue_()

    page.wait_for_function("() => Boolean(customElements.get('message-list'))")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_who_looks_for_somebody_goes_on_in_the_contacts(person: PersonFor) -> None:
    ada, bo = person("Ada Berg", None), person("Bo Okonkwo", None)
    person("Zoë Zimmermann", None)
    bo.send(ada, "Hello")
    page = ada.page
    page.goto("/")
    expect(row(page, bo)).to_be_visible()

    page.get_by_role("searchbox").fill("zoë")
    expect(page.get_by_role("status").filter(has_text="Nobody found")).to_be_visible()
    page.get_by_role("link", name="Look in Contacts").click()

    expect(page.get_by_role("searchbox")).to_have_value("zoë")
    expect(page.locator("#contact-rows bdi").first).to_have_text("Zoë Zimmermann")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_the_way_back_closes_a_picture(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.post(f"/api/messages/send/{ada.id}", image=data_uri(picture()))
    page = ada.page
    page.evaluate("document.querySelector('message-list').stays = true")
    large = page.locator("picture-lightbox .lightbox")
    stays = "document.querySelector('message-list').stays"

    for close in (page.go_back, lambda: page.keyboard.press("Escape")):
        page.locator(".bubble__picture").click()
        expect(large).to_be_visible()
        close()
        expect(large).to_be_hidden()
        page.wait_for_function("() => !history.state?.isPicture")
        assert page.evaluate(stays)
        assert page.url.endswith(bo.id)
