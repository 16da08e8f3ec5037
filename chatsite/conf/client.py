"""The front end that this site serves in place of its own pages, if it is given one."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import text

INDEX = "index.html"


def read() -> Path | None:
    """The folder that CLIENT_DIST names, as what a build of the front end left there."""
    name = text("CLIENT_DIST")
    if not name:
        return None
    folder = Path(name).resolve()
    if not folder.is_dir():
        raise ImproperlyConfigured(f"CLIENT_DIST must be a folder; there is none at {folder}.")
    if not (folder / INDEX).is_file():
        raise ImproperlyConfigured(
            f"CLIENT_DIST must be a built front end; there is no {INDEX} in {folder}."
        )
    if (folder / "package.json").exists():
        raise ImproperlyConfigured(
            f"CLIENT_DIST must be a built front end; {folder} is what one is built from."
        )
    return folder
