"""What comes in headers and cookies is looked at with care."""

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from pytest_django import Settings

from chatsite.charset import Utf8

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", ["Nope/Nope", "", "../etc/passwd", "Europe", "%00", "x" * 300])
def test_a_zone_nobody_knows_is_no_error(client: Client, zone: str) -> None:
    client.cookies["tz"] = zone
    assert client.get("/login").status_code == 200


@pytest.mark.parametrize("referer", ["http://[x", "https://evil.example.net/", "nonsense"])
def test_a_foreign_or_malformed_referer_is_refused(client: Client, referer: str) -> None:
    response = client.post("/api/auth/login", {}, "application/json", headers={"Referer": referer})
    assert response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "a b", "x" * 5_000], ids=["name", "none", "long"])
def test_a_foreign_host_is_one_short_line_in_the_log(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    response = client.get("/login", headers={"Host": host})
    assert response.status_code == 400
    # Django's own line on every 4xx is off where there are access lines.
    [record] = [each for each in caplog.records if each.name != "django.request"]
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert host[:50] in record.getMessage()
    assert len(record.getMessage()) < 200


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"application/json; charset=rot13", b"application/json"),
        (b"application/json;charset*=utf-7", b"application/json"),
        (
            b"multipart/form-data; boundary=x; charset=x; a=b",
            b"multipart/form-data; boundary=x; a=b",
        ),
        (b"application/json;charset" + b" " * 60_000 + b"x", None),
    ],
    ids=["name", "extended", "among others", "white space without end"],
)
def test_a_charset_is_taken_off(given: bytes, kept: bytes | None) -> None:
    seen: list[bytes] = []

    async def application(scope: dict[str, object], receive: object, send: object) -> None:
        seen.extend(value for _name, value in scope["headers"])  # type: ignore[attr-defined]

    scope = {"type": "http", "headers": [(b"content-type", given)]}
    async_to_sync(Utf8(application))(scope, None, None)  # type: ignore[arg-type]
    assert seen == [given if kept is None else kept]
