"""What browsers may do on the site's pages."""

from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE

# Nothing of the device but sound: the chime, and voice messages.
OFF = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY: dict[str, list[str]] = {
    **{name: ["self"] for name in ("autoplay", "microphone")},
    **{name: [] for name in OFF},
}


def content_security_policy(*, static: str = "", pictures: str = "") -> dict[str, Any]:
    """Nothing inline, and nothing from elsewhere, but for the origin of the static files, and the
    host where redirects from /media/ lead to.
    """
    own = [SELF, static] if static else [SELF]
    images = [*own, "blob:", "data:"]
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [*own, NONCE],
            "style-src": own,
            "img-src": [*images, pictures] if pictures else images,
            "media-src": [SELF, "blob:"],
            "connect-src": own,
            "font-src": own,
            "manifest-src": [SELF],
            "worker-src": [SELF],
            "form-action": [SELF],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
        }
    }


def client_policy(*, site: str = "", pictures: str = "") -> dict[str, list[str]]:
    """For a front end that somebody else built: what such builds need beside their own files.

    They write style sheets into the page, play sounds and keep pictures in memory; scripts come
    from their files alone. `site` is our own origin: browsers did not always count sockets to it
    as `'self'`.
    """
    images = [SELF, "blob:", "data:"]
    socket = site.replace("http", "ws", 1)
    return {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [*images, pictures] if pictures else images,
        "media-src": [SELF, "blob:", "data:"],
        "connect-src": [SELF, socket] if socket else [SELF],
        "font-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    }
