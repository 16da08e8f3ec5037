"""The pictures of messages: stored before the message, out of reach while it is deleted."""

from collections.abc import Iterable

from chatsite.db import release
from chatsite.errors import DomainError
from chatsite.pictures import images, storage
from messaging.models import Message
from messaging.queries.pictures import with_picture
from scheduler.services import schedule

ATTEMPTS = 3
SETTLE = "settle_picture"


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
    """Once this transaction is committed, and for nobody to wait for."""
    store = storage.store_of(message.image)
    if store and store.withdraws:
        schedule(SETTLE, image=message.image)


def settle(store: storage.PictureStore, image: str) -> None:
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
