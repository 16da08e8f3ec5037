"""The pictures of messages: stored before the message, out of reach while it is deleted."""

import logging
from collections.abc import Iterable
from functools import partial

from django.db import connection

from chatsite.db import on_commit, release
from chatsite.errors import DomainError
from chatsite.jobs import JobQueue
from chatsite.pictures import images, storage
from messaging.models import Message
from messaging.queries.pictures import with_picture

logger = logging.getLogger(__name__)
ATTEMPTS = 3
moves = JobQueue("pictures", threads=2, length=1000)


def stored_picture(image: bytes | None) -> dict[str, str | int]:
    """The fields of a message that is about to be; so no message ever lacks its picture.

    Raises DomainError: 400 for what is no picture, 503 while too many others are at it, 502,
    503, 507 when it cannot be stored.
    """
    if image is None:
        return {}
    release()
    try:
        display, thumbnail = images.display_and_thumbnail(image)
    except DomainError as error:
        if not error.errors:  # nothing is wrong with the picture
            raise
        errors = {"image": [error.message]}
        raise DomainError(error.message, code=error.code, errors=errors) from None
    name, small = storage.save_for_message(display, thumbnail)
    return {
        "image": name,
        "thumbnail": small,
        "image_width": display.width,
        "image_height": display.height,
    }


def share(pictures: Iterable[dict[str, str | int]]) -> None:
    """Before another message shows them, too: what looks unused is spared."""
    for name in {str(each[key]) for each in pictures for key in ("image", "thumbnail")}:
        if store := storage.store_of(name):
            store.keep(name)


def settle_later(message: Message) -> None:
    """After the commit, and for nobody to wait for: `tidy_pictures` makes up for what fails."""
    store = storage.store_of(message.image)
    if store and store.withdraws:
        on_commit(partial(_line_up, store, message))


def _line_up(store: storage.Store, message: Message) -> None:
    if not moves.put(partial(_settle, store, message)):
        logger.warning("too many pictures wait to be moved; that of %s stays", message.pk)


def _settle(store: storage.Store, message: Message) -> None:
    try:
        settle(store, message.image)
    except storage.StorageError as error:
        logger.warning("the picture of message %s was not moved: %s", message.pk, error)
    finally:
        connection.close()


def settle(store: storage.Store, image: str) -> None:
    """Moves a picture out of reach once every message that shows it is deleted, and back as soon as
    one is not.

    Looks again afterwards: one may have been restored or forwarded meanwhile. Raises StorageError.
    """
    done = None
    for _attempt in range(ATTEMPTS):
        deleted = set(with_picture(image).values_list("deleted", flat=True))
        if not deleted or all(deleted) == done:
            return
        release()
        done = all(deleted)
        (store.withdraw if done else store.give_back)(image)
