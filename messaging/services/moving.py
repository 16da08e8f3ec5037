"""Files and pictures of messages from this disk to an object store, or back."""

from collections.abc import Iterator

from chatsite.files.storage import LOCAL, store
from chatsite.pictures import storage
from messaging.models import Attachment, AttachmentState


def move_files(to: str) -> Iterator[str]:
    """Gives the name of each, once it is there as a whole. May be stopped, and goes on where it
    was. What is still being uploaded stays here. Raises DomainError 503, 507.
    """
    rows = Attachment.objects.exclude(state=AttachmentState.UPLOADING)
    complete = {name for row in rows.values_list("stored", "thumbnail").iterator() for name in row}
    for name in [name for name in _found(to) if name in complete]:
        try:
            store.move(name, to=to)
        except FileNotFoundError:  # removed meanwhile
            continue
        yield name
    yield from _move_pictures(to)


def _found(to: str) -> Iterator[str]:
    if to != LOCAL:
        yield from (kept.name for kept in store.local.listed())
    elif store.objects:
        yield from (name for name, _changed_at in store.objects.listed())


def _move_pictures(to: str) -> Iterator[str]:
    pictures = storage.object_pictures()
    for kept in list(pictures.listed()) if pictures else ():
        try:
            if pictures and pictures.owns(kept.name) and pictures.move(kept, to=to):
                yield kept.name
        except FileNotFoundError:  # removed meanwhile
            continue
