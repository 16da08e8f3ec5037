"""Files of people, sent so that no browser can take one for a page of ours."""

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from chatsite.files import storage
from chatsite.files.response import Source, StoredFile, file_source
from chatsite.pictures.media import ASK_AGAIN

POLICY = "default-src 'none'; sandbox"  # also for who opens its address


def file_response(
    stored: str, *, content_type: str, name: str, as_attachment: bool
) -> HttpResponseBase:
    """For whoever may see it. Raises DomainError 503, Http404 when it is nowhere.

    What is in an object store comes through here, too: so nobody else has to be reached by browsers
    or trusted with headers, and each request is checked.
    """
    response = _response(stored)
    disposition = content_disposition_header(as_attachment, name)
    response.headers["Content-Disposition"] = disposition or "inline"
    response.headers["Content-Type"] = content_type
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _response(stored: str) -> HttpResponseBase:
    where = storage.store.find(stored) if stored else None
    if isinstance(where, Path):
        if settings.MEDIA_ACCEL_PATH:
            return _handed_over(where)
        with suppress(FileNotFoundError):
            return _sent(file_source(where))
        where = storage.store.find(stored)  # it has just been moved
    if not isinstance(where, Source):
        raise Http404
    return _sent(where)


def _handed_over(path: Path) -> HttpResponse:
    """The web server in front sends the file, or a part of it, under these headers."""
    response = HttpResponse()
    place = path.relative_to(settings.MEDIA_ROOT).as_posix()
    response.headers["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PATH}{place}"
    return response


def _sent(source: Source) -> StoredFile:
    """Parts of it are cut by `conditional.py`. Its name never changes its bytes."""
    response = StoredFile(source)
    response.headers["Content-Encoding"] = (
        "identity"  # parts are of these bytes, not of packed ones
    )
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{source.name}"'
    return response
