"""Conditional answers and parts of files: the same headers as the whole has, another body."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from chatsite.conditional import OF_THE_BODY
from tests.chatsite.test_client_dist import SCRIPT, body
from tests.chatsite.test_client_dist import dist as dist
from tests.chatsite.test_client_dist import site as site

pytestmark = pytest.mark.django_db
FRONT_END = "https://front.example.org"
FILE = "/assets/index-BxY3k2Zs.js"
PATHS = ["/login", "/about.html", "/favicon.svg", FILE, "/static/own.css"]
SIZE = len(SCRIPT)


def others(response: HttpResponseBase) -> Mapping[str, str]:
    """The headers that are not about the body. Directives of a policy come in any order."""
    policy = response.headers.get("Content-Security-Policy", "")
    headers = {**response.headers, "Content-Security-Policy": str(sorted(policy.split("; ")))}
    about = {*OF_THE_BODY, "Content-Range"}
    return {name: value for name, value in headers.items() if name not in about}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "asked",
    [{}, {"Accept-Encoding": "gzip"}, {"Origin": FRONT_END}, {"Origin": "https://evil.example"}],
    ids=["plain", "compressed", "listed origin", "foreign origin"],
)
def test_what_is_unchanged_has_the_headers_of_the_whole(
    site: Client, settings: Settings, path: str, asked: dict[str, str]
) -> None:
    settings.CORS_ALLOWED_ORIGINS = settings.CLIENT_URLS = [FRONT_END]
    whole = site.get(path, headers=asked)
    whole.close()
    assert "Content-Security-Policy" in whole.headers or path.startswith("/static/")
    conditions = [
        {"If-None-Match": whole.headers["ETag"]},
        {"If-None-Match": f'"x", W/{whole.headers["ETag"].removeprefix("W/")}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": whole.headers["Last-Modified"]},
        {"If-None-Match": whole.headers["ETag"], "Range": "bytes=0-0"},
    ]
    for condition in conditions:
        for ask in (site.get, site.head):
            unchanged = ask(path, headers={**asked, **condition})
            assert (unchanged.status_code, body(unchanged)) == (304, "")
            assert others(unchanged) == others(whole)
            assert not {*OF_THE_BODY} & {*unchanged.headers}


@pytest.mark.parametrize("path", PATHS)
def test_what_has_changed_is_sent(site: Client, path: str) -> None:
    for condition in ({"If-None-Match": '"x"'}, {"If-Modified-Since": "nonsense"}):
        response = site.get(path, headers=condition)
        assert (response.status_code, bool(body(response))) == (200, True)


def test_what_should_be_another_version_is_not_sent(site: Client) -> None:
    whole = site.get(FILE)
    whole.close()
    response = site.get(FILE, headers={"If-Match": '"x"'})
    assert (response.status_code, body(response), others(response)) == (412, "", others(whole))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-5", 5, 5),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=0-6", 0, 6),
        ("Bytes = 0-6 ", 0, 6),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        ("bytes=-999999", 0, SIZE - 1),
        ("bytes=3-999999999999", 3, SIZE - 1),
    ],
)
def test_a_part_of_a_file(site: Client, asked: str, start: int, end: int) -> None:
    whole = site.get(FILE)
    whole.close()
    response = site.get(FILE, headers={"Range": asked})
    assert (response.status_code, body(response)) == (206, SCRIPT[start : end + 1])
    assert response.headers["Content-Range"] == f"bytes {start}-{end}/{SIZE}"
    assert response.headers["Content-Length"] == str(end - start + 1)
    assert response.headers["Content-Type"] == whole.headers["Content-Type"]
    assert others(response) == others(whole)


def test_a_part_over_several_pieces(site: Client, dist: Path) -> None:
    text = "".join(f"{number:07}\n" for number in range(2000))  # read by 4,096 bytes
    (dist / "assets/long.js").write_text(text)
    for start, end in ((0, 4095), (4095, 4096), (4096, 8191), (5000, 12_999), (0, 15_999)):
        response = site.get("/assets/long.js", headers={"Range": f"bytes={start}-{end}"})
        pieces = list(response.streaming_content)  # type: ignore[attr-defined]
        assert (response.status_code, b"".join(pieces).decode()) == (206, text[start : end + 1])
        assert all(pieces)  # each is a message to the server


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE}-{SIZE}"])
def test_a_part_that_is_not_there(site: Client, asked: str) -> None:
    whole = site.get(FILE)
    whole.close()
    response = site.get(FILE, headers={"Range": asked})
    assert (response.status_code, body(response)) == (416, "")
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"
    assert others(response) == others(whole)


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-0,2-2", "bytes=-", "bytes=5-2", "bytes=x-", "bytes=0", "lines=0-0", "", "bytes=--1"],
)
def test_several_parts_and_no_parts_are_the_whole(site: Client, asked: str) -> None:
    response = site.get(FILE, headers={"Range": asked})
    assert (response.status_code, body(response)) == (200, SCRIPT)
    assert response.headers["Accept-Ranges"] == "bytes"


def test_a_part_is_of_the_version_that_the_others_are_of(site: Client) -> None:
    whole = site.get(FILE)
    whole.close()
    for same in (whole.headers["ETag"], whole.headers["Last-Modified"]):
        response = site.get(FILE, headers={"Range": "bytes=0-0", "If-Range": same})
        assert (response.status_code, body(response)) == (206, SCRIPT[0])
    for other in ('"x"', f"W/{whole.headers['ETag']}", "Mon, 01 Jan 2024 00:00:00 GMT", "x"):
        response = site.get(FILE, headers={"Range": "bytes=0-0", "If-Range": other})
        assert (response.status_code, body(response)) == (200, SCRIPT)


def test_head_has_no_parts(site: Client) -> None:
    response = site.head(FILE, headers={"Range": "bytes=0-0"})
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(SIZE))
    assert "Content-Range" not in response.headers


def test_a_page_has_no_parts(site: Client) -> None:
    for path in ("/login", "/reset"):
        response = site.get(path, headers={"Range": "bytes=0-0"})
        assert response.status_code == 200
        assert "Accept-Ranges" not in response.headers
