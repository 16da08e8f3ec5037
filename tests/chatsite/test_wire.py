"""Values as they go over the wire, and the shape of errors."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from rest_framework.exceptions import ErrorDetail, Throttled, ValidationError

from chatsite.errors import DomainError, NotFound, camel_case, error_payload, handle_exception
from chatsite.wire import absolute, timestamp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2024, 1, 15, 10, 35, tzinfo=UTC), "2024-01-15T10:35:00.000Z"),
        (datetime(2024, 1, 15, 10, 35, 0, 7_999, tzinfo=UTC), "2024-01-15T10:35:00.007Z"),
        (datetime(2024, 1, 15, 1, tzinfo=timezone(timedelta(hours=2))), "2024-01-14T23:00:00.000Z"),
        ("2024-01-15 10:35:00", "2024-01-15T10:35:00.000Z"),  # as SQLite stores them
        ("2024-01-15 10:35:00.007999", "2024-01-15T10:35:00.007Z"),
    ],
)
def test_times_are_utc_with_milliseconds(moment: datetime | str, text: str) -> None:
    assert timestamp(moment) == text


def test_paths_are_absolute_once_the_site_has_an_address(settings: Any) -> None:
    settings.PUBLIC_URL = ""
    assert absolute("/media/x") == "/media/x"
    settings.PUBLIC_URL = "https://chat.example.org"
    assert absolute("/media/x") == "https://chat.example.org/media/x"


@pytest.mark.parametrize(
    ("name", "wire"), [("text", "text"), ("client_message_id", "clientMessageId")]
)
def test_fields_are_named_as_on_the_wire(name: str, wire: str) -> None:
    assert camel_case(name) == wire
    assert error_payload(DomainError("No.", errors={name: ["No."]})) == {
        "message": "No.",
        "errors": {wire: ["No."]},
    }


def test_a_rule_without_a_field_has_no_errors() -> None:
    assert error_payload(NotFound()) == {"message": "Not found."}


def test_too_many_requests_say_when_to_come_back() -> None:
    response = handle_exception(Throttled(wait=2.4), {})
    assert response is not None
    assert response.status_code == 429
    assert response.data == {"message": "Too many requests. Please try again later."}
    assert response["Retry-After"] == "3"


def test_nested_details_become_sentences() -> None:
    detail: Any = {"a": [{"b": [ErrorDetail("Deep.")]}, {}], "non_field_errors": ["General."]}
    response = handle_exception(ValidationError(detail), {})
    assert response is not None
    assert response.data == {"message": "General.", "errors": {"a": ["Deep."]}}


def test_what_is_no_refusal_is_left_to_become_500() -> None:
    assert handle_exception(ValueError("secret"), {}) is None
