"""Files that may be cached for ever, sent so that no browser can take them for anything else."""

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from chatsite import avatars, storage

IMMUTABLE = "max-age=31536000, immutable"


@require_safe
def avatar(request: HttpRequest, hue_index: int, letters: str) -> HttpResponse:
    if hue_index >= len(avatars.HUES) or len(letters) > 8:
        raise Http404
    response = HttpResponse(avatars.draw(hue_index, letters), content_type="image/svg+xml")
    response["Cache-Control"] = f"public, {IMMUTABLE}"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


@require_safe
def profile_picture(request: HttpRequest, name: str) -> HttpResponse:
    """Whoever knows the name, which is as long as a key, may see it: it stands beside every
    message.
    """
    if not storage.is_name(name):
        raise Http404
    return picture_response(storage.path_of(name), f"public, {IMMUTABLE}")


def picture_response(path: Path, cache_control: str) -> HttpResponse:
    try:
        response = HttpResponse(path.read_bytes(), content_type="image/webp")
    except OSError:
        raise Http404 from None
    response["Cache-Control"] = cache_control
    response["Content-Encoding"] = (
        "identity"  # WebP is packed; to try again costs and gains nothing
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    return response
