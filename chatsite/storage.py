"""Pictures on disk, named after their content: the same picture is kept once, and a name never
changes its bytes.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from django.conf import settings

from chatsite.images import Picture

_NAME = re.compile(r"[0-9a-f]{64}\.webp")


def save(picture: Picture) -> str:
    """Writes the file whole or not at all, and returns its name."""
    # Keyed by the secret, so that nobody can tell from a name whether a known picture is here.
    digest = hashlib.blake2b(picture.data, key=settings.SECRET_KEY[:64].encode(), digest_size=32)
    name = f"{digest.hexdigest()}.webp"
    path = path_of(name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, picture.data)
    return name


def path_of(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name[:2] / name


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _write(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
