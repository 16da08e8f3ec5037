"""What browsers have to know to install the site as an app."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

HOUR = 60 * 60
BACKGROUND = "#f3f2f6"


@require_safe
@cache_control(max_age=HOUR, private=True)
def manifest(request: HttpRequest) -> JsonResponse:
    home = reverse("chats")
    content: dict[str, Any] = {
        "id": home,
        "name": "Chatsite",
        "short_name": "Chatsite",
        "lang": translation.get_language(),
        "dir": "rtl" if translation.get_language_bidi() else "ltr",
        "start_url": home,
        "scope": "/",
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": BACKGROUND,
        "categories": ["social", "productivity"],
        "icons": [
            _icon("icon-192.png", 192),
            _icon("icon-512.png", 512),
            _icon("icon-maskable-512.png", 512, purpose="maskable"),
        ],
        "shortcuts": [
            {"name": _("Contacts"), "url": reverse("contacts")},
            {"name": _("Saved messages"), "url": reverse("saved")},
        ],
        # Words, links, pictures and files of other apps (messaging/views/share.py).
        "share_target": {
            "action": reverse("share"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {
                "title": "title",
                "text": "text",
                "url": "url",
                "files": [{"name": "files", "accept": ["*/*"]}],
            },
        },
    }
    return JsonResponse(content, content_type="application/manifest+json")


def _icon(name: str, pixels: int, *, purpose: str = "any") -> dict[str, str]:
    sizes = f"{pixels}x{pixels}"
    return {"src": static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
