"""The client of the tus protocol, by which the page uploads files: an npm package
(package-lock.json), fetched with the first file.
"""

from django.conf import settings
from django.templatetags.static import static


def tus_client() -> str:
    """Its address; empty where the package was not there when static files were collected."""
    if settings.DEBUG and not settings.PACKAGES["tus"].exists():
        return ""
    try:
        return static("tus/tus.min.js")
    except ValueError:
        return ""
