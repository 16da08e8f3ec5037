"""What is one's own, from the profile: taken along, and deleted."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.people import PASSWORD, Person


def test_an_export_opens_without_the_site(
    person: Callable[..., Person], browser: Browser, tmp_path: Path
) -> None:
    ada, bo = person("Ada", "/profile"), person("Bo", None)
    ada.send(bo, "Do you keep our chats?")
    bo.send(ada, "All of them")
    page = ada.page
    section = page.locator("#export")
    section.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=60_000) as download:
        section.get_by_role("link", name="Download").click(timeout=60_000)
    download.value.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        archive.extractall(tmp_path / "export")
    context = browser.new_context()
    disk = context.new_page()
    disk.goto((tmp_path / "export" / "index.html").as_uri())
    disk.get_by_role("link", name="Bo").click()
    expect(disk.get_by_text("All of them")).to_be_visible()
    expect(disk.locator("body")).to_have_css("max-width", "736px")  # its style is let in
    context.close()
    section.get_by_role("button", name="Export again").click()
    expect(section.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)


def test_who_has_the_account_deleted_may_keep_it(person: Callable[..., Person]) -> None:
    ada = person("Ada", "/profile")
    page = ada.page
    section = page.locator("#deletion")
    section.get_by_label("Your password").fill("wrong")
    section.get_by_role("button", name="Delete my account").click()
    expect(section.get_by_text("That is not your password")).to_be_visible()
    section.get_by_label("What I wrote").select_option("remove")
    section.get_by_label("Your password").fill(PASSWORD)
    section.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Log in before to keep it")).to_be_visible()
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Keep your account?")).to_be_visible()
    expect(page.get_by_text("What you wrote goes with it.")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#deletion").get_by_text("Your account stays.")).to_be_visible()


def test_a_chat_of_elsewhere_is_read_and_not_answered(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    ada = person("Ada", "/profile")
    file = tmp_path / "WhatsApp Chat with Bo.txt"
    file.write_text("31/12/2020, 23:59 - Bo: Happy new year\n01/01/2021, 00:01 - Bo left\n")
    section = ada.page.locator("#import")
    section.locator("[type=file]").set_input_files(file)
    section.get_by_role("button", name="Import").click()
    expect(section.get_by_text("is in your chats.")).to_be_visible(timeout=60_000)
    expect(section.get_by_text("Lines of WhatsApp itself")).to_be_visible()
    section.get_by_role("link", name="Bo").click()
    expect(ada.page.get_by_role("log").get_by_text("Happy new year")).to_be_visible()
    expect(ada.page.get_by_text("nobody writes in it")).to_be_visible()
