"""Pictures on disk, and how they are handed out again."""

import errno
import os
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.pictures import storage
from chatsite.pictures.images import Picture
from chatsite.pictures.storage import PictureEntry
from chatsite.pictures.storage.local import LocalPictureStore
from tests.concurrency import at_once
from tests.disks import small_disk

HOUR = timedelta(hours=1)
NO_ROOM = "There is no room for more pictures here."


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Path(settings.MEDIA_ROOT)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def age(picture: PictureEntry) -> None:
    """Two hours."""
    moment = (now() - 2 * HOUR).timestamp()
    os.utime(picture.location, (moment, moment))


def kept(data: bytes) -> str:
    return storage.save("profiles", Picture(data, 1, 1))


def read(name: str) -> bytes:
    return Path(str(storage.find("profiles", name))).read_bytes()


def test_the_same_picture_is_kept_once(folder: Path) -> None:
    names = {kept(b"same") for _ in range(3)}
    assert len(names) == len(files(folder)) == 1
    assert kept(b"other") not in names


def test_saved_at_the_same_instant_it_is_whole(folder: Path) -> None:
    data = b"x" * 500_000
    names = at_once([lambda: kept(data)] * 8)
    assert len(set(names)) == 1
    assert read(names[0]) == data
    assert len(files(folder)) == 1


def test_a_name_tells_nothing_of_the_picture(settings: Any) -> None:
    mine = kept(b"same")
    settings.SECRET_KEY = "y" * 64
    assert kept(b"same") != mine
    assert re.fullmatch(r"[0-9a-f]{64}\.webp", mine)


def test_the_web_server_may_read_it() -> None:
    path = Path(str(storage.find("profiles", kept(b"one"))))
    assert path.stat().st_mode & 0o777 == 0o644


class TestTrouble:
    """Told in a sentence, with nothing left behind."""

    PAIR = Picture(b"display", 1, 1), Picture(b"thumbnail", 1, 1)

    def refusal(self, *pictures: Picture) -> tuple[int, str]:
        with pytest.raises(DomainError) as refused:
            storage.save_for_message(*(pictures or self.PAIR))
        return refused.value.status, refused.value.message

    def test_a_full_disk(self, folder: Path) -> None:
        with small_disk(folder, size="64k"):
            large = Picture(os.urandom(100_000), 1, 1)
            assert self.refusal(self.PAIR[0], large) == (507, NO_ROOM)
            assert files(folder) == []
            storage.save_for_message(*self.PAIR)

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_a_disk_that_is_full_once_it_writes(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        failures = iter([None, OSError(number, "Out of space")])

        def full(_descriptor: int) -> None:
            if failure := next(failures):
                raise failure

        monkeypatch.setattr(os, "fsync", full)
        assert self.refusal() == (507, NO_ROOM)
        assert files(folder) == []

    def test_a_folder_that_cannot_be_written(
        self, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        settings.MEDIA_ROOT = tmp_path / "file" / "media"
        sentence = "Pictures cannot be stored at the moment. Please try again later."
        assert self.refusal() == (503, sentence)
        assert "a picture could not be stored: " in caplog.text


class TestRemoving:
    def test_takes_what_was_not_used_since(self, folder: Path) -> None:
        kept(b"one")
        (unused,) = LocalPictureStore().listed()
        assert LocalPictureStore().remove([unused], unchanged_since=now() + HOUR) == 1
        assert files(folder) == []
        assert LocalPictureStore().remove([unused], unchanged_since=now() + HOUR) == 0

    def test_leaves_what_was_used_again_meanwhile(self) -> None:
        name = kept(b"one")
        (unused,) = LocalPictureStore().listed()
        age(unused)
        kept(b"one")
        assert LocalPictureStore().remove([unused], unchanged_since=now() - HOUR) == 0
        assert read(name) == b"one"

    def test_at_the_same_instant_as_saving_loses_nothing(self) -> None:
        name, since = kept(b"one"), now() - HOUR
        for _ in range(20):
            (unused,) = LocalPictureStore().listed()
            age(unused)
            remove = partial(LocalPictureStore().remove, [unused], unchanged_since=since)
            calls: list[Callable[[], object]] = [partial(kept, b"one"), remove]
            at_once(calls)
            assert read(name) == b"one"


class TestProfilePictures:
    def test_are_handed_out_to_be_kept_for_ever(self) -> None:
        name = kept(b"RIFFdata")
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

    def test_no_message_s_picture_is_had_as_one(self) -> None:
        name, _thumbnail = storage.save_for_message(Picture(b"a", 1, 1), Picture(b"b", 1, 1))
        assert Client().get(f"/media/profiles/{name}").status_code == 404

    def test_are_left_to_the_web_server_where_it_can_reach_them(self, settings: Any) -> None:
        settings.MEDIA_ACCEL_PATH = "/protected-media/"
        name = kept(b"RIFFdata")
        headers = Client().get(f"/media/profiles/{name}").headers
        assert headers["X-Accel-Redirect"] == f"/protected-media/profiles/{name[:2]}/{name}"
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize(
        ("width", "status"), [("360", 200), ("720", 200), ("361", 404), ("", 404), ("-1", 404)]
    )
    def test_have_a_few_widths_at_most(self, width: str, status: int) -> None:
        response = Client().get(f"/media/profiles/{kept(b'RIFFdata')}?w={width}")
        assert response.status_code == status
