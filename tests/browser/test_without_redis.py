"""While Redis is away pages say so, and nothing that is sent meanwhile is lost or has to wait."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import services
from tests.browser.chat import (
    RETURN,
    expect_texts,
    message,
    open_pair,
    send,
    state,
    stored,
)
from tests.browser.people import PersonFor
from tests.browser.site import Site
from tests.services import Server


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    with services.redis() as server:
        yield server


@pytest.fixture(scope="module")
def live_site(
    _static_files: None, redis: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("redis"), REDIS_URL=redis.url).running() as site:
        yield site


def test_what_is_sent_without_redis_arrives(person: PersonFor, redis: Server) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "before")
    expect_texts(bo.page, ["before"])

    redis.stop()
    for page in (ada.page, bo.page):
        expect(state(page, "reconnecting")).to_be_visible()
    send(ada.page, "meanwhile")
    expect_texts(bo.page, ["before", "meanwhile"], timeout=RETURN)
    expect(message(ada.page, "meanwhile")).to_have_attribute("data-state", "read", timeout=RETURN)

    redis.start()
    for page in (ada.page, bo.page):
        expect(state(page, "online")).to_be_visible(timeout=RETURN)
    send(bo.page, "live again")
    expect_texts(ada.page, ["before", "meanwhile", "live again"])
    assert stored(ada, bo) == ["before", "meanwhile", "live again"]
