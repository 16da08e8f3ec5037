"""Uploads, before they are sent: begun, gone on with, completed, ended.

The size of the file on disk is how much of one is there, and nothing else says so. An upload that
is complete, but could not be scanned because the site was busy, is scanned at the next request for
it.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import UnreadablePostError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, release
from chatsite.errors import DomainError, NotFound
from chatsite.files import scanning, storage
from chatsite.files.kinds import HEAD, kind_of
from chatsite.files.names import clean_name
from chatsite.files.refusals import no_room
from chatsite.files.tus import ALGORITHMS, CHECKSUM_MISMATCH, Checksum
from chatsite.keys import is_key
from chatsite.pictures import images
from chatsite.text import is_storable
from messaging.models import Attachment, AttachmentKind, AttachmentState
from messaging.queries.attachments import HELD, KEPT, UNSENT, uploads_of, used_by, used_by_all
from messaging.services.attachments import recover_sent
from messaging.shapes.attachments import MAX_DURATION, MAX_VOICE, WAVEFORM

# Uploads that one process receives, each with a thread of its own.
MAX_CONCURRENT, MAX_CONCURRENT_PER_PERSON = 100, 10
TYPE_LENGTH = 100
PLAYED = (AttachmentKind.VIDEO, AttachmentKind.AUDIO)
NOTED = 600  # seconds of one request, after which it is noted that something arrives

# A piece may be on its way for long after its request began in time.
LATE = timedelta(hours=6)

Read = Callable[[int], bytes]
OnEvicted = Callable[[DomainError], None]
_receiving: dict[str, list[OnEvicted]] = {}  # by person, the oldest first
_lock = threading.Lock()


def begin_upload(
    *,
    owner: User | Principal,
    size: int,
    name: str = "",
    content_type: str = "",
    duration: str = "",
    waveform: str = "",
    is_import: bool = False,
) -> Attachment:
    """With a waveform: of a voice message. What is there to be imported may be larger than what can
    be sent. Raises DomainError: 400 for an empty file and for a
    length or levels that nothing has, 413 for a file that is too large or for which `owner` has no
    room, 503, 507.
    """
    if size < 1:
        raise empty()
    limit = settings.IMPORT_MAX_BYTES if is_import else settings.ATTACHMENT_MAX_BYTES
    if size > limit:
        raise too_large(limit)
    upload = Attachment(owner_id=owner.pk, stored=storage.new_name())
    describe(upload, size=size, name=name, content_type=content_type)
    describe_playing(upload, duration=duration, waveform=waveform)
    # Of two at once each counts the other: both may be refused, but never both be taken.
    upload.save(force_insert=True)
    try:
        _check_room(owner.pk)
        storage.begin(upload.stored)
    except DomainError:
        _delete(upload)
        raise
    return upload


def describe(upload: Attachment, *, size: int, name: str | None, content_type: str | None) -> None:
    """As its sender does; what it is, its content shows."""
    upload.size = size
    upload.name = clean_name(name or "")
    declared = content_type or ""
    upload.content_type = declared[:TYPE_LENGTH] if is_storable(declared) else ""


def describe_playing(upload: Attachment, *, duration: str, waveform: str) -> None:
    """How long a sound or a video plays, and the levels that make a sound a voice message. Raises
    DomainError 400.
    """
    if waveform:
        _check_voice(duration, waveform)
    elif duration and not _is_length(duration, MAX_DURATION):
        message = _("The duration is 1 to 86,400,000 milliseconds.")
        raise DomainError(message, code="duration", errors={"duration": [message]})
    upload.duration, upload.waveform = int(duration) if duration else None, waveform


def _check_voice(duration: str, waveform: str) -> None:
    if not (_is_length(duration, MAX_VOICE) and re.fullmatch(WAVEFORM, waveform)):
        message = _(
            "A voice message has a duration, 1 to 3,600,000 milliseconds, and a waveform, at most"
            " 64 digits from 0 to v."
        )
        raise DomainError(message, code="voice", errors={"waveform": [message]})


def _is_length(duration: str, longest: int) -> bool:
    return bool(re.fullmatch("[0-9]{1,8}", duration, re.ASCII)) and 0 < int(duration) <= longest


def find_upload(owner: User | Principal, key: str) -> Attachment:
    """Raises DomainError 404, also for one that has expired."""
    upload = uploads_of(owner).filter(pk=key).first() if is_key(key) else None
    if upload is None:
        raise NotFound(_("There is no such upload, or it has expired."))
    return upload


def offset_of(upload: Attachment) -> int:
    """How much of it is there. Completes it, if nothing but that is left. Raises DomainError 404,
    503, 507.
    """
    size = storage.size_of(upload.stored)
    if size is None:  # it may have been completed just now, and taken to the store
        upload = Attachment.objects.filter(pk=upload.pk).first() or upload
    if upload.state == AttachmentState.READY:
        return upload.size
    if size is None:
        raise NotFound(_("There is no such upload, or it has expired."))
    if size == upload.size:
        complete(upload)
    return size


def receive(
    upload: Attachment,
    *,
    offset: int,
    read: Read,
    announced: int = 0,
    checksum: Checksum | None = None,
    on_evicted: OnEvicted | None = None,
) -> int:
    """Appends what `read` gives; returns how much is there then. What came before the client went
    away is kept, unless a checksum says nothing of it.

    Raises DomainError: 400 for a client that went away, 404, 408 for one that is too slow, 409
    where it is not to go on at `offset`, 413 for more than the upload is to have, 423 while another
    request writes to it, 460 for another checksum, 503, 507.
    """
    if upload.state == AttachmentState.READY:
        raise _wrong_offset()
    release()
    with receiving(upload.owner_id, on_evicted), _uploading(upload) as uploading:
        unfinished = Attachment.objects.filter(pk=upload.pk, state=AttachmentState.UPLOADING)
        if offset != uploading.offset or not unfinished.exists():
            raise _wrong_offset()
        room = upload.size - offset
        if announced > room:
            raise _too_much()
        _hold_room(upload)
        refusal = _append(uploading, _holding(upload, read), most=room, checksum=checksum)
        arrived = uploading.offset
    if arrived == upload.size:
        complete(upload)
    elif not _note_arrival(upload, now() if arrived > offset else upload.updated_at):
        raise NotFound(_("There is no such upload, or it has expired."))
    if refusal:
        raise refusal
    return arrived


def _hold_room(upload: Attachment) -> None:
    """On this site, for what was put off too long to be counted. Raises DomainError 507."""
    limit = settings.ATTACHMENT_SITE_QUOTA
    if limit is None or upload.updated_at > now() - HELD:
        return
    _note_arrival(upload, now())
    if used_by_all() > limit:
        _note_arrival(upload, upload.updated_at)
        raise no_room()


def _holding(upload: Attachment, read: Read) -> Read:
    """One that takes longer than room is held is counted all the same."""
    noted = monotonic()

    def holding(size: int) -> bytes:
        nonlocal noted
        piece = read(size)
        if piece and monotonic() - noted > NOTED:
            noted = monotonic()
            _note_arrival(upload, now())
            release()
        return piece

    return holding


def _note_arrival(upload: Attachment, moment: datetime) -> bool:
    """Whether it is still there."""
    return bool(Attachment.objects.filter(pk=upload.pk).update(updated_at=moment))


def _append(
    uploading: storage.Uploading, read: Read, *, most: int, checksum: Checksum | None
) -> DomainError | None:
    """Returns why not all of it was kept."""
    begun, fits = uploading.offset, True
    digest = ALGORITHMS[checksum.algorithm]() if checksum else None
    refusal: DomainError | None = None
    try:
        fits = uploading.append(_hashing(read, digest), most=most)
    except UnreadablePostError:
        refusal = cut_off()
    except DomainError as error:
        refusal = error
    else:
        if not fits:
            refusal = _too_much()
        elif checksum and digest.digest() != checksum.digest:  # type: ignore[union-attr]
            refusal = _damaged()
    if refusal and (checksum or not fits):
        uploading.cut_back(begun)
    return refusal


@contextmanager
def receiving(person: str, on_evicted: OnEvicted | None = None) -> Iterator[None]:
    """Each takes a thread for as long as it lasts. When all are taken, whoever has most of them
    loses the oldest to somebody who has fewer: `on_evicted` gets the reason, and has to end it.

    Raises DomainError 503 beyond what one process, and one person in it, may have.
    """
    on_evicted = on_evicted or _ignore_eviction
    with _lock:
        _admit(person)
        _receiving.setdefault(person, []).append(on_evicted)
    try:
        yield
    finally:
        with _lock:
            mine = _receiving.get(person, [])
            if on_evicted in mine:
                mine.remove(on_evicted)
            if not mine:
                _receiving.pop(person, None)


def _admit(person: str) -> None:
    mine = len(_receiving.get(person, ()))
    if mine >= MAX_CONCURRENT_PER_PERSON:
        raise _too_many()
    if sum(map(len, _receiving.values())) >= MAX_CONCURRENT:
        most = max(_receiving.values(), key=len)
        if len(most) <= mine + 1:
            raise _too_many()
        most.pop(0)(_too_many())


def _ignore_eviction(_refusal: DomainError) -> None:
    """Of a body that is here already."""


def _too_many() -> DomainError:
    message = _("Too many uploads are running. Please try again in a moment.")
    return DomainError(message, 503, code="busy", wait=5)


def complete(upload: Attachment) -> None:
    """Looks at what it is; then it may be sent. May be repeated. Raises DomainError: 400 and 413
    for what is removed because of a virus, or is no voice message, 404, 423 while another request
    does it; 503 and 507, after which nothing is lost.
    """
    fields: dict[str, Any] = {}
    # A scanner and an object store take their time. Without the file another request was faster.
    with suppress(FileNotFoundError), receiving(upload.owner_id), storage.uploading(upload.stored):
        _scan(upload)
        fields = _described(upload)
        storage.store.take(upload.stored)
    mine = Attachment.objects.filter(pk=upload.pk)
    if fields and mine.filter(state=AttachmentState.UPLOADING).update(**fields):
        for name, value in fields.items():
            setattr(upload, name, value)
        storage.store.taken(upload.stored)
    elif there := mine.exclude(state=AttachmentState.UPLOADING).first():
        upload.__dict__.update(there.__dict__)
    else:
        _remove_files(upload)
        raise NotFound(_("There is no such upload, or it has expired."))


def _scan(upload: Attachment) -> None:
    """What a virus was found in is removed. Raises DomainError 400, 413, 503, FileNotFoundError."""
    release()
    try:
        with storage.opened(upload.stored) as file:
            scanning.check(file)
    except DomainError as error:
        if error.status != 503:
            _delete(upload)
        raise


def _described(upload: Attachment) -> dict[str, Any]:
    """What its content shows. A voice message that is no sound is removed. Raises DomainError
    400, 503, 507, FileNotFoundError.
    """
    found = kind_of(storage.head_of(upload.stored, HEAD), upload.content_type)
    if upload.waveform and found.kind != "audio":
        _delete(upload)
        raise DomainError(_("A voice message has to be a sound."), code="voice")
    fields: dict[str, Any] = {
        "state": AttachmentState.READY,
        "kind": found.kind,
        "content_type": found.content_type,
        "size": upload.size,
        "name": upload.name,
        "duration": upload.duration if found.kind in PLAYED else None,
        "waveform": upload.waveform,
        "updated_at": now(),
    }
    return fields | (_picture_fields(upload) if found.kind == "picture" else {})


def set_poster(*, owner: User | Principal, key: str, picture: bytes | None) -> Attachment:
    """Keeps a frame of a video that its sender took: no video is decoded here. A second one changes
    nothing. Raises DomainError:
    400 for what is no video, or has not arrived, and for what is no picture; 404, also once it is
    sent; 503, 507.
    """
    upload = find_upload(owner, key)
    if picture is None:
        message = _("Choose a picture.")
        raise DomainError(message, code="required", errors={"picture": [message]})
    if upload.kind != AttachmentKind.VIDEO:
        raise DomainError(_("Only a video that has arrived has a poster."), code="poster")
    if upload.thumbnail:  # which whoever sees the message may have by now
        return upload
    release()
    fields = _store_thumbnail(upload, picture)
    # Whoever sends it at this moment sends it without.
    if not Attachment.objects.filter(pk=upload.pk, state=AttachmentState.READY).update(**fields):
        raise NotFound(_("There is no such upload, or it has expired."))
    for name, value in fields.items():
        setattr(upload, name, value)
    return upload


def end_upload(*, owner: User | Principal, key: str) -> None:
    """Removes it. Raises DomainError 404, also once it is sent or scheduled."""
    if not _delete(find_upload(owner, key)):
        raise NotFound(_("There is no such upload, or it has expired."))


def discard_upload(upload: Attachment) -> None:
    """Removes it, if it is still there."""
    _delete(upload)


def remove_expired(*, dry_run: bool) -> int:
    """What nobody may go on with or send any more. Returns how many."""
    expired = Attachment.objects.filter(
        state__in=UNSENT, updated_at__lte=now() - KEPT - LATE, scheduled=None
    ).order_by("pk")
    if dry_run:
        return expired.count()
    uploads = list(expired)
    recover_sent(uploads)
    return sum(_delete(upload, before=now() - KEPT) for upload in uploads)


def _delete(upload: Attachment, *, before: datetime | None = None) -> bool:
    """Unless it was sent or scheduled meanwhile, or went on after `before`. First its row: files
    without one are found (`tidying.py`).
    """
    unsent = Attachment.objects.filter(pk=upload.pk, state__in=UNSENT, scheduled=None)
    deleted, _rows = (unsent.filter(updated_at__lte=before) if before else unsent).delete()
    if deleted:
        _remove_files(upload)
    return bool(deleted)


def _remove_files(upload: Attachment) -> None:
    """What a store that is away keeps is found by the tidying."""
    with suppress(DomainError):
        storage.store.remove([upload.stored, storage.thumbnail_of(upload.stored)])


def _picture_fields(upload: Attachment) -> dict[str, Any]:
    """Of a picture, which itself stays as it is. What cannot be decoded is sent all the same.
    Raises DomainError 503, 507.
    """
    if upload.size > settings.IMAGE_MAX_BYTES:
        return {}
    data = storage.head_of(upload.stored, upload.size)
    release()
    try:
        return _store_thumbnail(upload, data)
    except DomainError as error:
        if error.errors:
            return {}
        raise


def _store_thumbnail(upload: Attachment, data: bytes) -> dict[str, Any]:
    """Keeps a small one of this picture. Raises DomainError 400, 503, 507."""
    (width, height), small = images.size_and_thumbnail(data)
    name = storage.thumbnail_of(upload.stored)
    storage.store.save(name, small.data)
    return {"width": width, "height": height, "thumbnail": name}


@contextmanager
def _uploading(upload: Attachment) -> Iterator[storage.Uploading]:
    try:
        with storage.uploading(upload.stored) as uploading:
            yield uploading
    except FileNotFoundError:
        raise NotFound(_("There is no such upload, or it has expired.")) from None


def _hashing(read: Read, digest: Any) -> Read:
    if digest is None:
        return read

    def hashing(size: int) -> bytes:
        piece = read(size)
        digest.update(piece)
        return piece

    return hashing


def _check_room(owner: str) -> None:
    if used_by(owner) > settings.ATTACHMENT_QUOTA:
        message = _("Your files would take more than the %(limit)s that you have here.")
        raise DomainError(
            message % {"limit": _size_in_words(settings.ATTACHMENT_QUOTA)}, 413, code="quota"
        )
    limit = settings.ATTACHMENT_SITE_QUOTA
    if limit is not None and used_by_all() > limit:
        raise no_room()


def empty() -> DomainError:
    return DomainError(_("The file is empty."), code="empty")


def too_large(limit: int) -> DomainError:
    message = _("The file is larger than %(limit)s.")
    return DomainError(message % {"limit": _size_in_words(limit)}, 413, code="size")


def cut_off() -> DomainError:
    return DomainError(_("The upload ended before it was complete."), code="cut_off")


def _size_in_words(size: int) -> str:
    """`100 MB`: bytes as people say them."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} GB"


def _wrong_offset() -> DomainError:
    return DomainError(_("The upload does not go on at this offset."), 409, code="offset")


def _too_much() -> DomainError:
    return DomainError(_("This is more than the upload is to have."), 413, code="size")


def _damaged() -> DomainError:
    message = _("The checksum is another one: nothing of this was kept.")
    return DomainError(message, CHECKSUM_MISMATCH, code="checksum")
