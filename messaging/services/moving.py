"""Files of messages from this disk to an object store, or back."""

from collections.abc import Iterator

from chatsite.files.storage import LOCAL, store
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


def _found(to: str) -> Iterator[str]:
    if to != LOCAL:
        yield from (kept.name for kept in store.local.listed())
    elif store.objects:
        yield from (name for name, _changed_at in store.objects.listed())
