"""Files that never change, sent so that no browser can take them for anything else."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from chatsite.pictures import avatars, storage
from chatsite.pictures.storage import Kind
from chatsite.pictures.storage.names import WIDTHS

# Others may sit at the same browser tomorrow: it asks each time, and is told (304) that what it
# has is right, by whoever may still see it.
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
def profile_picture(request: HttpRequest, name: str) -> HttpResponse:
    """Whoever knows the name, which is as long as a key, may see it: it stands beside every
    message.
    """
    return picture_response(request, "profiles", name)


def picture_response(request: HttpRequest, kind: Kind, name: str) -> HttpResponse:
    """For whoever may see it: the file, or a redirect to where it is; 404 when it is nowhere."""
    where = storage.find(kind, name, _width(request))
    if where is None:
        raise Http404
    is_public = kind == "profiles"
    if isinstance(where, str):
        response: HttpResponse = HttpResponseRedirect(where)
        response["Cache-Control"] = (
            f"public, max-age={REDIRECT_SECONDS}" if is_public else ASK_AGAIN
        )
        return response
    response = _handed_over(where) if settings.MEDIA_ACCEL_PATH else _file(where)
    response["Cache-Control"] = f"public, {IMMUTABLE}" if is_public else ASK_AGAIN
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    return response


def _width(request: HttpRequest) -> int | None:
    """`?w=`, of a few widths only: each other one would be made, and paid for, too."""
    asked = request.GET.get("w")
    if asked is None:
        return None
    if asked not in map(str, WIDTHS):
        raise Http404
    return int(asked)


def _handed_over(path: Path) -> HttpResponse:
    """The web server in front sends the file, under these headers."""
    response = HttpResponse(content_type="image/webp")
    place = path.relative_to(settings.MEDIA_ROOT).as_posix()
    response["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PATH}{place}"
    return response


def _file(path: Path) -> HttpResponse:
    try:
        response = HttpResponse(path.read_bytes(), content_type="image/webp")
    except OSError:
        raise Http404 from None
    # WebP is packed; to try again costs and gains nothing.
    response["Content-Encoding"] = "identity"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{path.name}"'
    return response
