"""The pictures of messages: stored before the message, out of reach while it is deleted."""

import logging
from functools import partial

from django.db import connection

from chatsite.db import on_commit, release
from chatsite.errors import DomainError
from chatsite.jobs import JobQueue
from chatsite.pictures import images, storage
from messaging.models import Message

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


def settle_later(message: Message) -> None:
    """After the commit, and for nobody to wait for: `tidy_pictures` makes up for what fails."""
    store = storage.store_of(message.image)
    if store and store.withdraws:
        on_commit(partial(_line_up, store, message.pk))


def _line_up(store: storage.Store, message_id: str) -> None:
    if not moves.put(partial(_settle, store, message_id)):
        logger.warning("too many pictures wait to be moved; that of %s stays", message_id)


def _settle(store: storage.Store, message_id: str) -> None:
    try:
        settle(store, message_id)
    except storage.StorageError as error:
        logger.warning("the picture of message %s was not moved: %s", message_id, error)
    finally:
        connection.close()


def settle(store: storage.Store, message_id: str) -> None:
    """Moves the picture of a deleted message out of reach, that of another back, as it stands now.

    Looks again afterwards: the message may have been restored meanwhile. Raises StorageError.
    """
    done = None
    for _attempt in range(ATTEMPTS):
        message = Message.objects.filter(pk=message_id).first()
        if message is None or message.deleted == done:
            return
        release()
        done = message.deleted
        (store.withdraw if done else store.give_back)(message.image)
