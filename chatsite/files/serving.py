"""Files of people, sent so that no browser can take one for a page of ours."""

import threading
import weakref
from collections import Counter
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from chatsite.errors import DomainError
from chatsite.files import storage
from chatsite.files.names import shown_name
from chatsite.files.response import FileSource, StoredFile, file_source
from chatsite.pictures.media import ASK_AGAIN

MAX_PER_READER = 128  # downloads from one process: as many as nginx requests at once
MAX_DOWNLOADS, SHARE = 512, 8  # to all; once they are as many, nobody gets more than a few
WAIT = 2  # seconds
_reading: Counter[str] = Counter()
_lock = threading.RLock()  # a response may end by the collector, in the middle of this
POLICY = "default-src 'none'; sandbox"  # also for who opens its address


def file_response(
    stored: str, *, tag: str, reader: str, content_type: str, name: str, as_attachment: bool
) -> HttpResponseBase:
    """For whoever may see it. `tag` is of these bytes, and of one message alone: nobody learns from
    it which files are copies. Raises DomainError 429, 503, Http404 when it is nowhere.

    What is in an object store comes through here, too: so nobody else has to be reached by browsers
    or trusted with headers, and each request is checked.
    """
    response = _response(stored)
    if isinstance(response, StoredFile):
        response.headers["ETag"] = f'"{tag}"'
        _count(response, reader)
    shown = name if as_attachment else shown_name(name, content_type)
    disposition = content_disposition_header(as_attachment, shown)
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
    if not isinstance(where, FileSource):
        raise Http404
    return _sent(where)


def _count(response: StoredFile, reader: str) -> None:
    """Each takes a thread until all of it is taken. Raises DomainError 429."""
    with _lock:
        is_full = _reading.total() >= MAX_DOWNLOADS and _reading[reader] >= SHARE
        if _reading[reader] >= MAX_PER_READER or is_full:
            message = _("Too many downloads are running. Please try again in a moment.")
            raise DomainError(message, 429, code="busy", wait=WAIT)
        _reading[reader] += 1
    response.when_closed(weakref.finalize(response, _end, reader))


def _end(reader: str) -> None:
    with _lock:
        _reading[reader] -= 1
        if not _reading[reader]:
            del _reading[reader]


def _handed_over(path: Path) -> HttpResponse:
    """The web server in front sends the file, or a part of it, under these headers."""
    response = HttpResponse()
    path_below = path.relative_to(settings.MEDIA_ROOT).as_posix()
    response.headers["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PATH}{path_below}"
    return response


def _sent(source: FileSource) -> StoredFile:
    """Parts of it are cut by `conditional.py`. Its name never changes its bytes."""
    response = StoredFile(source)
    response.headers["Content-Encoding"] = (
        "identity"  # parts are of these bytes, not of packed ones
    )
    response.headers["Accept-Ranges"] = "bytes"
    return response
