"""Pictures on disk, and how they are handed out again."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chatsite import storage
from chatsite.images import Picture
from tests.concurrency import at_once


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Path(settings.MEDIA_ROOT)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_same_picture_is_kept_once(folder: Path) -> None:
    names = {storage.save(Picture(b"same", 1, 1)) for _ in range(3)}
    assert len(names) == len(files(folder)) == 1
    assert storage.save(Picture(b"other", 1, 1)) not in names


def test_saved_at_the_same_instant_it_is_whole(folder: Path) -> None:
    data = b"x" * 500_000
    names = at_once([lambda: storage.save(Picture(data, 1, 1))] * 8)
    assert len(set(names)) == 1
    assert storage.path_of(names[0]).read_bytes() == data
    assert len(files(folder)) == 1


def test_a_name_tells_nothing_of_the_picture(settings: Any) -> None:
    mine = storage.save(Picture(b"same", 1, 1))
    settings.SECRET_KEY = "y" * 64
    assert storage.save(Picture(b"same", 1, 1)) != mine
    assert re.fullmatch(r"[0-9a-f]{64}\.webp", mine)


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        storage.save(Picture(b"data", 1, 1))
    assert files(folder) == []


class TestProfilePictures:
    def test_are_handed_out_to_be_kept_for_ever(self) -> None:
        name = storage.save(Picture(b"RIFFdata", 1, 1))
        response = Client().get(f"/media/profiles/{name}")
        assert response.content == b"RIFFdata"
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'"

    @pytest.mark.parametrize(
        "name",
        ["0" * 64 + ".webp", "x.webp", "..%2f..%2fsecret", "%2e%2e", "0" * 64 + ".webp%00"]
        + ["0" * 64 + ".webp%0a", "A" * 64 + ".webp", "%2fetc%2fpasswd"],
    )
    def test_are_404_under_any_other_name(self, folder: Path, name: str) -> None:
        folder.mkdir()
        (folder.parent / "secret").write_text("secret")
        assert Client().get(f"/media/profiles/{name}").status_code == 404
