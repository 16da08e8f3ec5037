"""Groups, as two or three people use them."""

import re

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.chat import (
    composer,
    expect_states,
    expect_texts,
    keep_typing,
    message,
    messages,
    send,
    state,
    toast,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.pictures import picture


def make_group(owner: Person, *people: Person, name: str = "Book club") -> str:
    """Over the API, past the page: the key."""
    ids = [each.id for each in people]
    return str(owner.post("/api/groups", name=name, people=ids)["_id"])


def open_group(group: str, *people: Person) -> None:
    for each in people:
        each.page.goto(f"/chat/{group}")
        expect(each.page.locator("conversation-header h1")).to_be_visible()


def three(person: PersonFor, *names: str) -> tuple[Person, Person, Person]:
    """The site is shared: who is looked for has a name of their own."""
    bo, cy = names or ("Bo Okonkwo", "Cy Weber")
    return person("Ada Lindqvist", None), person(bo, None), person(cy, None)


def group_row(page: Page, name: str) -> Locator:
    return page.locator("#chat-rows .row").filter(has_text=name)


def details(page: Page) -> Locator:
    return page.locator("#details")


def test_a_group_is_made_from_contacts_with_the_keyboard_alone(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Bo Zorn", "Cy Quill")
    page = ada.page
    page.goto("/contacts")
    page.get_by_role("button", name="New group").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    assert_accessible(page)
    page.keyboard.type("Book club")
    search = page.get_by_role("searchbox", name="Find people").last
    search.focus()
    for name in ("zorn", "quill"):
        page.keyboard.type(name)
        expect(page.locator(".candidate")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator(".chip").last).to_contain_text(name.title())
        search.fill("")
        expect(page.locator(".candidate").nth(1)).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator(".chip")).to_have_count(1)
    page.keyboard.type("quill")
    expect(page.locator(".candidate")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(".chip")).to_have_count(2)
    page.route("**/api/groups", lambda route: (route.fetch(), route.abort()), times=1)
    page.get_by_role("button", name="Create group").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no response")
    page.get_by_role("button", name="Create group").press("Enter")  # makes no second group

    expect(page.get_by_role("heading", name="Book club").first).to_be_visible()
    page.wait_for_url(re.compile("/chat/f"))
    expect(messages(page)).to_contain_text(["created the group"])
    assert [each["fullName"] for each in bo.get("/api/messages/chats")] == ["Book club"]
    assert [each["fullName"] for each in cy.get("/api/messages/chats")] == ["Book club"]


def test_names_stand_above_what_others_write_live_and_rendered(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo, cy)
    open_group(group, ada, bo)
    cy.page.goto("/")
    expect(state(ada.page, "offline")).to_have_text(re.compile("Bo.*, .*Cy.* and you"))

    send(bo.page, "Which one is next?", "The short one?")
    created = "\u2068Ada Lindqvist\u2069 created the group “\u2068Book club\u2069”"
    expect_texts(ada.page, [created, "Which one is next?", "The short one?"])
    first, second = messages(ada.page).nth(1), messages(ada.page).nth(2)
    expect(first.locator("[data-field=sender]")).to_have_text("Bo Okonkwo")
    expect(first.locator(".message__face")).to_be_hidden()
    expect(second.locator(".message__face")).to_be_visible()
    expect(second).to_have_class(re.compile("is-continuation"))
    expect(group_row(cy.page, "Book club").locator(".badge")).to_contain_text("3")
    expect(group_row(cy.page, "Book club").locator(".row__preview")).to_contain_text(
        "Bo: The short", use_inner_text=True
    )

    markup = "item => item.outerHTML.replace(/ ?is-new/, '')"
    came = [first.evaluate(markup), second.evaluate(markup)]
    ada.page.reload()
    expect(messages(ada.page)).to_have_count(3)
    assert [messages(ada.page).nth(n).evaluate(markup) for n in (1, 2)] == came
    assert_accessible(ada.page)


def test_a_message_of_mine_tells_who_has_read_it(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo, cy)
    open_group(group, ada)
    send(ada.page, "Seven o'clock?")
    expect_states(ada.page, "-s")
    open_group(group, bo)
    expect_states(ada.page, "-r")
    ada.page.locator("message-list").focus()
    ada.page.keyboard.press("End")
    ada.page.keyboard.press("i")
    dialog = ada.page.get_by_role("dialog", name="Message info")
    readers = dialog.get_by_role("list", name="Read by").get_by_role("listitem")
    expect(readers).to_have_text(re.compile(r"^\s*Bo Okonkwo\s+\d\d:\d\d\s*$"))
    others = dialog.get_by_role("listitem").filter(has_text="Cy")
    expect(others).to_have_count(1)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_who_is_typing_is_said_by_name(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    di = person("Di Marsh", None)
    group = make_group(ada, bo, cy, di)
    open_group(group, ada, bo, cy, di)
    typing, in_list = state(ada.page, "typing"), group_row(ada.page, "Book club")
    preview = in_list.locator(".row__preview")

    keep_typing(bo.page)
    one, two = "\u2068Bo\u2069 is typing…", "\u2068Bo\u2069 and \u2068Cy\u2069 are typing…"
    expect(typing).to_have_text(one)
    expect(preview).to_have_text(one, use_inner_text=True)
    keep_typing(cy.page)
    expect(typing).to_have_text(two)
    expect(preview).to_have_text(two, use_inner_text=True)
    expect(state(bo.page, "typing")).to_have_text("\u2068Cy\u2069 is typing…")
    keep_typing(di.page)
    expect(typing).to_have_text("3 people are typing…")
    expect(preview).to_have_text("3 people are typing…", use_inner_text=True)


def test_people_come_and_go_before_everybody_s_eyes(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Bo Okonkwo", "Cy Novak")
    group = make_group(ada, bo)
    open_group(group, ada, bo)
    cy.page.goto("/")
    page = ada.page
    page.get_by_role("button", name="About this group").click()
    expect(details(page).locator(".member")).to_have_count(2)
    expect(page.get_by_role("heading", name="About this group")).to_be_focused()
    assert_accessible(page)

    page.get_by_role("button", name="Add people").click()
    page.locator(".candidate").filter(has_text="Cy Novak").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(details(page).locator(".member")).to_have_count(3)
    expect(message(bo.page, "\u2068Ada Lindqvist\u2069 added \u2068Cy Novak\u2069")).to_be_visible()
    expect(state(bo.page, "offline")).to_contain_text("Cy")
    group_row(cy.page, "Book club").click()
    expect(composer(cy.page)).to_be_focused()
    expect(messages(cy.page)).to_have_count(1)  # and nothing of what was before

    member = details(page).locator(".member").filter(has_text="Cy Novak")
    member.locator("summary").click()
    member.get_by_role("button", name="Make admin").click()
    expect(member).to_contain_text("Admin")
    member.locator("summary").click()
    member.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove", exact=True).last.click()

    expect(details(page).locator(".member")).to_have_count(2)
    expect(composer(cy.page)).to_be_hidden()
    expect(cy.page.locator(".closed--removed")).to_be_visible()
    expect(toast(cy.page)).to_contain_text("You are no longer in this group.")
    bo.post(f"/api/messages/send/{group}", text="Without Cy")
    expect(message(page, "Without Cy")).to_be_visible()
    cy.page.reload()
    expect(cy.page.locator(".closed--removed")).to_be_visible()
    expect(messages(cy.page).last).to_contain_text("removed")
    assert_accessible(cy.page)

    heir = details(page).locator(".member").filter(has_text="Bo Okonkwo")
    heir.locator("summary").click()
    heir.get_by_role("button", name="Make owner").click()
    page.get_by_role("button", name="Hand over").click()
    expect(heir).to_contain_text("Owner")
    expect(details(page).locator(".member").filter(has_text="You")).to_contain_text("Admin")
    expect(messages(bo.page).last).to_contain_text("the owner of the group")
    bo.page.get_by_role("button", name="About this group").click()
    expect(details(bo.page).get_by_text("You · Owner")).to_be_visible()


def test_a_group_is_changed_and_closed_to_members_live(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo)
    ada.post(f"/api/messages/send/{group}", text="Before Cy")
    open_group(group, ada, bo)
    expect(composer(bo.page)).to_be_visible()
    page = ada.page
    page.get_by_role("button", name="About this group").click()
    page.get_by_role("button", name="Edit").click()
    remove = page.get_by_role("button", name="Remove picture")
    expect(remove).to_be_hidden()
    upload: FilePayload = {"name": "us.png", "mimeType": "image/png", "buffer": picture()}
    page.get_by_label("Picture of the group").set_input_files(upload)
    expect(remove).to_be_visible()
    page.get_by_label("Who is added sees what was written before").check()
    page.get_by_role("textbox", name="Name").fill("Reading circle")
    page.get_by_label("Description").fill("Short books only")
    page.get_by_label("Only admins can write").check()
    page.get_by_role("button", name="Save").click()

    expect(bo.page.get_by_role("heading", name="Reading circle")).to_be_visible()
    expect(bo.page).to_have_title(re.compile("Reading circle"))
    expect(group_row(bo.page, "Reading circle")).to_be_visible()
    expect(bo.page.locator(".closed--admins")).to_be_visible()
    expect(composer(bo.page)).to_be_hidden()
    expect(details(page)).to_contain_text("Short books only")
    expect(composer(page)).to_have_attribute("placeholder", "Message \u2068Reading circle\u2069")
    bo.page.get_by_role("button", name="About this group").click()
    expect(bo.page.get_by_role("button", name="Edit")).to_have_count(0)

    pictured = bo.page.locator('img[src*="/media/profiles/"]')
    expect(pictured).to_have_count(3)  # in the list, the header and the details
    page.get_by_role("button", name="Edit").click()
    remove.click()
    expect(page.get_by_label("Picture of the group")).to_be_focused()
    expect(remove).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(
        message(page, "\u2068Ada Lindqvist\u2069 removed the picture of the group")
    ).to_be_visible()
    expect(pictured).to_have_count(0)

    ada.post(f"/api/groups/{group}/members", people=[cy.id])
    open_group(group, cy)
    expect(message(cy.page, "Before Cy")).to_be_visible()


def height(part: Locator) -> float:
    return part.evaluate("part => part.getBoundingClientRect().height")  # type: ignore[no-any-return]


def test_on_a_phone_one_leaves_a_group_and_keeps_what_was_said(person: PersonFor) -> None:
    long_name = f"{'ש' * 50} Levi"  # which reads from right to left
    ada, bo = person(long_name, None), person("Bo Okonkwo", None, **PHONE)
    group = make_group(ada, bo)
    ada.post(f"/api/messages/send/{group}", text="Welcome")
    page = bo.page
    page.goto("/")
    other_window = bo.open_page(f"/chat/{group}")
    expect(composer(other_window)).to_be_visible()
    group_row(page, "Book club").tap()
    expect(message(page, "Welcome")).to_be_visible()
    created = page.locator('.is-system [data-field="text"]')
    assert created.evaluate("text => getComputedStyle(text).direction") == "ltr"
    header = height(page.locator("conversation-header"))
    page.get_by_role("button", name="About this group").tap()
    assert header == height(details(page).locator("header"))
    expect(details(page).get_by_text(long_name)).to_be_visible()
    expect(page.locator("message-list")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert_accessible(page)
    page.get_by_role("button", name="Leave group").tap()
    page.get_by_role("button", name="Leave", exact=True).tap()

    for window in (page, other_window):
        expect(window.locator(".closed--left")).to_be_visible()
        expect(window.locator(".closed--left")).to_contain_text("You left this group.")
        expect(toast(window)).to_contain_text("You left this group.")
    expect(message(page, "Welcome")).to_be_visible()
    page.get_by_role("link", name="Back to the list").tap()
    expect_preview_of_group(page)


def expect_preview_of_group(page: Page) -> None:
    expect(group_row(page, "Book club").locator(".row__preview")).to_contain_text("left")


def test_a_stranger_finds_no_such_page(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo)
    for path in (
        "",
        "/details",
        "/header",
        "/edit",
        "/add",
        "/members",
        "/receipts?seq=1",
        "/older",
        "/quotes",
    ):
        assert cy.context.request.get(f"/chat/{group}{path}").status == 404
    for path in ("/edit", "/add"):
        assert bo.context.request.get(f"/chat/{group}{path}").status == 404
