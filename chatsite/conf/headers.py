"""What browsers may do on the site's pages."""

from typing import Any

from csp.constants import NONCE, NONE, SELF

# Nothing of the device but sound, for the chime.
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
    "microphone",
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
PERMISSIONS_POLICY: dict[str, list[str]] = {"autoplay": ["self"], **{name: [] for name in OFF}}


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
            "connect-src": own,
            "font-src": own,
            "manifest-src": [SELF],
            "worker-src": [SELF],
            "form-action": [SELF],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
        }
    }
