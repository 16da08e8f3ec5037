"""A front end on a port of its own, with the real client of Socket.IO in a real browser."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.people import Person, sign_up
from tests.browser.site import Site, collect_static
from tests.browser.test_foreign_origins import Origins, _served
from tests.messaging.socketio.node import PACKAGES, installed
from tests.pictures import data_uri, picture

WAYS = (["polling", "websocket"], ["polling"], ["websocket"])
CONNECT = """([url, transports]) => new Promise((resolve) => {
  const socket = io(url, { withCredentials: true, transports, reconnection: false });
  const end = (...what) => { resolve(what); socket.close(); };
  socket.on("getOnlineUsers", (people) => {
    if (transports.length === 1 || socket.io.engine.transport.name === "websocket") {
      end(socket.io.engine.transport.name, people);
    } else {
      socket.io.engine.on("upgrade", (transport) => end(transport.name, people));
    }
  });
  socket.on("connect_error", (error) => end("refused", error.message));
})"""


SHOW = """([url, transports, image]) => new Promise((resolve) => {
  const socket = io(url, { withCredentials: true, transports, query: { ownMessages: "true" } });
  const json = { "Content-Type": "application/json" };
  const send = (to) => fetch(`${url}/api/messages/send/${to}`, {
    method: "POST", credentials: "include", headers: json, body: JSON.stringify({ image }),
  }).then((answer) => answer.json());
  const heard = new Promise((hear) => socket.on("newMessage", hear));
  const load = ({ image }) => new Promise((done) => {
    const element = new Image();
    element.onload = () => done(element.naturalWidth);
    element.onerror = () => done(image);
    element.src = image;
  });
  socket.on("getOnlineUsers", async (people) => {
    const contacts = await fetch(`${url}/api/messages/contacts`, { credentials: "include" });
    const [{ _id, profilePic }] = await contacts.json();
    const shown = [await send(_id), await heard, { image: profilePic }];
    socket.close();
    resolve(await Promise.all(shown.map(load)));
  });
})"""


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origins]:
    with ExitStack() as stack:
        listed, other = (stack.enter_context(_served()) for _number in range(2))
        friend = f"http://127.0.0.1:{listed}"
        site = Site(tmp_path_factory.mktemp("site"), CLIENT_URL=friend)
        collect_static(site)
        stack.enter_context(site.running())
        yield Origins(site, friend, f"http://127.0.0.1:{other}", f"http://localhost:{other}")


@pytest.fixture
def ada(origins: Origins, browser: Browser) -> Iterator[Person]:
    person = sign_up(browser, origins.site.url, "Ada Lindqvist")
    yield person
    person.context.close()


def connect(page: Page, site: Site, transports: list[str]) -> list[Any]:
    installed()
    page.add_script_tag(path=PACKAGES / "socket.io-client" / "dist" / "socket.io.min.js")
    told: list[Any] = page.evaluate(CONNECT, [site.url, transports])
    return told


@pytest.mark.parametrize("transports", WAYS)
def test_a_listed_front_end_connects_with_the_cookie(
    origins: Origins, ada: Person, transports: list[str]
) -> None:
    ada.page.goto(origins.listed)
    transport, online = connect(ada.page, origins.site, transports)
    assert transport == transports[-1]
    assert ada.id in online  # beside whoever has only just gone


@pytest.mark.parametrize("transports", WAYS)
@pytest.mark.parametrize("origin", ["other", "elsewhere"])
def test_no_other_page_does(
    origins: Origins, ada: Person, origin: str, transports: list[str]
) -> None:
    ada.page.goto(getattr(origins, origin))
    error = "xhr poll error" if transports[0] == "polling" else "websocket error"
    assert connect(ada.page, origins.site, transports) == ["refused", error]


@pytest.mark.parametrize("transports", WAYS[1:])
def test_it_shows_pictures_of_answers_and_events(
    origins: Origins, ada: Person, browser: Browser, transports: list[str]
) -> None:
    with sign_up(browser, origins.site.url, "Bo Ek").context:
        ada.page.goto(origins.listed)
        installed()
        ada.page.add_script_tag(path=PACKAGES / "socket.io-client" / "dist" / "socket.io.min.js")
        image = data_uri(picture(64, 32))
        answer, event, initials = ada.page.evaluate(SHOW, [origins.site.url, transports, image])
        assert (answer, event) == (64, 64)
        assert isinstance(initials, int)
