"""What a first visit costs."""

import re
import urllib.request

from playwright.sync_api import expect

from tests.browser.people import Person, PersonFor
from tests.browser.site import Site

LIMIT = 120_000
PICTURE = re.compile(r"/media/|\.svg$")


def weight(site: Site, person: Person, path: str) -> int:
    """Bytes on the wire."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in person.context.cookies())
    headers = {"Accept-Encoding": "gzip", "Cookie": cookies}
    with urllib.request.urlopen(urllib.request.Request(site.url + path, headers=headers)) as answer:
        return len(answer.read())


def test_a_first_visit_weighs_less_than_120_kilobytes(live_site: Site, person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None, service_workers="allow")
    bo = person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    requested: list[str] = []  # by the page and by its service worker
    ada.context.on("request", lambda request: requested.append(request.url))

    ada.page.goto("/")
    ada.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    expect(ada.page.locator("#sidebar .is-online")).to_have_count(0)

    urls = [url for url in requested if url.startswith(live_site.url)]
    # What has its content in its name comes once: for the service worker from the browser's cache.
    once = dict.fromkeys(url for url in urls if "/static/" in url)
    urls = [*once, *(url for url in urls if "/static/" not in url)]
    paths = [url.removeprefix(live_site.url) for url in urls if not PICTURE.search(url)]
    weights = sorted(((weight(live_site, ada, path), path) for path in paths), reverse=True)
    assert {"/", "/sw.js", "/offline"} < set(paths)
    largest = "\n".join(f"{size:7} {path}" for size, path in weights[:15])
    total = sum(size for size, _ in weights)
    assert total < LIMIT, f"{total} bytes:\n{largest}"
