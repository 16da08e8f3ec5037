"""One shape for every error: `{"message": "<one sentence for a person>"}`, plus `errors` for
fields.
"""

import errno
import logging
import math
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from chatsite.wire import ErrorPayload

logger = logging.getLogger(__name__)
Errors = Mapping[str, list[str]]
TIMED_OUT = 408
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)  # of an OSError


class DomainError(Exception):
    """A rule of the product says no.

    `errors` names fields in snake_case; `code`, and `codes` of the fields, are for pages that word
    it their own way. `wait` is in seconds: what Retry-After says.
    """

    def __init__(
        self,
        message: str,
        status: int = 400,
        *,
        code: str = "",
        errors: Errors | None = None,
        wait: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.errors = dict(errors or {})
        self.codes = dict.fromkeys(self.errors, code)
        self.wait = wait

    @property
    def notice(self) -> str:
        """For pages that have no words of their own."""
        return self.message

    def add(self, other: "DomainError") -> None:
        """Names the other's fields too, those that it does not name itself."""
        for name, texts in other.errors.items():
            self.errors.setdefault(name, texts)
            self.codes.setdefault(name, other.codes[name])


class NotFound(DomainError):
    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Not found."), 404, code="not_found")


class Busy(DomainError):
    """The database does not keep up, or is away. Clients try again, with the same client id."""

    WAIT = 2  # seconds

    def __init__(self) -> None:
        message = _("The site is busy at the moment. Please try again.")
        super().__init__(message, 503, code="busy", wait=self.WAIT)


def is_away(error: BaseException | None) -> bool:
    """The database is gone, locked or full: nothing that the request could help."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    # SQLite has no other word for a statement that is wrong.
    return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):  # a form's texts; Django would log an error
        error = DomainError(_("The request is too large."), 413)
    elif isinstance(error, TooManyFilesSent | TooManyFieldsSent):
        error = DomainError(_("The form has too many parts."))
    elif is_away(error):
        logger.error("the database did not answer", exc_info=error)
        error = Busy()
    if isinstance(error, DomainError):
        return Response(error_payload(error), status=error.status, headers=_headers(error))
    if not isinstance(error, exceptions.APIException):
        return None
    headers = _headers(error)
    return Response(_api_payload(error), status=error.status_code, headers=headers)


def error_payload(error: DomainError) -> ErrorPayload:
    payload: ErrorPayload = {"message": error.message}
    if error.errors:
        payload["errors"] = {camel_case(name): texts for name, texts in error.errors.items()}
    return payload


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    if getattr(error, "status", 0) == TIMED_OUT:
        headers["Connection"] = "close"  # the rest of the body is not waited for
    return headers


def _api_payload(error: exceptions.APIException) -> ErrorPayload:
    if isinstance(error, exceptions.NotAuthenticated):
        return {"message": _("Unauthorized - No token provided")}
    if isinstance(error, exceptions.Throttled):
        return {"message": _("Too many requests. Please try again later.")}
    detail = error.detail
    if isinstance(detail, Mapping):
        errors = {name: list(sentences(value)) for name, value in detail.items()}
        general = errors.pop("non_field_errors", [])
        first = next(iter([*general, *(text for texts in errors.values() for text in texts)]), "")
        payload: ErrorPayload = {"message": first or _("Invalid request.")}
        if errors:
            payload["errors"] = errors
        return payload
    return {"message": next(iter(sentences(detail)), _("Invalid request."))}


def sentences(detail: object) -> Iterable[str]:
    """The texts in DRF's nested details, flattened."""
    if isinstance(detail, Mapping):
        for value in detail.values():
            yield from sentences(value)
    elif isinstance(detail, list | tuple):
        for value in detail:
            yield from sentences(value)
    else:
        yield str(detail)
