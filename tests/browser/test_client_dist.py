"""A front end of somebody else's, served by this site: its script signs in and reads the chats."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PASSWORD, Person, sign_up
from tests.browser.site import Site

INDEX = """<!doctype html>
<html lang="en"><head>
<title>Theirs</title>
<script type="module" crossorigin src="/assets/index-BxY3k2Zs.js"></script>
</head><body><main id="root"></main></body></html>
"""
# As builds do: a style sheet written into the page, a picture in memory, calls with the cookie.
SCRIPT = """
const root = document.getElementById("root");
const show = (name, value) => { root.dataset[name] = value; };
const json = { "Content-Type": "application/json" };
const style = document.createElement("style");
style.textContent = "main { color: rgb(1, 2, 3); }";
document.head.append(style);
show("path", location.pathname);
show("color", getComputedStyle(root).color);
show("check", (await fetch("/api/auth/check")).status);
window.logIn = async (email, password) => {
  const body = JSON.stringify({ email, password });
  const login = await fetch("/api/auth/login", { method: "POST", headers: json, body });
  show("login", login.status);
  const chats = await (await fetch("/api/messages/chats")).json();
  show("chats", chats.map(({ fullName }) => fullName).join());
  const picture = document.createElement("img");
  picture.onload = () => show("picture", "shown");
  const drawn = await (await fetch(chats[0].profilePic)).blob();
  picture.src = URL.createObjectURL(drawn);
  const socket = new WebSocket(`ws://${location.host}/ws/chat/`);
  socket.onmessage = ({ data }) => show("event", JSON.parse(data).event);
};
"""


@pytest.fixture
def site(_static_files: None, tmp_path: Path) -> Iterator[Site]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(INDEX)
    (dist / "assets" / "index-BxY3k2Zs.js").write_text(SCRIPT)
    with Site(tmp_path, CLIENT_DIST=str(dist)).running() as site:
        yield site


def test_its_pages_work_with_our_cookies_and_policy(site: Site, browser: Browser) -> None:
    ada, bo = (sign_up(browser, site.url, name) for name in ("Ada Lindqvist", "Bo Okonkwo"))
    bo.send(ada, "Hello")
    ada.context.clear_cookies()
    page = ada.page
    page.goto("/login")
    root = page.locator("#root")
    expect(root).to_have_attribute("data-path", "/login")
    expect(root).to_have_attribute("data-color", "rgb(1, 2, 3)")
    expect(root).to_have_attribute("data-check", "401")

    page.evaluate("([email, password]) => logIn(email, password)", [ada.email, PASSWORD])

    expect(root).to_have_attribute("data-login", "200")
    expect(root).to_have_attribute("data-chats", "Bo Okonkwo")
    expect(root).to_have_attribute("data-picture", "shown")
    expect(root).to_have_attribute("data-event", "getOnlineUsers")
    page.goto("/")
    expect(root).to_have_attribute("data-check", "200")
    assert_ours(page, ada)
    assert not ada.problems
    ada.context.close()
    bo.context.close()


def assert_ours(page: Page, person: Person) -> None:
    """What mails lead to, and where one asks for them."""
    page.goto("/reset")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button").first.click()
    expect(page).to_have_url("/reset/sent")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
