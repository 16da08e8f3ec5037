"""A person as others are shown them, nothing secret: the one definition of it on the wire."""

from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from accounts.models import User
from chatsite.pictures import avatars
from chatsite.wire import Key, PictureUrl, Timestamp, absolute, timestamp


class PersonRecord(msgspec.Struct, rename="camel"):
    id: Key = msgspec.field(name="_id")
    full_name: Annotated[str, Meta(examples=["Ada Lovelace"])]
    email: Annotated[str, Meta(examples=["ada@example.org"])]
    profile_pic: Annotated[PictureUrl, Meta(description="Never empty: the initials stand in.")]
    created_at: Timestamp


COLUMNS = ("id", "full_name", "email", "picture", "created_at")
_stored = attrgetter(*COLUMNS)


def person_of(user: User) -> PersonRecord:
    return person_of_row(_stored(user))


def person_of_row(row: tuple[Any, ...], site: str | None = None) -> PersonRecord:
    """Of the values of COLUMNS. Whoever makes many computes `site` once: `absolute("")`."""
    key, full_name, email, picture, created_at = row
    if email == key:  # of a deleted account
        email = ""
    address = picture_path(key, full_name, picture)
    address = absolute(address) if site is None else site + address
    return PersonRecord(key, full_name, email, address, timestamp(created_at))


def picture_url(user: User) -> str:
    return absolute(picture_path(user.pk, user.full_name, user.picture))


def picture_path(key: str, name: str, picture: str) -> str:
    """Never empty: the initials stand in until a picture is uploaded."""
    return f"/media/profiles/{picture}" if picture else avatars.path_of(key, name)
