"""Pictures that are kept at Cloudinary: the page asks this site, which leads it there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.chat import composer, expect_states, messages, open_pair
from tests.browser.people import PersonFor
from tests.browser.site import Site
from tests.cloudinary_server import CloudinaryServer, cloudinary
from tests.pictures import picture

WIDTHS = "image => image.srcset.split(', ').map((each) => each.replace(/^[^? ]+/, ''))"
PICTURE_SHOWN = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture(scope="module")
def service() -> Iterator[CloudinaryServer]:
    with cloudinary() as server:
        yield server


@pytest.fixture(scope="module")
def live_site(
    _static_files: None, service: CloudinaryServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), CLOUDINARY_URL=service.url()).running() as site:
        yield site


def file(width: int, height: int) -> FilePayload:
    return {"name": "red.png", "mimeType": "image/png", "buffer": picture(width, height)}


def test_a_picture_is_seen_by_both_until_it_is_deleted(
    person: PersonFor, service: CloudinaryServer
) -> None:
    ada, bo = open_pair(person, service_workers="allow")
    bo.page.wait_for_function("() => navigator.serviceWorker.controller")  # pictures pass it, too
    ada.page.get_by_label("Add a picture").set_input_files(file(1600, 800))
    expect(ada.page.get_by_text("1600 × 800")).to_be_visible()
    composer(ada.page).press("Enter")
    expect_states(ada.page, "r")

    for page in (ada.page, bo.page):
        image = messages(page).get_by_role("img")
        page.wait_for_function(PICTURE_SHOWN, arg=image.element_handle())
        assert image.evaluate(WIDTHS) == [
            *(f"?w={width} {width}w" for width in (360, 720, 1080, 1440)),
            " 1600w",
        ]
        assert "127.0.0.1" not in (image.get_attribute("src") or "")
    bo.page.reload()
    image = messages(bo.page).get_by_role("img")
    bo.page.wait_for_function(PICTURE_SHOWN, arg=image.element_handle())

    (kept,) = bo.get(f"/api/messages/{ada.id}")
    opened = bo.context.request.get(kept["image"])
    assert opened.url.startswith(service.origin)
    ada.context.request.delete(f"/api/messages/{kept['_id']}")
    expect(messages(bo.page).get_by_role("img")).to_have_count(0)
    service.wait_for("rename")
    assert bo.context.request.get(opened.url).status == 404


def test_what_cannot_be_kept_waits_and_is_sent_later(
    person: PersonFor, service: CloudinaryServer
) -> None:
    ada, bo = open_pair(person)
    service.mood = "down"
    ada.page.get_by_label("Add a picture").set_input_files(file(640, 480))
    expect(ada.page.get_by_text("640 × 480")).to_be_visible()
    composer(ada.page).press("Enter")
    service.wait_for("refused")
    expect_states(ada.page, "p")
    service.mood = "well"
    expect_states(ada.page, "r")
    expect(messages(bo.page).get_by_role("img")).to_have_count(1)
