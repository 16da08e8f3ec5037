"""Notifications: offered once one waits for an answer, shown by a worker of their own."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket, Worker, expect

from tests.browser.chat import composer, expect_eventually, expect_texts, row, send
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_attachments import painted, send_files
from tests.push_service import Browser

OFFER = "Be told of answers when this page is closed?"
# The browser of the tests has no push service that it could reach, shows nothing and asks nobody.
BROWSER = """([endpoint, p256dh, auth]) => {
  const state = () => localStorage.getItem("test-permission") ?? "default";
  Object.defineProperty(Notification, "permission", { get: state });
  Notification.requestPermission = async () => {
    localStorage.setItem("test-permission", "granted");
    return state();
  };
  PushManager.prototype.getSubscription = async () => null;
  ServiceWorkerRegistration.prototype.getNotifications = async () => [];
  const subscription = { toJSON: () => ({ endpoint, keys: { p256dh, auth } }) };
  PushManager.prototype.subscribe = async () => subscription;
}"""


def with_push(somebody: Person) -> Person:
    fields = list(Browser("https://push.example.org/browser").subscription.values())
    somebody.context.add_init_script(f"({BROWSER})({fields})")
    return somebody


SHOWN = """() => {
  Object.defineProperty(self.navigator, "setAppBadge", { value: async () => {} });
  let all = [];
  self.registration.showNotification = async (title, options) => {
    const shown = { title, ...options, close: () => (all = all.filter((each) => each !== shown)) };
    all = [...all.filter(({ tag }) => tag !== options.tag), shown];
  };
  self.registration.getNotifications = async ({ tag = "" } = {}) =>
    all.filter((each) => !tag || each.tag === tag);
}"""


ASKED = """([endpoint, p256dh, auth]) => {
  self.asked = [];
  PushManager.prototype.subscribe = async (options) => {
    self.asked.push(options);
    return { toJSON: () => ({ endpoint, keys: { p256dh, auth } }) };
  };
}"""


def worker(page: Page) -> Worker:
    """It keeps what it shows, in place of the system."""
    [found] = [each for each in page.context.service_workers if each.url.endswith("/push.js")]
    found.evaluate(SHOWN)
    return found


def shown(of: Worker) -> Any:
    titles = "(all) => all.map(({ title, body }) => [title, body])"
    return of.evaluate(f"() => self.registration.getNotifications().then({titles})")


def turn_on(page: Page) -> None:
    with page.expect_response("**/api/auth/notifications/subscription") as answer:
        page.get_by_role("button", name="Turn on", exact=True).click()
    assert answer.value.ok


def test_they_are_offered_once_one_waits_for_an_answer(live_site: Site, person: PersonFor) -> None:
    ada = with_push(person("Ada Lindqvist", None, service_workers="allow"))
    bo = person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    expect(composer(ada.page)).to_be_editable()
    send(ada.page, "Are you there?")
    offer = ada.page.locator(".toast", has_text=OFFER)
    expect(offer).to_be_visible()
    assert_accessible(ada.page)
    turn_on(ada.page)
    expect(offer).to_have_count(0)
    assert ada.get("/api/auth/notifications")["subscribed"]

    ada.page.goto("/profile")
    expect(ada.page.locator("#sessions")).to_contain_text("Notified")
    button = ada.page.locator("#notification-toggle")
    with ada.page.expect_response(lambda response: response.request.method == "DELETE"):
        button.click()
    expect(button).to_have_text("Turn on for this device")
    assert not ada.get("/api/auth/notifications")["subscribed"]
    ada.page.get_by_label("Notifications show").select_option("name")
    ada.page.get_by_label("Quiet from").fill("22:00")
    ada.page.get_by_role("button", name="Change notifications").click()
    expect(ada.page.locator("#notifications [role=status]").first).to_have_text("Saved")
    chosen = ada.get("/api/auth/notifications")
    assert (chosen["previews"], chosen["quietFrom"]) == ("name", "22:00")
    assert_accessible(ada.page)

    ada.page.goto(f"/chat/{bo.id}")
    send(ada.page, "Hello?")
    expect_texts(ada.page, ["Are you there?", "Hello?"])
    expect(ada.page.locator(".toast", has_text=OFFER)).to_have_count(0)


def test_a_page_at_which_nobody_does_anything_is_not_active(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None)
    links: list[str] = []  # of each of the page's sockets, what it said last
    said = re.compile(r'"event":"((?:in)?active)"')

    def follow(socket: WebSocket) -> None:
        place = len(links)
        links.append("inactive")

        def note(frame: str | bytes) -> None:
            if found := said.search(str(frame)):
                links[place] = found[1]

        socket.on("framesent", note)

    ada.page.clock.install()
    ada.page.on("websocket", follow)
    ada.page.goto("/")
    expect_eventually(ada.page, lambda: links[-1:], ["active"])
    ada.page.clock.run_for(180_000)
    expect_eventually(ada.page, lambda: links[-1:], ["inactive"])
    ada.page.mouse.move(200, 200)
    expect_eventually(ada.page, lambda: links[-1:], ["active"])


def test_a_browser_subscribes_anew_whatever_it_says_of_the_old(
    live_site: Site, person: PersonFor
) -> None:
    ada = with_push(person("Ada Lindqvist", None, service_workers="allow"))
    bo = person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    expect(composer(ada.page)).to_be_editable()
    send(ada.page, "Are you there?")
    turn_on(ada.page)
    workers = worker(ada.page)
    workers.evaluate(ASKED, list(Browser("https://push.example.org/anew").subscription.values()))
    gone = "fetch('/api/auth/notifications/subscription', { method: 'DELETE' }).then(() => null)"
    ada.page.evaluate(gone)
    settings = ada.get("/api/auth/notifications")
    assert not settings["subscribed"]
    workers.evaluate("() => resubscribe({ oldSubscription: null, newSubscription: null })")
    assert ada.get("/api/auth/notifications")["subscribed"]
    assert workers.evaluate("() => self.asked") == [
        {"userVisibleOnly": True, "applicationServerKey": settings["publicKey"]}
    ]


# No service for push messages, and a page that nobody sees; it keeps what it shows itself.
HIDDEN = """() => {
  localStorage.setItem("test-permission", "granted");
  Object.defineProperty(Document.prototype, "hidden", { get: () => true });
  PushManager.prototype.subscribe = async () => { throw new Error("no service"); };
  let all = [];
  const registration = ServiceWorkerRegistration.prototype;
  registration.showNotification = async (title, { body, tag }) => {
    const shown = { title, body, tag, close: () => (all = all.filter((each) => each !== shown)) };
    all = [...all, shown];
  };
  registration.getNotifications = async ({ tag }) => all.filter((each) => each.tag === tag);
  window.shown = () => all.map(({ title, body }) => [title, body]);
}"""


def test_a_page_that_nobody_sees_reminds_by_itself_until_one_has_done_with_it(
    person: PersonFor,
) -> None:
    ada = with_push(person("Ada Lindqvist", None, service_workers="allow", locale="de"))
    bo = person("Bo Okonkwo", None)
    said = bo.send(ada, "Milk")
    ada.context.add_init_script(f"({HIDDEN})()")
    with ada.page.expect_response("**/api/auth/notifications"):
        ada.page.goto("/")
    expect(row(ada.page, bo)).to_be_visible()
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    path = f"/api/reminders/{said['_id']}"
    assert ada.context.request.put(path, data={"remindAt": soon}).ok
    expect_eventually(ada.page, lambda: ada.page.evaluate("shown()"), [["Erinnerung", "Milk"]])
    assert ada.context.request.delete(path).ok
    expect_eventually(ada.page, lambda: ada.page.evaluate("shown()"), [])
    send_files(bo, ada, ("a.jpg", painted(1)), viewOnce=True)
    expected = [["Bo Okonkwo", "Foto, einmal ansehen"]]
    expect_eventually(ada.page, lambda: ada.page.evaluate("shown()"), expected)


def test_a_notification_leads_to_its_place_and_answers(live_site: Site, person: PersonFor) -> None:
    ada = with_push(person("Ada Lindqvist", None, service_workers="allow"))
    bo = person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    expect(composer(ada.page)).to_be_editable()
    send(ada.page, "Are you there?")
    turn_on(ada.page)
    ada.page.goto("/")
    said = bo.send(ada, "Yes")
    expect(row(ada.page, bo)).to_contain_text("Yes")
    workers = worker(ada.page)

    place = f"/chat/{bo.id}#m-{said['_id']}"
    data = {
        "place": place,
        "messageId": said["_id"],
        "messageSeq": said["seq"],
        "seq": said["seq"],
        "peerId": bo.id,
        "userId": ada.id,
        "reply": "Reply",
        "read": "Mark as read",
        "failed": "Your reply was not sent:",
    }
    notification = {"title": "Bo", "body": "Yes", "tag": f"chat:{bo.id}", "data": data}
    push = {"web_push": 8030, "notification": {**notification, "app_badge": "1"}}
    workers.evaluate("(push) => onPush(push)", push)
    assert shown(workers) == [["Bo", "Yes"]]

    workers.evaluate("(data) => onClick({ action: 'reply', reply: 'Good' }, data)", data)
    assert bo.get(f"/api/messages/{ada.id}")[-1]["text"] == "Good"
    workers.evaluate("(data) => onClick({ action: '' }, data)", data)
    expect(ada.page).to_have_url(f"{live_site.url}{place}")
    expect_texts(ada.page, ["Are you there?", "Yes", "Good"])

    workers.evaluate(
        "(data) => onClick({ action: 'reply', reply: 'Lost' }, data)", {**data, "peerId": "0"}
    )
    assert shown(workers) == [["Bo", "Yes"], ["Your reply was not sent:", "Lost"]]
    workers.evaluate("(push) => onPush(push)", {"close": f"chat:{bo.id}", "app_badge": "0"})
    assert shown(workers) == [["Your reply was not sent:", "Lost"]]
    bo.send(ada, "Read this")
    data["seq"] = said["seq"] + 2
    workers.evaluate("(data) => onClick({ action: 'read' }, data)", data)
    assert ada.get("/api/messages/chats")[0]["unreadCount"] == 0


# What the page itself shows, while it is not seen.
OWN = """() => {
  window.shown = [];
  window.badges = [];
  Object.defineProperty(document, "hidden", { get: () => Boolean(window.isAway) });
  const setAppBadge = async (count) => window.badges.push(count);
  Object.defineProperty(navigator, "setAppBadge", { value: setAppBadge });
  ServiceWorkerRegistration.prototype.showNotification = async (title, { body, tag }) => {
    const close = () => (window.shown = window.shown.filter((each) => each.tag !== tag));
    window.shown.push({ title, body, tag, close });
  };
  ServiceWorkerRegistration.prototype.getNotifications = async ({ tag }) =>
    window.shown.filter((each) => each.tag === tag);
}"""
UNREACHABLE = "PushManager.prototype.subscribe = () => Promise.reject(new Error());"
TITLES = "() => window.shown.map(({ title, body }) => [title, body])"


AWAY = """(away) => {
  window.isAway = away;
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("by_push", [False, True])
def test_a_page_that_is_not_seen_notifies_unless_push_messages_do(
    live_site: Site, person: PersonFor, by_push: bool
) -> None:
    ada = with_push(person("Ada Lindqvist", None, service_workers="allow"))
    bo, cy = person("Bo Okonkwo", None), person("Cy Weber", None)
    ada.context.add_init_script(f"({OWN})()" if by_push else f"({OWN})();{UNREACHABLE}")
    cy.send(ada, "I will be muted")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect(composer(page)).to_be_editable()
    send(page, "Are you there?")
    page.get_by_role("button", name="Turn on", exact=True).click()
    expect_eventually(page, lambda: page.evaluate("() => window.badges.at(-1)"), 1)
    muted = ada.context.request.fetch(
        f"/api/messages/chats/{cy.id}", method="PATCH", data={"mute": "always"}
    )
    assert muted.ok, muted.text()
    expect_eventually(page, lambda: page.evaluate("() => window.badges.at(-1)"), 0)

    bo.send(ada, "Seen as it comes")
    expect_texts(page, ["Are you there?", "Seen as it comes"])
    page.evaluate(AWAY, True)
    cy.send(ada, "Muted")
    expect(row(page, cy)).to_contain_text("Muted")
    bo.send(ada, "Yes")
    expect_texts(page, ["Are you there?", "Seen as it comes", "Yes"])
    expect_eventually(page, lambda: page.evaluate("() => window.badges.at(-1)"), 1)
    expected = [] if by_push else [["Bo Okonkwo", "Yes"]]
    expect_eventually(page, lambda: page.evaluate(TITLES), expected)

    page.evaluate(AWAY, False)
    expect_eventually(page, lambda: page.evaluate(TITLES), [])
    expect_eventually(page, lambda: page.evaluate("() => window.badges.at(-1)"), 0)
