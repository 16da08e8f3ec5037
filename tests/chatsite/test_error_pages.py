"""What is answered where no view could."""

import sqlite3
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError
from django.test import Client

from chatsite.errors import is_away

pytestmark = pytest.mark.django_db
GONE = "server closed the connection unexpectedly at 10.0.0.7"


def caused(code: int) -> OperationalError:
    """As Django passes on what SQLite says."""
    cause = sqlite3.OperationalError("what it says")
    cause.sqlite_errorcode = code
    error = OperationalError("what it says")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError(GONE), True),
        (InterfaceError("connection already closed"), True),
        (caused(sqlite3.SQLITE_BUSY), True),
        (caused(sqlite3.SQLITE_FULL), True),
        (caused(sqlite3.SQLITE_CANTOPEN), True),
        (caused(sqlite3.SQLITE_ERROR), False),  # no such table
        (ProgrammingError("relation does not exist"), False),
        (DatabaseError("something"), False),
        (RuntimeError("something"), False),
        (None, False),
    ],
)
def test_what_the_request_could_not_help(error: Exception | None, expected: bool) -> None:
    assert is_away(error) is expected


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody with a token, while the database is gone."""
    monkeypatch.setattr("accounts.authentication.read_session", _raise)
    client = Client(raise_request_exception=False)
    client.cookies["jwt"] = "a.b.c"
    return client


def _raise(*_arguments: Any) -> None:
    raise OperationalError(GONE)


@pytest.mark.parametrize("path", ["/api/auth/check", "/api/messages/users"])
def test_calls_are_told_to_come_again(
    visitor: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 503
    assert answer.json() == {"message": "The site is busy at the moment. Please try again."}
    assert answer["Retry-After"] == "2"
    assert GONE in caplog.text  # with its stack


def test_so_are_readers_of_pages(visitor: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "The site is busy at the moment" in answer.content.decode()
    assert "10.0.0.7" not in answer.content.decode()
    assert GONE in caplog.text


def test_any_other_failure_is_no_promise(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError(GONE)

    monkeypatch.setattr("accounts.authentication.read_session", fail)
    for path in ("/", "/api/auth/check"):
        answer = visitor.get(path)
        assert answer.status_code == 500
        assert "Retry-After" not in answer


def test_browsers_find_an_icon_that_no_page_names(client: Client) -> None:
    response = client.get("/favicon.ico")
    assert response.status_code == 302
    icon = client.get(response["Location"])
    assert b"".join(icon)[:4] == b"\0\0\1\0"
    assert client.post("/favicon.ico").status_code == 405
