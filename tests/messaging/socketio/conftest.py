"""A site as it is deployed, and people with accounts there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.environment import unlimited
from tests.messaging.socketio.people import Person, sign_up
from tests.production import Server, production

FRONT_END = "http://localhost:5173"  # CLIENT_URL


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("socketio")
    with production(folder, CLIENT_URL=FRONT_END, **unlimited()) as site:
        yield site
    assert "Traceback" not in site.log
    assert '"level":"ERROR"' not in site.log


@pytest.fixture
def person(site: Server) -> Callable[[str], Person]:
    return lambda name: sign_up(site.url, name)


@pytest.fixture
def ada(site: Server) -> Person:
    return sign_up(site.url, "Ada Lovelace")


@pytest.fixture
def bob(site: Server) -> Person:
    return sign_up(site.url, "Bob Kahn")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
