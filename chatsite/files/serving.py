"""Files of people, sent so that no browser can take one for a page of ours."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from chatsite.files import storage
from chatsite.files.response import StoredFile
from chatsite.pictures.media import ASK_AGAIN

POLICY = "default-src 'none'; sandbox"  # also for who opens its address


def file_response(
    stored: str, *, content_type: str, name: str, as_attachment: bool
) -> HttpResponseBase:
    """For whoever may see it: the file, or a redirect to where it is; 404 when it is nowhere."""
    where = storage.store.find(stored) if stored else None
    if where is None:
        raise Http404
    if isinstance(where, str):
        response: HttpResponseBase = HttpResponseRedirect(where)
    elif settings.MEDIA_ACCEL_PATH:
        response = _handed_over(where)
    else:
        response = _sent(where)
    disposition = content_disposition_header(as_attachment, name)
    response.headers["Content-Disposition"] = disposition or "inline"
    response.headers["Content-Type"] = content_type
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _handed_over(path: Path) -> HttpResponse:
    """The web server in front sends the file, or a part of it, under these headers."""
    response = HttpResponse()
    place = path.relative_to(settings.MEDIA_ROOT).as_posix()
    response.headers["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PATH}{place}"
    return response


def _sent(path: Path) -> StoredFile:
    """Parts of it are cut by `conditional.py`. Its name never changes its bytes."""
    try:
        response = StoredFile(path)
    except OSError:
        raise Http404 from None
    response.headers["Content-Encoding"] = (
        "identity"  # parts are of these bytes, not of packed ones
    )
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{path.name}"'
    return response
