"""Backups of the whole site, and coming back from one.

One is an archive, `20261130-034500.zip`, with the rows and the keys, and beside it the list of the
files that belong to it. The files themselves lie in `files/`, each once for all backups, since none
ever changes: so one more takes only what is new.
"""

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import DatabaseError, connection

from chatsite import strict_json
from chatsite.backups import rows
from chatsite.backups.stores import BackupStore, backup_store_at, write_whole
from chatsite.db import now, reason
from chatsite.errors import DomainError
from chatsite.files.response import FileSource, file_source
from chatsite.files.storage import store
from chatsite.migration_state import Migration
from chatsite.pictures import storage
from chatsite.pictures.storage.local import READABLE, LocalPictureStore
from messaging.models import Attachment, AttachmentState, Export, Import
from messaging.services.tidying import pictures_in_use

JOB = "backup"
FORMAT = 1
ARCHIVE, FILES = ".zip", ".files"
MOMENT = "%Y%m%d-%H%M%S"
_ARCHIVE, _LIST = re.compile(r"\d{8}-\d{6}\.zip"), re.compile(r"\d{8}-\d{6}\.files")
_FILE = re.compile(
    r"files/(attachments|messages|profiles|previews)/([0-9a-f]{2})/(\2(?:[0-9a-f]{30}t?|[0-9a-f]{62}\.webp))"
)
FOLDERS = {  # in MEDIA_ROOT
    "attachments": "attachments",
    "messages": "",
    "profiles": "profiles",
    "previews": "previews",
}
MANIFEST = "manifest.json"
TEMP_PREFIX = ".backup-"
TRIES = 5
GRACE_PERIOD = timedelta(days=1)  # what belongs to a backup that is not finished
# Of which no rows are taken, since their files are not: they last for days.
TRANSIENT = {model._meta.label_lower for model in (Export, Import)}


class BackupError(Exception):
    """For the operator."""


class Manifest(msgspec.Struct, frozen=True):
    format: int
    made_at: datetime
    database: str
    migrations: list[Migration]
    rows: dict[str, int]  # by model
    keys: dict[str, str]
    missing: list[str]  # files that the site itself lacked


_read_manifest = strict_json.reader(Manifest)


@dataclass(frozen=True, slots=True)
class BackupResult:
    name: str
    rows: int
    files: int
    copied: int  # of the files, those that no earlier backup had
    missing: list[str]


@dataclass(frozen=True, slots=True)
class RestoreResult:
    name: str
    rows: int
    files: int
    missing: list[str]
    other_keys: list[str]  # whose values are not those of the backup


FAILURES = (
    *(OSError, DatabaseError, storage.StorageError),
    *(zipfile.BadZipFile, zlib.error, KeyError, ValueError, rows.Unreadable),
)
Stop = Callable[[], None]  # raises something where the rest has no time


def configured_store() -> BackupStore:
    """Where BACKUP_TO says."""
    return backup_store_at(settings.BACKUP_TO)


def take_backup(backup_store: BackupStore, *, stop: Stop = lambda: None) -> BackupResult:
    """While the site runs. Most files are copied first, then the rows as of one moment are, then
    the files that came in between: so each message has its own. Raises BackupError.
    """
    with _backup_errors(), _folder() as folder:
        archive, name = folder / "archive", f"{now():{MOMENT}}"
        there, files, missing = backup_store.listed("files/"), _files(), set[str]()
        _put_list(backup_store, name, files, folder)
        copied, _missing = _copy(backup_store, files, there, stop)
        for _try in range(TRIES):
            manifest, files = _write(archive, stop)
            _put_list(backup_store, name, files | there, folder)
            some, missing = _copy(backup_store, files, there, stop)
            copied += some
            # What was removed since the moment, with messages that go, is listed anew.
            if missing <= _files():
                break
        files -= missing
        if files - backup_store.listed("files/"):
            raise BackupError("Another backup removed files meanwhile.")
        _close(archive, msgspec.structs.replace(manifest, missing=sorted(missing)))
        _put_list(backup_store, name, files, folder)
        backup_store.put(f"{name}{ARCHIVE}", file_source(archive))
    return BackupResult(name, sum(manifest.rows.values()), len(files), copied, sorted(missing))


def backups_at(backup_store: BackupStore) -> list[str]:
    """Names, the newest first. Raises BackupError."""
    with _backup_errors():
        found = [name for name in backup_store.listed() if _ARCHIVE.fullmatch(name)]
    return sorted((name.removesuffix(ARCHIVE) for name in found), reverse=True)


def made_at(name: str) -> datetime:
    return datetime.strptime(name, MOMENT).replace(tzinfo=UTC)


def rotate(backup_store: BackupStore, *, daily: int, weekly: int) -> list[str]:
    """Keeps the last one of each of so many days and weeks that have any, and returns the names of
    those that it removed, with the files that only they had. Raises BackupError.
    """
    names = backups_at(backup_store)
    kept = {
        *_last_of_each(names, daily, lambda moment: moment.date()),
        *_last_of_each(names, weekly, lambda moment: moment.isocalendar()[:2]),
        *names[:1],
    }
    gone = [name for name in names if name not in kept]
    with _backup_errors():
        backup_store.remove(f"{name}{ARCHIVE}" for name in gone)
        lists = {
            name.removesuffix(FILES) for name in backup_store.listed() if _LIST.fullmatch(name)
        }
        # Somebody may be at it; what was cut short is known by its age.
        kept |= {name for name in lists.difference(names) if made_at(name) > now() - GRACE_PERIOD}
        backup_store.remove(f"{name}{FILES}" for name in lists - kept)
        if lists - kept:
            used = {file for name in kept for file in _listed(backup_store, name)}
            backup_store.remove(backup_store.listed("files/") - used)
    return gone


def restore(backup_store: BackupStore, name: str, *, overwrite: bool = False) -> RestoreResult:
    """Into this site, which nobody uses meanwhile. Files go to MEDIA_ROOT, unless they are where
    the site has its own. May be repeated after it was cut short. Raises BackupError.
    """
    with _backup_errors(), _folder() as folder, _opened(backup_store, name, folder) as zipped:
        manifest = _checked(zipped)
        if rows.has_people() and not overwrite:
            raise BackupError("This site has people already; nothing was changed.")
        files = _listed(backup_store, name)
        missing = {each for each in files if not _restore_file(backup_store, each)}
        counts = rows.load(manifest.migrations, lambda label: _lines(zipped, label))
        if counts != manifest.rows:
            raise BackupError("The numbers of rows are not those of the backup.")
    return RestoreResult(
        name,
        sum(counts.values()),
        len(files) - len(missing),
        sorted(missing),
        [key for key, value in manifest.keys.items() if site_keys().get(key) != value],
    )


def keys_of(backup_store: BackupStore, name: str) -> dict[str, str]:
    """Raises BackupError."""
    with _backup_errors(), _folder() as folder, _opened(backup_store, name, folder) as zipped:
        return _manifest(zipped).keys


def site_keys() -> dict[str, str]:
    return {"JWT_SECRET": settings.JWT_SECRET}


# Rows


def _write(archive: Path, stop: Stop) -> tuple[Manifest, set[str]]:
    """Also the files that belong to what was written."""
    counts = {}
    with (
        rows.snapshot(),
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as zipped,
    ):
        files, migrations, moment = _files(), rows.applied(), now()
        for label, model in rows.models().items():
            counts[label] = -1  # the first line is none
            with zipped.open(_member(label), "w", force_zip64=True) as member:
                for lines in islice(rows.lines_of(model), 1 if label in TRANSIENT else None):
                    stop()
                    member.write(lines)
                    counts[label] += lines.count(b"\n")
    return Manifest(FORMAT, moment, connection.vendor, migrations, counts, site_keys(), []), files


def _close(archive: Path, manifest: Manifest) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(MANIFEST, msgspec.json.encode(manifest))


@contextmanager
def _opened(backup_store: BackupStore, name: str, folder: Path) -> Iterator[zipfile.ZipFile]:
    source = backup_store.find(f"{name}{ARCHIVE}")
    if source is None:
        raise BackupError(f"There is no backup {name}.")
    write_whole(folder / "archive", source)
    with zipfile.ZipFile(folder / "archive") as zipped:
        yield zipped


def _checked(zipped: zipfile.ZipFile) -> Manifest:
    if damaged := zipped.testzip():
        raise BackupError(f"The backup is damaged ({damaged}).")
    manifest = _manifest(zipped)
    if newer := rows.unknown(manifest.migrations):
        raise BackupError(f"A newer version of the site made this backup ({'.'.join(newer[0])}).")
    return manifest


def _manifest(zipped: zipfile.ZipFile) -> Manifest:
    manifest = _read_manifest(zipped.read(MANIFEST))
    if manifest is None or manifest.format != FORMAT:
        raise BackupError("This version of the site does not read this backup.")
    return manifest


def _lines(zipped: zipfile.ZipFile, label: str) -> Iterator[bytes]:
    with zipped.open(_member(label)) as member:
        yield from member


def _member(label: str) -> str:
    return f"rows/{label}.jsonl"


# Files


def _files() -> set[str]:
    """Those that belong to something, by the names that they have in a backup. Pictures at
    Cloudinary stay there.
    """
    complete = Attachment.objects.exclude(state=AttachmentState.UPLOADING)
    stored = complete.values_list("stored", "thumbnail").iterator()
    files = {_name("attachments", name) for row in stored for name in row if name}
    ours = LocalPictureStore()
    return files | {_name(kind, name) for kind, name in pictures_in_use() if ours.owns(name)}


def _name(kind: str, name: str) -> str:
    return f"files/{kind}/{name[:2]}/{name}"


def _copy(
    backup_store: BackupStore, files: set[str], there: set[str], stop: Stop
) -> tuple[int, set[str]]:
    """How many, which are noted as being there, and those that the site itself has not."""
    missing: set[str] = set()
    wanted = sorted(files - there)
    for name in wanted:
        stop()
        try:
            source = _source(name)
            if source:
                backup_store.put(name, source)
        except FileNotFoundError:  # removed at this instant
            source = None
        (there if source else missing).add(name)
    return len(wanted) - len(missing), missing


def _source(name: str) -> FileSource | None:
    """Where the site has it. Raises FileNotFoundError, DomainError 503."""
    kind, plain = _parts(name)
    found = store.find(plain) if kind == "attachments" else storage.find(kind, plain)
    if isinstance(found, Path):
        return file_source(found)
    return found if isinstance(found, FileSource) else None


def _restore_file(backup_store: BackupStore, name: str) -> bool:
    """Whether the site has it now."""
    if _source(name):
        return True
    source = backup_store.find(name)
    if source is None:
        return False
    kind, plain = _parts(name)
    path = Path(settings.MEDIA_ROOT, FOLDERS[kind], plain[:2], plain)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, source, READABLE)
    return True


def _parts(name: str) -> tuple[Any, str]:
    match = _FILE.fullmatch(name)
    if match is None:
        raise BackupError(f"The backup names a file that is none: {name!r}.")
    return match[1], match[3]


def _put_list(backup_store: BackupStore, name: str, files: set[str], folder: Path) -> None:
    """First of all, too: what it names is in use, and no rotation removes it."""
    listing = folder / "files"
    listing.write_text("".join(f"{file}\n" for file in sorted(files)))
    backup_store.put(f"{name}{FILES}", file_source(listing))


def _listed(backup_store: BackupStore, name: str) -> list[str]:
    source = backup_store.find(f"{name}{FILES}")
    if source is None:
        raise BackupError(f"The list of the files of {name} is gone.")
    with closing(source.opened(0, source.size)) as file:
        return file.read(source.size).decode().split()


# Else


def _last_of_each(
    names: Iterable[str], count: int, period: Callable[[datetime], object]
) -> list[str]:
    """The newest of each period, of so many of them. `names` are the newest first."""
    last: dict[object, str] = {}
    for name in names:
        last.setdefault(period(made_at(name)), name)
    return list(last.values())[:count]


@contextmanager
def _folder() -> Iterator[Path]:
    """On the disk of the site: an archive may be larger than memory, which /tmp often is."""
    media = Path(settings.MEDIA_ROOT)
    media.mkdir(parents=True, exist_ok=True)
    for left in media.glob(f"{TEMP_PREFIX}*"):  # by a process that was killed
        if left.stat().st_mtime < (now() - GRACE_PERIOD).timestamp():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=TEMP_PREFIX, dir=media) as folder:
        yield Path(folder)


@contextmanager
def _backup_errors() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise BackupError(error.message) from None
    except FAILURES as error:
        raise BackupError(reason(error)) from error
