"""Pictures that nobody refers to go; those of people and messages, deleted ones too, stay."""

import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.services.accounts import update_profile
from chatsite.db import now
from chatsite.pictures import images, storage
from messaging.models import Message
from messaging.services.forwarding import forward_messages
from messaging.services.messages import remove, restore
from tests.cloudinary_server import CloudinaryServer
from tests.factories import make_message, make_pair, make_user
from tests.jobs import run_due
from tests.pictures import animation, picture

HOURS = timedelta(hours=2)


def tidied(*arguments: str) -> list[str]:
    output = io.StringIO()
    call_command("tidy_pictures", *arguments, stdout=output)
    return output.getvalue().splitlines()


def report(kept: int, removed: int, withdrawn: int = 0, given_back: int = 0) -> str:
    moved = f"{withdrawn} put out of reach, {given_back} brought back"
    return f"{kept} kept, {removed} removed, {moved}"


def orphan() -> str:
    """As a request leaves it that ends between the picture and its message."""
    pair = images.display_and_thumbnail(picture(900, 30, mode="L"))
    return storage.save_for_message(*pair)[0]


def forwarded(message: Message) -> Message:
    [sent] = forward_messages(
        user=message.sender,
        message_ids=[message.pk],
        to=[make_user().pk],
        client_message_id="f-1",
    ).sent
    return Message.objects.get(pk=sent.record.id)


@pytest.mark.django_db
class TestOnDisk:
    @pytest.fixture(autouse=True)
    def folder(self, settings: Any, tmp_path: Path) -> Path:
        settings.MEDIA_ROOT = tmp_path
        return tmp_path

    def files(self, folder: Path) -> set[str]:
        return {path.name for path in folder.rglob("*") if path.is_file()}

    def age(self, folder: Path) -> None:
        moment = (now() - HOURS).timestamp()
        for path in folder.rglob("*"):
            os.utime(path, (moment, moment))

    def test_a_fresh_site_has_nothing_to_tidy(self) -> None:
        assert tidied()[-1].endswith(report(kept=0, removed=0))

    def test_what_is_referred_to_stays(self, folder: Path) -> None:
        ada, bo = make_pair()
        for image in (picture(900, 450), animation()):
            make_message(ada, bo, image=image)
        remove(message=make_message(ada, bo, image=picture(800, 400)))
        update_profile(user=ada, picture=picture(50, 50))
        before = self.files(folder)
        assert len(before) == 7
        self.age(folder)
        assert tidied() == [f"MEDIA_ROOT: {report(7, 0)}"]
        assert self.files(folder) == before

    def test_what_is_not_goes_after_an_hour(self, folder: Path) -> None:
        make_message(image=picture())
        used = self.files(folder)
        orphan()
        user = make_user()
        for side in (50, 60):
            update_profile(user=user, picture=picture(side, side, mode="L" if side > 50 else "RGB"))
        (folder / "ab").mkdir(exist_ok=True)
        (folder / "ab" / "tmpx1y2z3").write_bytes(b"left by a crash")
        before = self.files(folder)
        assert tidied() == [f"MEDIA_ROOT: {report(len(before), 0)}"]
        self.age(folder)
        found = f"MEDIA_ROOT: {report(len(used) + 1, 4)}"
        assert tidied("--dry-run") == [found.replace(": ", ": would be: ", 1)]
        assert self.files(folder) == before
        assert tidied() == [found]
        assert self.files(folder) == used | {user.picture}
        assert tidied() == [f"MEDIA_ROOT: {report(len(used) + 1, 0)}"]

    def test_what_is_forwarded_stays_with_its_copies(self, folder: Path) -> None:
        message = make_message(image=picture(900, 450))
        self.age(folder)
        before = self.files(folder)
        copy = forwarded(message)
        message.delete()
        moment = (now() - HOURS).timestamp()
        assert all(path.stat().st_mtime > moment for path in folder.rglob("*.webp"))
        self.age(folder)
        assert tidied() == [f"MEDIA_ROOT: {report(2, 0)}"]
        copy.delete()
        make_message()
        assert tidied() == [f"MEDIA_ROOT: {report(2, 2)}".replace("2 kept", "0 kept")]
        assert self.files(folder) < before

    def test_nothing_else_in_the_folder_is_touched(self, folder: Path) -> None:
        make_user()
        (folder / "README").write_text("of the operator")
        (folder / "old").mkdir()
        (folder / "old" / "backup.tar").write_bytes(b"data")
        self.age(folder)
        assert tidied() == [f"MEDIA_ROOT: {report(0, 0)}"]
        assert self.files(folder) == {"README", "backup.tar"}

    def test_a_missing_folder_is_an_empty_one(self, settings: Any, folder: Path) -> None:
        make_user()
        settings.MEDIA_ROOT = folder / "missing"
        assert tidied() == [f"MEDIA_ROOT: {report(0, 0)}"]

    def test_an_empty_database_removes_nothing(self, folder: Path) -> None:
        orphan()
        self.age(folder)
        with pytest.raises(CommandError, match="DATABASE_URL"):
            tidied()
        assert len(self.files(folder)) == 2


@pytest.mark.django_db(transaction=True)
class TestAtCloudinary:
    @pytest.fixture(autouse=True)
    def folder(self, settings: Any, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = tmp_path

    def report(self, *counts: int) -> list[str]:
        return [f"MEDIA_ROOT: {report(0, 0)}", f"Cloudinary: {report(*counts)}"]

    def test_what_is_not_referred_to_goes_after_an_hour(self, cloud: CloudinaryServer) -> None:
        message = make_message(image=picture())
        deleted = make_message(image=animation())
        remove(message=deleted)
        run_due()
        cloud.wait_for("rename")
        update_profile(user=message.sender, picture=picture())
        used = set(cloud.stored)
        cloud.page = 2
        for _ in range(3):
            storage.stores()[-1].withdraw(orphan())
            orphan()
        storage.save("profiles", images.square(picture()))
        before = set(cloud.stored)
        assert tidied() == self.report(10, 0)
        cloud.age(HOURS)
        assert tidied("--dry-run")[1] == f"Cloudinary: would be: {report(3, 7)}"
        assert set(cloud.stored) == before
        assert tidied() == self.report(3, 7)
        assert set(cloud.stored) == used
        assert tidied() == self.report(3, 0)

    def test_another_site_s_pictures_stay(self, cloud: CloudinaryServer, settings: Any) -> None:
        make_user()
        settings.SECRET_KEY, mine = "y" * 64, settings.SECRET_KEY
        orphan()
        settings.SECRET_KEY = mine
        cloud.age(HOURS)
        assert tidied() == self.report(0, 0)
        assert len(cloud.stored) == 1

    def test_what_a_deletion_could_not_finish_is_finished(self, cloud: CloudinaryServer) -> None:
        message, other = make_message(image=picture()), make_message(image=picture())
        cloud.mood = "down"
        remove(message=message)
        run_due()
        cloud.wait_for("refused")
        cloud.mood = "well"
        assert cloud.places("private") == []
        assert tidied("--dry-run")[1] == f"Cloudinary: would be: {report(2, 0, withdrawn=1)}"
        assert tidied() == self.report(2, 0, 1)
        assert cloud.places("private") == [f"chatsite/messages/{message.image}"]
        assert tidied() == self.report(2, 0)
        cloud.mood = "down"
        message = Message.objects.get(pk=message.pk)
        restore(message=message)
        run_due()
        cloud.wait_for("refused", times=2)
        cloud.mood = "well"
        assert tidied() == self.report(2, 0, 0, 1)
        shown = [f"chatsite/messages/{storage.shown(each.image)}" for each in (message, other)]
        assert cloud.places("authenticated") == sorted(shown)

    def test_what_is_forwarded_stays_as_long_as_one_message_shows_it(
        self, cloud: CloudinaryServer
    ) -> None:
        message = make_message(image=picture())
        copy = forwarded(message)
        Message.objects.filter(pk=message.pk).update(deleted=True)
        assert tidied() == self.report(1, 0)
        Message.objects.update(deleted=True)
        assert tidied() == self.report(1, 0, 1)
        Message.objects.filter(pk=copy.pk).update(deleted=False)
        assert tidied() == self.report(1, 0, 0, 1)

    @pytest.mark.parametrize("mood", ["down", "garbled"])
    def test_a_failure_is_told(self, cloud: CloudinaryServer, mood: Any) -> None:
        make_message(image=picture())
        cloud.mood = mood
        with pytest.raises(CommandError, match="Cloudinary: "):
            tidied()
        assert len(cloud.stored) == 1
