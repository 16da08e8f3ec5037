"""A person as the wire shows them; nothing secret."""

from datetime import datetime
from typing import Annotated, Protocol, TypedDict

from msgspec import Meta

from chatsite.pictures import avatars
from chatsite.wire import Key, PictureUrl, Timestamp, absolute, timestamp


class UserPayload(TypedDict):
    _id: Key
    fullName: Annotated[str, Meta(examples=["Ada Lovelace"])]
    email: Annotated[str, Meta(examples=["ada@example.org"])]
    profilePic: Annotated[PictureUrl, Meta(description="Never empty: the initials stand in.")]
    createdAt: Timestamp


class Shown(Protocol):
    """What is shown of a person: of the model, or of a row of values."""

    @property
    def pk(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def picture(self) -> str: ...
    @property
    def created_at(self) -> datetime | str: ...


def user_payload(user: Shown) -> UserPayload:
    return {
        "_id": user.pk,
        "fullName": user.full_name,
        "email": user.email,
        "profilePic": picture_url(user),
        "createdAt": timestamp(user.created_at),
    }


def picture_url(user: Shown) -> str:
    return absolute(picture_path(user.pk, user.full_name, user.picture))


def picture_path(key: str, name: str, picture: str) -> str:
    """Never empty: the initials stand in until a picture is uploaded."""
    return f"/media/profiles/{picture}" if picture else avatars.path_of(key, name)
