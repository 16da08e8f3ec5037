"""Pictures: how large they may be, and where they are kept."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import BASE_DIR, positive, text, url

CLOUDINARY_PARTS = ("CLOUDINARY_CLOUD_NAME", "CLOUDINARY_API_KEY", "CLOUDINARY_API_SECRET")


@dataclass(frozen=True, slots=True)
class Pictures:
    media_root: Path
    accel_path: str
    max_bytes: int
    max_pixels: int
    max_frames: int
    max_seconds: int
    cloudinary_url: str


def read() -> Pictures:
    return Pictures(
        media_root=Path(text("MEDIA_ROOT", str(BASE_DIR / "var" / "media"))),
        accel_path=_accel_path(),
        max_bytes=positive("IMAGE_MAX_BYTES", 8 * 1024 * 1024),
        max_pixels=positive("IMAGE_MAX_PIXELS", 50_000_000),
        max_frames=positive("IMAGE_MAX_FRAMES", 200),
        max_seconds=positive("IMAGE_MAX_SECONDS", 20),
        cloudinary_url=_cloudinary_url(),
    )


def _accel_path() -> str:
    path = text("MEDIA_ACCEL_PATH")
    if path and not (path.startswith("/") and path.endswith("/")):
        raise ImproperlyConfigured("MEDIA_ACCEL_PATH must look like /protected-media/.")
    return path


def _cloudinary_url() -> str:
    """CLOUDINARY_URL, or one made of the three variables of the original."""
    whole = url("CLOUDINARY_URL", ("cloudinary",), "cloudinary://key:secret@cloud-name")
    parts = [text("CLOUDINARY_CLOUD_NAME"), text("CLOUDINARY_API_KEY")]
    parts.append(text("CLOUDINARY_API_SECRET"))
    if whole or not any(parts):
        return whole
    if not all(parts):
        raise ImproperlyConfigured(f"{', '.join(CLOUDINARY_PARTS)} go together: set all three.")
    cloud, key, secret = (quote(part, safe="") for part in parts)
    return f"cloudinary://{key}:{secret}@{cloud}"
