"""Files that never change, sent so that no browser can take them for anything else."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from chatsite.errors import DomainError
from chatsite.files.response import FileSource, StoredFile
from chatsite.pictures import avatars, storage
from chatsite.pictures.storage import PictureKind
from chatsite.pictures.storage.names import WIDTHS

# Others may sit at the same browser tomorrow: it revalidates each time, and gets a 304
# as long as its person may still see it.
ASK_AGAIN = "private, no-cache"
IMMUTABLE = "max-age=31536000, immutable"
REDIRECT_SECONDS = 300


@require_safe
def avatar(request: HttpRequest, hue_index: int, letters: str) -> HttpResponse:
    if hue_index >= len(avatars.HUES) or len(letters) > 8:
        raise Http404
    return _drawn(avatars.draw(hue_index, letters), hue_index)


@require_safe
def bookmark(request: HttpRequest) -> HttpResponse:
    return _drawn(avatars.draw_bookmark(), avatars.BOOKMARK_HUE)


def _drawn(picture: str, hue_index: int) -> HttpResponse:
    response = HttpResponse(picture, content_type="image/svg+xml")
    response["Cache-Control"] = f"public, {IMMUTABLE}"
    style = avatars.style_hash(hue_index)
    response["Content-Security-Policy"] = f"default-src 'none'; style-src {style}"
    return response


@require_safe
def profile_picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """Whoever knows the name, which is as long as a key, may see it: it stands beside every
    message.
    """
    return picture_response(request, "profiles", name)


def picture_response(request: HttpRequest, kind: PictureKind, name: str) -> HttpResponseBase:
    """For whoever may see it: the file, or a redirect to where it is; 404 when it is nowhere, 503
    while its store is away.
    """
    try:
        where = storage.find(kind, name, _width(request))
    except DomainError as error:
        return HttpResponse(
            error.message,
            status=error.status,
            headers={"Retry-After": str(error.wait)},
            content_type="text/plain; charset=utf-8",
        )
    if where is None:
        raise Http404
    is_public = kind == "profiles"
    if isinstance(where, str):
        response: HttpResponseBase = HttpResponseRedirect(where)
        response["Cache-Control"] = (
            f"public, max-age={REDIRECT_SECONDS}" if is_public else ASK_AGAIN
        )
        return response
    if isinstance(where, FileSource):
        response = _sent(where)
    else:
        response = _handed_over(where) if settings.MEDIA_ACCEL_PATH else _file(where)
    response["Cache-Control"] = f"public, {IMMUTABLE}" if is_public else ASK_AGAIN
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    return response


def _width(request: HttpRequest) -> int | None:
    """`?w=`, of a few widths only: each other one would be made, and paid for, too."""
    width = request.GET.get("w")
    if width is None:
        return None
    if width not in map(str, WIDTHS):
        raise Http404
    return int(width)


def _handed_over(path: Path) -> HttpResponse:
    """The web server in front sends the file, under these headers."""
    response = HttpResponse(content_type="image/webp")
    path_below = path.relative_to(settings.MEDIA_ROOT).as_posix()
    response["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PATH}{path_below}"
    return response


def _file(path: Path) -> HttpResponseBase:
    try:
        return _as_stored(HttpResponse(path.read_bytes(), content_type="image/webp"), path.name)
    except OSError:
        raise Http404 from None


def _sent(source: FileSource) -> HttpResponseBase:
    response = StoredFile(source)
    response.headers["Content-Type"] = "image/webp"
    return _as_stored(response, Path(source.name).name)


def _as_stored(response: HttpResponseBase, name: str) -> HttpResponseBase:
    # WebP is packed; to try again costs and gains nothing.
    response["Content-Encoding"] = "identity"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{name}"'
    return response
